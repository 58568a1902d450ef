"""Runs whose arms learn from features: what the head says, what arms are called, and where images lie."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from html import unescape
from pathlib import Path

import pytest

from ganlift.report import read_run, render, tables

NETWORK = "efficientnet-lite0"
ARMS = ["augment", "rotation", "fixmatch", "gan-augment", "sgan", "sgan-fixmatch", "ec-gan"]
OnFeatures = Callable[[Path, str, Sequence[str]], Path]


def html(run: Path) -> str:
    return unescape(render(run).read_text("utf-8"))


def body(run: Path) -> str:
    """The page without its records at the end."""
    return html(run).partition('<section id="details">')[0]


def test_a_network_that_all_arms_share_is_named_once(bare_run: Path, make_features: OnFeatures) -> None:
    before = body(bare_run)
    run = make_features(bare_run, NETWORK, ARMS)
    assert "sgan@efficientnet-lite0" in (run / "verdict.json").read_text()
    text = body(run)
    assert text.count(NETWORK) == 1
    assert f"All arms learn from features of {NETWORK}, a frozen network." in text
    assert "@" not in text.partition("</style>")[2]
    assert re.findall(r'<section id="(\w+)"', text) == re.findall(r'<section id="(\w+)"', before)
    assert read_run(run).in_time == {"fixmatch-in-time-of-sgan-fixmatch"}


def test_several_spaces_keep_names_and_say_who_is_judged_against_whom(
    bare_run: Path, make_features: OnFeatures
) -> None:
    run = make_features(bare_run, NETWORK, ["fixmatch", "sgan"])
    text = re.sub("</?(wbr|span)[^>]*>", "", body(run))
    assert f"Arms learn from pixels and from features of {NETWORK} (arms named @{NETWORK}), a frozen network." in text
    assert "on features against those on the same features, on pixels against those on pixels." in text
    for name in ("rotation", f"fixmatch@{NETWORK}", f"sgan@{NETWORK}"):
        assert re.search(f'<th scope="row"[^>]*><bdi>{name}</bdi>', text)


def test_the_best_of_all_on_validation_is_named(bare_run: Path, make_features: OnFeatures) -> None:
    run = make_features(bare_run, NETWORK, ["fixmatch", "sgan"])
    rows = [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]
    for row in rows:
        row["validation_accuracy"] = {f"sgan@{NETWORK}": 0.9, "rotation": 0.8}.get(row["strategy"], 0.7)
        if row["kind"] == "in-time":
            row["validation_accuracy"] = 1.0
    (run / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (run / "classifier").mkdir(exist_ok=True)
    (run / "classifier" / "model.json").write_text(json.dumps({"strategy": "rotation", "seed": 2}))
    said = (
        f"Best of all on validation: sgan@{NETWORK}, mean accuracy 90.0 %.</bdi> <bdi>Laid ready is rotation, seed 2."
    )
    assert said in body(run)


def test_a_run_on_pixels_says_nothing_of_spaces(bare_run: Path) -> None:
    text = body(bare_run)
    assert "frozen network" not in text
    assert "the classifier that is scored has the same architecture, steps and batch in every arm." in text


@pytest.mark.parametrize(("arms", "compared"), [(["sgan"], False), (["augment", "sgan"], True)])
def test_augment_is_compared_within_its_space(
    bare_run: Path, make_features: OnFeatures, arms: list[str], compared: bool
) -> None:
    lines = tables.arm_lines(read_run(make_features(bare_run, NETWORK, arms)))
    against = {line.strategy: line.cells[1][0] for line in lines}
    assert (against[f"sgan@{NETWORK}"] != "–", against["rotation"] != "–") == (compared, not compared)


@pytest.mark.parametrize("plain", ["linear-probe", "kmeans"])
def test_features_alone_are_shown_against_what_takes_them_as_they_are(
    plain: str, bare_run: Path, make_features: OnFeatures
) -> None:
    """The page of photographs has no augment, and a column of dashes says nothing."""
    with_augment = {line.strategy: line.cells[1][0] for line in tables.arm_lines(read_run(bare_run))}
    for path in (bare_run / "results.jsonl", bare_run / "plan.json", bare_run / "verdict.json"):
        path.write_text(path.read_text().replace('"augment"', f'"{plain}"'))
    (bare_run / "arms" / "augment").rename(bare_run / "arms" / plain)
    run = read_run(make_features(bare_run, NETWORK, [plain, *ARMS[1:]]))
    assert tables.arm_head(run)[1][0] == f"Against {plain}"
    against = {line.strategy: line.cells[1][0] for line in tables.arm_lines(run)}
    assert (against[plain], against["sgan"]) == ("–", with_augment["sgan"])
    assert with_augment["sgan"] != "–"


def test_many_classes_share_the_last_colour(bare_run: Path) -> None:
    points = {"labelled": [[0.1 * i, 0.0, i] for i in range(10)]}
    (bare_run / f"features-{NETWORK}.json").write_text(json.dumps(recorded(points=points)))
    section = html(bare_run).partition('<section id="features">')[2].partition("</section>")[0]
    assert re.findall(r"<li><svg.*?</svg><bdi>(.*?)</bdi></li>", section)[-1] == "2 other classes"
    assert section.partition('role="img"')[2].count('class="labelled class-other"') == 2


def recorded(**changes: object) -> dict[str, object]:
    points = {
        "labelled": [[0.1, 0.2, 0], [-0.3, 0.1, 1], [0.2, -0.2, 9]],
        "unlabelled": [[0.0, 0.0]] * 5,
        "test": [[0.15, 0.2, 0], [-0.25, 0.1, 1]],
    }
    facts = {"network": NETWORK, "seed": 0, "shares": [0.31, 0.12], "points": points}
    return {**facts, "images": {"labelled": 3, "unlabelled": 400, "test": 2}, **changes}


def test_images_are_drawn_where_they_lie(bare_run: Path) -> None:
    (bare_run / f"features-{NETWORK}.json").write_text(json.dumps(recorded()))
    text = html(bare_run)
    section = text.partition('<section id="features">')[2].partition("</section>")[0]
    assert "Seed 0: 3 labelled, 5 unlabelled (of 400) and 2 test images." in section
    assert "31.0 % of the variance lie along the first component" in section
    picture = section.partition('role="img"')[2]
    assert re.findall(r'class="labelled class-(\w+)"', picture) == ["0", "1", "2"]
    assert re.findall(r'<path d="((?:M[\d.,]+h0)+)" class="dots"', picture)[0].count("M") == 5
    legend = re.findall(r"<li><svg.*?</svg><bdi>(.*?)</bdi></li>", section)
    assert legend == ["T-shirt/top", "Trouser", "Ankle boot"]
    assert '<a href="#features">' in text


@pytest.mark.parametrize("broken", ["{", "[]", '{"points": 3}', '{"points": {"test": [["a", null], 7, {}]}}'])
def test_a_damaged_picture_is_left_out(bare_run: Path, broken: str) -> None:
    (bare_run / f"features-{NETWORK}.json").write_text(broken)
    assert '<section id="features">' not in html(bare_run)


def test_1500_points_of_many_classes_stay_small(bare_run: Path) -> None:
    before = len(html(bare_run))
    points = {part: [[i / 500, i * 7 % 500 / 500, i % 10] for i in range(500)] for part in ("labelled", "test")}
    points["unlabelled"] = [[i / 500, i * 3 % 500 / 500] for i in range(500)]
    (bare_run / f"features-{NETWORK}.json").write_text(json.dumps(recorded(points=points)))
    assert len(html(bare_run)) - before < 150_000
