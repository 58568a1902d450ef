"""Options beside one another: every pair of values of `ganlift compare`'s main options is in one command at least.

Each ends with 0, or with 2 and a sentence; where it ends with 0, its rows are whole and the same command does nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganlift.data import load

AXES: dict[str, list[str]] = {
    "--strategies": [
        "augment,sgan",  # joint
        "real-only,gan-augment",  # two stages
        "fixmatch,sgan-fixmatch",
        "logit-adjust,ldam-drw,gan-balance",  # for long tails
        "linear-probe,label-spreading,sgan",  # the first two on features alone
        "rotation,simsiam,gan-features",  # with pre-training, on pixels alone
        "kmeans-pixels,kmeans-gan-features",  # without labels
        "auto",
    ],
    "--features": ["auto", "pixels", "efficientnet-lite0", "pixels,efficientnet-lite0"],
    "--labels-per-class": ["", "0", "2", "5"],
    "--imbalance": ["", "exp:3", "step:2"],
    "--unlabelled": ["rest", "none"],
    "--seeds": ["1", "4,9", "auto"],  # auto: several looks
    "--equal": ["both", "steps", "time"],
    "--measure": ["auto", "accuracy", "macro-recall"],
    "--budget": ["2", "20s"],
    "--generator-budget": ["", "2", "1s"],
    "--search": ["0", "1"],
    "--precision": ["auto", "fp32", "bf16"],
    "--jobs": ["1", "2"],
    "--generator": ["auto", "vae", "wgan-gp"],  # the last makes no vectors
    "--classifier": ["small-cnn", "linear"],
    "--on-alarm": ["warn", "rollback", "stop"],
    "--flips": ["auto", "on"],
}
"""Values of each option; "" leaves it out."""


def goes(own: Mapping[str, str]) -> bool:
    """Whether some options, with these values, are no known reason to refuse."""
    arms, labels, spaces = own.get("--strategies", ""), own.get("--labels-per-class"), own.get("--features", "pixels")
    on_pixels = () if "--features" not in own else ("auto", "pixels", "pixels,efficientnet-lite0")
    clusters, vectors, images = arms.startswith("kmeans"), spaces.endswith("lite0"), own.get("--generator") == "wgan-gp"
    return not (
        (labels is not None and arms and (labels == "0") != clusters)
        or (own.get("--imbalance") and (clusters or labels in ("0", "2")))
        or (
            own.get("--unlabelled") == "none"
            and ("fixmatch" in arms or "spreading" in arms or clusters or labels == "0")
        )
        or (arms.startswith("linear-probe") and ("--features" in own and not vectors))
        or (arms.startswith(("kmeans", "rotation")) and vectors)
        or (own.get("--classifier") == "linear" and (arms.startswith(("kmeans", "rotation")) or spaces in on_pixels))
        or (images and (vectors or arms.startswith("linear-probe")))
    )


def commands() -> list[dict[str, str]]:
    """All pairs: those that may go, many in a command, begun by one that is still to come and filled up greedily with
    what meets most others; each of the rest in a command of its own."""
    open_pairs = {((a, x), (b, y)) for a, b in combinations(AXES, 2) for x, y in product(AXES[a], AXES[b])}
    whole, alone = list[dict[str, str]](), list[dict[str, str]]()
    while open_pairs:
        pair = min(open_pairs)
        own = dict(pair)
        for axis in [axis for axis in AXES if axis not in own]:
            fits = [value for value in AXES[axis] if goes({**own, axis: value})] if goes(own) else []
            if not fits:
                break
            own[axis] = max(fits, key=lambda value: len(open_pairs & set(_pairs({**own, axis: value}))))
        done = own if len(own) == len(AXES) else dict(pair)
        (whole if done is own else alone).append({axis: done[axis] for axis in AXES if axis in done})
        open_pairs -= set(_pairs(done))
    return [*whole, *alone]


def _pairs(own: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    return combinations([(axis, own[axis]) for axis in AXES if axis in own], 2)


COMMANDS = commands()
QUICK = {"--jobs": "1", "--search": "0", "--seeds": "1", "--budget": "2"}
SHORT = [
    *[n for n, own in enumerate(COMMANDS) if QUICK.items() <= own.items() and not own["--generator-budget"]][:3],
    *range(len(COMMANDS))[-2:],
]
"""Commands of the short form: three of one process, one seed and two steps, and two pairs that go with nothing else."""


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An .npz of twelve images to train on and eight to test on, of three classes of `fashion-mini`."""
    source, arrays = load("fashion-mini"), dict[str, Any]()
    for part, count in (("train", 12), ("test", 8)):
        own = [np.flatnonzero((source.labels == k) & (source.parts == part))[:count] for k in range(3)]
        arrays |= {f"x_{part}": source.pixels[np.concatenate(own)], f"y_{part}": np.repeat(np.arange(3), count)}
    np.savez(file := tmp_path_factory.mktemp("images") / "images.npz", **arrays)
    return file


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features are computed once."""
    return tmp_path_factory.mktemp("cache")


def test_every_pair_is_in_a_command_and_most_commands_go() -> None:
    for first, second in combinations(AXES, 2):
        met = {(command.get(first), command.get(second)) for command in COMMANDS}
        assert met >= set(product(AXES[first], AXES[second])), (first, second)
    assert sum(len(command) == len(AXES) for command in COMMANDS) > len(COMMANDS) / 3


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "number",
    [number if number in SHORT else pytest.param(number, marks=pytest.mark.full) for number in range(len(COMMANDS))],
)
def test_options_beside_one_another(number: int, images: Path, cache: Path, ask: Any, tmp_path: Path) -> None:
    options = [word for option, value in COMMANDS[number].items() if value for word in (option, value)]
    options += [] if "--strategies" in options else ["--strategies", "augment,sgan"]
    options += ["--budget", "2"] if "--budget" not in options else []
    options += ["--seeds", "1"] if "--seeds" not in options else []
    fixed = [
        "--batch-size",
        "4",
        "--threads",
        "1",
        "--set",
        "options.gan-augment.pool=8",
        "--out",
        str(tmp_path / "run"),
    ]
    said, env = tmp_path / "said", {"GANLIFT_DATA": str(cache)}

    def go() -> tuple[int, str]:
        said.unlink(missing_ok=True)
        code = ask(wait=ask(start=["compare", str(images), *options, *fixed], said=said, env=env))
        return code, said.read_text()

    code, words = go()
    asked = " ".join(options)
    assert code in (0, 2), (asked, words)
    assert "Traceback" not in words, (asked, words)
    if code == 2:
        assert words.count("Error: ") == 1, (asked, words)
        assert not (tmp_path / "run" / "results.jsonl").exists(), (asked, words)
        print(f"{number}: refused: {' '.join(words.partition('Error: ')[2].split())}")
        return
    rows = [json.loads(line) for line in (tmp_path / "run" / "results.jsonl").read_text().splitlines()]
    assert len({(row["strategy"], row["seed"]) for row in rows}) == len(rows) > 1
    stopped = [row for row in rows if row["status"] != "done"]  # what an alarm was to stop, after as many steps as fit
    assert not stopped or "--on-alarm stop" in asked, (asked, [row.get("reason") for row in stopped])
    if stopped:
        print(f"{number}: {len(rows)} rows, {len(stopped)} stopped by an alarm")
        return  # the same command tries these again
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in _results(tmp_path / "run")}
    code, words = go()
    assert code == 0, (asked, words)
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in _results(tmp_path / "run")} == before
    print(f"{number}: {len(rows)} rows")


def _results(run: Path) -> list[Path]:
    return [run / "results.jsonl", *sorted(run.glob("arms/*/*/row.json"))]
