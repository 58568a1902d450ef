"""`--strategies auto`: what is picked for which data, and that it is said why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

import ganlift
from ganlift.comparison.auto import choose
from ganlift.comparison.plan import resolve_arms
from ganlift.config import build_config
from ganlift.events import Event
from ganlift.strategies.base import strategies

BALANCED, UNEQUAL = [30, 30, 30], [300, 40, 3]


@pytest.mark.parametrize("counts", [BALANCED, UNEQUAL, [1], [2, 1]])
@pytest.mark.parametrize("unlabelled", [0, 1000])
def test_every_choice_has_both_sides_and_reasons(counts: Sequence[int], unlabelled: int) -> None:
    choice = choose(counts, unlabelled)
    picked = [strategies.get(name) for name in choice.names]
    assert {"gan"} < {entry.kind for entry in picked}
    assert choice.names[0] == "augment"
    assert len(set(choice.names)) == len(choice.names)
    assert choice.reasons
    assert unlabelled or all(entry.unlabelled != "required" for entry in picked)


@pytest.mark.parametrize("counts", [BALANCED, UNEQUAL])
def test_a_gan_that_learns_from_labels_alone_has_to_beat_what_gains_as_much_without_one(counts: Sequence[int]) -> None:
    """Beside `augment` alone `sgan` may be said to help where `rotation` and mixes do the same (docs/map.md)."""
    rivals = {name for name in choose(counts, 0).names if strategies.get(name).kind == "rival"}
    assert {"rotation", "sgan-mix"} <= rivals


def test_what_the_data_call_for() -> None:
    assert "fixmatch" in choose(BALANCED, 1000).names
    assert "fixmatch" not in choose(BALANCED, 0).names
    assert "acgan" in choose(BALANCED, 0).names
    assert "logit-adjust" not in choose(BALANCED, 1000).names
    both = choose(UNEQUAL, 1000)
    assert {"logit-adjust", "acgan", "fixmatch"} < set(both.names)
    assert "oversample" not in both.names  # it is `augment` where macro recall judges
    assert {"fixmatch-rotation", "fixmatch-mix", "mean-teacher", "sgan-fixmatch-rotation"} < set(
        choose(BALANCED, 1000).names
    )
    assert "gan-augment" not in choose(BALANCED, 1000).names
    assert "3 to 300 labelled images" in both.reasons[0]
    assert "1,000 images without labels" in both.reasons[1]


def test_a_gan_that_learns_from_clips_has_to_beat_what_longer_runs_bring_up() -> None:
    """Beside the others alone `sgan-fixmatch` helped on spoken digits at 1,000 steps, and beside these it did not."""
    assert {"pseudo-label", "entropy-minimisation", "fixmatch"} < set(choose(BALANCED, 1000, noun="clip").names)
    assert not {"pseudo-label", "entropy-minimisation"} & set(choose(BALANCED, 1000).names)


def test_it_is_the_default_and_says_which_and_why() -> None:
    entries, notes = resolve_arms(build_config({"data": "digits"}), ["pixels"], BALANCED, unlabelled=500)
    assert [entry.name for entry in entries] == choose(BALANCED, 500).names
    assert notes[0].startswith("Picked augment, mean-teacher, fixmatch")
    more = build_config({"data": "digits", "strategies": "auto,duplicate-real,sgan-fixmatch"})
    assert [entry.name for entry in resolve_arms(more, ["pixels"], BALANCED, unlabelled=500)[0]] == [
        *choose(BALANCED, 500).names,
        "duplicate-real",
    ]


def test_all_are_those_that_the_images_allow() -> None:
    def named(unlabelled: int, **given: object) -> tuple[set[str], str]:
        entries, notes = resolve_arms(
            build_config({"data": "digits", "strategies": "all", **given}), ["pixels"], BALANCED, unlabelled
        )
        return {entry.name for entry in entries}, notes[0]

    every = {name for name, entry in strategies if entry.labels and "pixels" in entry.spaces}
    found, said = named(500)
    assert found == every
    assert said == f"Compared are all {len(every)} strategies that these images allow."
    assert every - named(0)[0] == {name for name in every if strategies.get(name).unlabelled == "required"}
    clusters = {name for name, entry in strategies if not entry.labels and "pixels" in entry.spaces}
    assert named(500, labels_per_class=0)[0] == clusters


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"": 1}, "gaussian learns from one image, and of fewer than 20 a generator can do little but copy"),
        ({"": 19}, "gaussian learns from 19 different images, and of fewer than 20 a generator can do little but copy"),
        ({"": 20}, ""),
        ({"a": 20, "b": 4}, "gaussian learns from 4 different images of 'b', its smallest class, and of fewer than 20"),
        ({"a": 20, "b": 20}, ""),
    ],
)
def test_a_generator_of_very_few_images_is_said_to_copy(tmp_path: Path, counts: dict[str, int], said: str) -> None:
    """Each image is there three times: copies do not count."""
    for name, count in counts.items():
        (tmp_path / "data" / name).mkdir(parents=True, exist_ok=True)
        for index in range(3 * count):
            value = index % count * 5 + 100 * (name == "b")
            Image.new("L", (8, 8), value).save(tmp_path / "data" / name / f"{index}.png")
    events: list[Event] = []
    ganlift.train_generator(
        tmp_path / "data", generator="gaussian", budget=1, out=tmp_path / "run", on_event=events.append
    )
    notes = [event["message"] for event in events if event["type"] == "note" and "learns from" in event["message"]]
    assert len(notes) == bool(said)
    assert all(note.startswith(said) for note in notes)


def test_unlabelled_images_besides_make_a_class_less_of_a_copy(tmp_path: Path) -> None:
    for index in range(40):
        (tmp_path / "data" / "ab"[index % 2]).mkdir(parents=True, exist_ok=True)
        (tmp_path / "more").mkdir(exist_ok=True)
        Image.new("L", (8, 8), 5 * index).save(tmp_path / "more" / f"{index}.png")
        if index < 6:
            Image.new("L", (8, 8), 40 * index).save(tmp_path / "data" / "ab"[index % 2] / f"{index}.png")
    events: list[Event] = []
    ganlift.train_generator(
        tmp_path / "data",
        generator="gaussian",
        unlabelled=tmp_path / "more",
        budget=1,
        out=tmp_path / "run",
        on_event=events.append,
    )
    assert [event["message"] for event in events if "learns from" in event.get("message", "")] == [
        "gaussian learns from 3 different images of 'a', its smallest class: too few to know that class by, so that it "
        "may copy them; look at the samples."
    ]


def test_a_gan_arm_on_features_gets_an_arm_of_its_own_space_to_be_measured_against() -> None:
    given = {"data": "digits", "strategies": "sgan,augment"}
    entries, _ = resolve_arms(build_config(given), ["pixels", "efficientnet-lite0"], BALANCED, 500)
    assert {entry.name for entry in entries} == {
        *("sgan", "augment", "sgan@efficientnet-lite0", "augment@efficientnet-lite0")
    }
    alone = build_config({"data": "digits", "strategies": "sgan"})
    entries, notes = resolve_arms(alone, ["efficientnet-lite0"], BALANCED, 500)
    assert [entry.name for entry in entries] == ["linear-probe@efficientnet-lite0", "sgan@efficientnet-lite0"]
    assert (
        "'linear-probe@efficientnet-lite0' is added: a gain needs an arm without a GAN to be measured against." in notes
    )
