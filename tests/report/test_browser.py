"""The page in a real browser, headless: no error, no request, the slider, a phone's width, hostile names."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ganlift.report import render, render_many
from ganlift.report.page import LIMIT

selenium = pytest.importorskip("selenium", reason="the browser tests need selenium: pip install selenium")

from selenium import webdriver  # noqa: E402 - after the check that it is there
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.remote.webelement import WebElement  # noqa: E402

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HOSTILE = [
    "<img src=x onerror=document.title='owned'>", "</script><script>document.title='owned'</script>",
    "\"><svg onload=document.title='owned'>", "' onmouseover='document.title=1", "line\nbreak", "\u202eleft", "قميص",
    "{{ 7*7 }}", "x" * 255, "plain",
]  # fmt: skip

Driver = webdriver.Chrome


@pytest.fixture(scope="module")
def browser() -> Iterator[Driver]:
    binary = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip(f"no browser here: needs chromedriver and one of {', '.join(BROWSERS)} on the PATH")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=Service(driver))
    yield opened
    opened.quit()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, make_run: Callable[..., Path]) -> Path:
    return render(make_run(tmp_path_factory.mktemp("runs") / "fashion-mini"))


def visit(browser: Driver, path: Path, width: int = 1280, scheme: str = "light") -> list[dict[str, object]]:
    """Open ``path`` at this width and return what the console said."""
    screen = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get_log("browser")
    browser.get(path.resolve().as_uri())
    return list(browser.get_log("browser"))


def shown(series: WebElement) -> list[str]:
    frames = series.find_elements(By.CSS_SELECTOR, "img[data-seen]")
    return [str(frame.get_attribute("data-seen")) for frame in frames if frame.is_displayed()]


def test_it_opens_without_error_or_request_and_is_small(browser: Driver, report: Path) -> None:
    assert visit(browser, report) == []
    assert browser.execute_script("return performance.getEntriesByType('resource').map(e => e.name)"
                                  ".filter(name => !name.startsWith('data:'))") == []  # fmt: skip
    assert browser.execute_script("return [...document.images].every(image => image.naturalWidth > 0)")
    assert report.stat().st_size < LIMIT


def test_the_slider_shows_another_grid_by_keyboard(browser: Driver, report: Path) -> None:
    visit(browser, report)
    series = browser.find_element(By.CSS_SELECTOR, "[data-series]")
    slider, label = (
        series.find_element(By.CSS_SELECTOR, "input[type=range]"),
        series.find_element(By.TAG_NAME, "output"),
    )
    assert shown(series) == ["43,200"]
    slider.send_keys(Keys.HOME)
    assert shown(series) == ["0"]
    assert label.text == "after 0 images seen"
    slider.send_keys(Keys.ARROW_RIGHT)
    assert shown(series) == ["1,200"]
    assert label.text == slider.get_attribute("aria-valuetext") == "after 1,200 images seen"


def test_the_slider_follows_its_input_event(browser: Driver, report: Path) -> None:
    visit(browser, report)
    series = browser.find_elements(By.CSS_SELECTOR, "[data-series]")[1]
    slider = series.find_element(By.CSS_SELECTOR, "input[type=range]")
    browser.execute_script("arguments[0].value = 2; arguments[0].dispatchEvent(new Event('input'))", slider)
    assert shown(series) == ["4,800"]
    assert shown(browser.find_elements(By.CSS_SELECTOR, "[data-series]")[0]) == ["43,200"]


@pytest.mark.parametrize("width", [390, 320])
def test_a_phone_never_scrolls_sideways(browser: Driver, report: Path, width: int) -> None:
    visit(browser, report, width)
    browser.execute_script("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    # Nor is anything cut off: what is wider than the page scrolls in a box of its own.
    reaching = browser.execute_script(
        "return [...document.querySelectorAll('main *')].filter(one => !one.closest('.scroll, pre, .skip, svg')"
        " && one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 120))"
    )
    assert reaching == []


def test_dark_and_light_differ_and_text_stays_readable(browser: Driver, report: Path) -> None:
    contrast = """
        const parse = (c) => c.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
          .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        const light = (c) => { const [r, g, b] = parse(c); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        const paper = light(getComputedStyle(document.body).backgroundColor);
        return [...document.querySelectorAll(arguments[0])].map((one) => {
          const ink = light(getComputedStyle(one)[arguments[1]]);
          return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
        });"""
    papers = set()
    for scheme in ("light", "dark"):
        visit(browser, report, scheme=scheme)
        papers.add(browser.execute_script("return getComputedStyle(document.body).backgroundColor"))
        for selector, what in (("h1, p, td, th, .badge, nav a, small", "color"), ("svg[role=img] text", "fill")):
            found = browser.execute_script(contrast, selector, what)
            assert min(found) > 4.5, (scheme, selector)
    assert len(papers) == 2


def test_everything_is_named_for_a_screen_reader(browser: Driver, report: Path) -> None:
    visit(browser, report)
    assert browser.execute_script(
        "return [...document.querySelectorAll('th')].every(one => one.scope) &&"
        " [...document.images].every(one => one.alt) &&"
        " [...document.querySelectorAll('svg[role=img]')].every(one => one.querySelector('title').textContent"
        " && one.querySelector('desc').textContent) &&"
        " [...document.querySelectorAll('input')].every(one => one.labels.length)"
    )
    ids = browser.execute_script("return [...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(ids) == len(set(ids))


def test_hostile_class_names_do_nothing(browser: Driver, tmp_path: Path, make_run: Callable[..., Path]) -> None:
    path = render(make_run(tmp_path / "run", HOSTILE))
    assert visit(browser, path, 390) == []
    assert browser.title == "run: ganlift report"
    assert (
        browser.execute_script("return document.querySelectorAll('img[onerror], svg[onload], [onmouseover]').length")
        == 0
    )
    assert browser.execute_script("return document.scripts.length") == 1
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    widest = "return Math.max(...[...document.querySelectorAll('.card')].map(one => one.getBoundingClientRect().right))"
    assert browser.execute_script(widest) <= 370.5
    assert "<img src=x onerror" in browser.find_element(By.TAG_NAME, "main").text


def test_the_index_of_runs_fits_a_phone(browser: Driver, report: Path, tmp_path: Path) -> None:
    out = render_many([report.parent], tmp_path / "index.html")
    assert visit(browser, out, 390) == []
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    browser.find_element(By.LINK_TEXT, "Open its report").click()
    assert browser.title == "fashion-mini: ganlift report"
