"use strict";
// The pictures of a series lie one behind another; the slider shows one of them.
for (const box of document.querySelectorAll("[data-series]")) {
  const slider = box.querySelector("input[type=range]");
  const label = box.querySelector("output");
  const frames = [...box.querySelectorAll("[data-seen]")];
  const show = () => {
    const chosen = frames[Number(slider.value)];
    frames.forEach((frame) => { frame.hidden = frame !== chosen; });
    const words = `after ${chosen.dataset.seen} ${box.dataset.series} seen`;
    label.textContent = words;
    slider.setAttribute("aria-valuetext", words);
  };
  slider.addEventListener("input", show);
  box.querySelector(".slider").hidden = frames.length < 2;
  show();
}

// What is folded away is unfolded on paper.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));

// The contents bar marks the section that is being read.
const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    links.forEach((link) => link.removeAttribute("aria-current"));
    links.get(entry.target.id)?.setAttribute("aria-current", "true");
  }
}, { rootMargin: "-20% 0px -70% 0px" });
document.querySelectorAll("main section[id]").forEach((section) => watcher.observe(section));
