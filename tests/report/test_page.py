"""The whole page: what it says, what it survives, how large it is."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ganlift.errors import RunFolderError
from ganlift.report import page, render, render_many
from ganlift.report.pictures import FITS
from ganlift.runs.files import write_json

Make = Callable[..., Path]


YES = "Yes: sgan-fixmatch gains 1.6 points of accuracy over fixmatch, the nearest of 3 arms without a GAN."


def html(run: Path) -> str:
    return render(run).read_text("utf-8")


def sections(text: str) -> list[str]:
    return re.findall(r'<section id="(\w+)"', text)


EVERY = [
    "answer", "arms", "seeds", "classes", "confusion", "calibration", "samples", "quality", "neighbours", "filter",
    "curves", "cost", "trust", "details",
]  # fmt: skip


def test_a_complete_run_has_every_section_with_the_verdicts_first(run: Path) -> None:
    text = html(run)
    assert sections(text) == EVERY
    assert text.index("sgan-fixmatch helps: +1.6 points of accuracy over fixmatch") < text.index('id="arms"')
    assert YES in text
    assert "In equal time: +1.3 points (+0.2 to +2.4) over fixmatch. Of the other GAN arms," in text
    for verdict in json.loads((run / "verdict.json").read_text()):
        assert verdict["sentence"] in text
    plan = json.loads((run / "plan.json").read_text())
    for name in [*plan["strategies"], *plan["class_names"]]:
        assert name in text
    assert render(run) == run / "report.html"


def test_every_contents_link_has_its_target(run: Path) -> None:
    text = html(run)
    assert re.findall(r'<li><a href="#(\w+)"', text) == sections(text)


def test_nothing_is_loaded_from_elsewhere(run: Path) -> None:
    text = html(run)
    for value in re.findall(r"""(?:src|href|action|data|poster)\s*=\s*["']?([^"'\s>]+)""", text):
        assert value.startswith(("data:", "#")), value
    assert "@import" not in text
    assert "url(" not in text
    assert not re.search(r"https?://", text)


OPTIONAL = [
    "verdict.json", "environment.json", "plan.json", "check.json", "config.yaml", "split-0.json", "arms",
    "arms/sgan/2/predictions.npz", "arms/gan-augment/0/facts.json", "arms/gan-augment/0/neighbours.png",
    "arms/gan-augment/0/real.png", "arms/gan-augment/0/samples", "arms/augment/0/trace.jsonl",
]  # fmt: skip


@pytest.mark.parametrize("absent", OPTIONAL)
def test_anything_optional_may_be_absent(bare_run: Path, absent: str) -> None:
    path = bare_run / absent
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    assert "arms" in sections(html(bare_run))


FILES = [name for name in OPTIONAL if name.endswith(("json", "jsonl", "npz", "yaml"))]


@pytest.mark.parametrize("damaged", FILES)
def test_anything_optional_may_be_damaged(bare_run: Path, damaged: str) -> None:
    for content in (
        b"",
        b'{"cut": ',
        b'[1, null, {"strategy": "sgan", "a": [null, "x"]}]',
        b'{"trials": {"b": 1}, "seeds": 3, "notes": 4, "strategies": 1}',
    ):
        (bare_run / damaged).write_bytes(content)
        assert "arms" in sections(html(bare_run))


def test_a_damaged_file_is_named(run: Path) -> None:
    (run / "arms/sgan/2/predictions.npz").write_bytes(b"PK cut off")
    text = html(run)
    assert "arms/sgan/2/predictions.npz is damaged" in text


def test_a_run_with_nothing_but_its_configuration(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.yaml").write_text("data: digits\n")
    text = html(run)
    assert "No verdict" in text
    assert sections(text) == ["answer", "trust", "details"]


def test_a_single_seed_has_no_deviation_and_still_a_page(run: Path) -> None:
    shutil.rmtree(run / "arms")
    lines = [line for line in (run / "results.jsonl").read_text().splitlines() if '"seed": 0' in line]
    (run / "results.jsonl").write_text("\n".join(lines) + "\n")
    write_json(run / "verdict.json", [])
    text = html(run)
    assert "sgan against augment" in text
    assert "<bdi>±" not in text


def test_failed_arms_are_named_with_their_reason(run: Path) -> None:
    with (run / "results.jsonl").open("a") as file:
        row = {"strategy": "acgan", "kind": "gan", "seed": 0, "status": "failed", "reason": "out of memory <at> step 7"}
        file.write(json.dumps(row) + "\n")
    text = html(run)
    assert "acgan, seed 0, failed: out of memory &lt;at&gt; step 7" in text
    assert "1 of 1 seeds failed" in text
    assert "see what is missing" in text


@pytest.mark.parametrize("key", ["strategy", "seed"])
def test_a_row_that_names_no_arm_is_left_out(run: Path, key: str) -> None:
    before = html(run)
    with (run / "results.jsonl").open("a") as file:
        row = {"strategy": "augment", "kind": "baseline", "seed": 9, "status": "done", "test_accuracy": 0.5}
        file.write(json.dumps({name: value for name, value in row.items() if name != key}) + "\n")
    assert html(run) == before


def test_an_older_run_s_verdicts_still_make_a_page(older_run: Path) -> None:
    text = html(older_run)
    assert sections(text) == [one for one in EVERY if one != "samples"]
    assert "Yes: sgan-fixmatch gains 2.6 points of accuracy over rotation." in text
    assert "no measurable effect&rdquo; is not the same as no effect" in text
    assert "seeds to settle it" in text
    assert 'class="margin"' not in text
    assert "looked at" not in text


def test_arms_in_time_are_shown_and_are_candidates_for_nothing(run: Path) -> None:
    found = page.read_run(run)
    text = html(run)
    name = "fixmatch-in-time-of-sgan-fixmatch"
    assert list(found.rows)[-1] == name
    assert '<span class="kind ">in time</span>' in text
    assert "7 arms, up to 5 seeds" in text
    cost = text[text.index('id="cost"') : text.index('id="trust"')]
    assert name not in cost[: cost.index("<h3>")]
    assert not any(name in one for arm in page.sections.compared(found) for one in arm[:2])
    assert name not in text[text.index("How to read the verdicts") : text.index("Images in each seed")]


def test_how_to_read_says_what_each_answer_takes(run: Path) -> None:
    text = html(run)
    read = text[text.index("How to read the verdicts") : text.index("Images in each seed")]
    assert "The arms were to be looked at 2 times" in read
    assert "the interval allows for all planned looks" in read
    assert "the whole interval lies below 1 point" in read
    for answer in ("helps", "hurts", "no gain worth having", "undecided"):
        assert f"</svg>{answer}</span>" in read


HOSTILE = [
    "<img src=x onerror=document.title='owned'>", "</script><script>document.title='owned'</script>", "a\"b'c`d",
    "line\nbreak", "\u202eright to left", "قميص", "=cmd|'/c calc'!A1", "\x1b[31mred\x00", "{{ 7*7 }}", "x" * 255,
]  # fmt: skip


def test_hostile_class_names_are_text(tmp_path: Path, make_run: Make) -> None:
    text = html(make_run(tmp_path / "run<b>", HOSTILE))
    assert "<img src=x" not in text
    assert "<script>document" not in text
    assert "run<b>" not in text
    assert "49" not in re.findall(r"<bdi>(.*?)</bdi>", text)
    assert "\x1b" not in text
    assert "\x00" not in text
    assert text.count("<script>") == 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(), max_size=30), min_size=2, max_size=2))
def test_any_class_name_makes_a_page(tmp_path: Path, names: list[str]) -> None:
    run = tmp_path / "run"
    rows = [
        {"strategy": name, "kind": kind, "seed": 0, "test_accuracy": 0.5, "per_class_recall": [0.4, 0.6]}
        for name, kind in (("augment", "baseline"), ("sgan", "gan"))
    ]
    run.mkdir(exist_ok=True)
    (run / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_json(run / "plan.json", {"class_names": names})
    assert html(run).count("<section id=") >= 5


def test_many_classes_stay_readable_and_small(tmp_path: Path, make_run: Make) -> None:
    names = [f"class number {index}" for index in range(120)]
    run = make_run(tmp_path / "run", names, test=360)
    path = render(run)
    text = path.read_text("utf-8")
    assert path.stat().st_size < page.LIMIT
    assert "80 classes in the middle are left out." in text
    assert '<table class="heat">' not in text
    assert "What changed most" in text


def test_pictures_are_shrunk_until_the_page_is_small_enough(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    for path in run.glob("arms/*/0/samples/*.png"):
        Image.fromarray(rng.integers(0, 256, (640, 512, 3), np.uint8)).save(path, compress_level=0)
    path = render(run)
    assert 200_000 < path.stat().st_size < page.LIMIT
    assert path.read_text().count("data-seen=") > 3
    monkeypatch.setattr(page, "FITS", FITS[:1])
    with pytest.raises(RunFolderError, match="more than 3,000,000 bytes"):
        render(run)


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="There is no run folder"):
        render(tmp_path / "nowhere")
    (tmp_path / "holiday.txt").write_text("sun")
    with pytest.raises(RunFolderError, match="not a run folder"):
        render(tmp_path)


def test_several_runs_make_an_index_with_working_links(tmp_path: Path, make_run: Make) -> None:
    runs = [make_run(tmp_path / name, ["cat", "dog", "owl"], test=60) for name in ("first run", "second")]
    out = render_many(runs, tmp_path / "pages" / "index.html")
    text = out.read_text("utf-8")
    for link in set(re.findall(r'href="(?!data:)([^"]+)"', text)):
        assert (out.parent / link.replace("%20", " ")).resolve().is_file()
    assert text.count("Open its report") == 2
    assert YES in text


def test_the_same_records_make_the_same_page(run: Path) -> None:
    assert html(run) == html(run)
