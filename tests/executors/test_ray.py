"""A comparison in a Ray cluster whose nodes share no folder: a lost node, a checkpoint that moves, refusals."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ganlift
from ganlift.comparison.work import work
from ganlift.errors import ConfigError, GanliftError
from ganlift.executors import Place, executors
from ganlift.executors.base import Job

SMALL: dict[str, Any] = {
    "labels_per_class": 5,
    "seeds": 2,
    "strategies": ["augment", "sgan", "gan-augment"],
    "threads": 1,
    "precision": "fp32",
}
FIGURES = ("test_accuracy", "nll", "ece", "validation_accuracy", "steps", "images_seen", "generator_steps")


def test_a_comparison_that_loses_a_node_ends_as_one_in_process(
    cluster: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The second node is killed as soon as all train; what it had begun is done on the head, to the bit.

    Ray's own words about it are not on standard output, which may be a program's to read.
    """
    lost, notes = cluster.add(cpus=1), list[str]()

    def watch(event: dict[str, Any]) -> None:
        if event["type"] == "note":
            notes.append(event["message"])
        if event["type"] == "progress" and cluster.nodes[lost].poll() is None:
            cluster.kill(lost)

    settings = {**SMALL, "budget": 12, "seeds": 1}
    there = ganlift.compare(
        "digits", **settings, executor=f"ray:{cluster.address}", out=tmp_path / "there", on_event=watch
    )
    here = ganlift.compare("digits", **settings, executor="in-process", out=tmp_path / "here")
    assert _figures(there) == _figures(here)
    assert any("trying once more" in note for note in notes), notes
    assert capfd.readouterr().out == ""
    assert json.loads((tmp_path / "there" / "plan.json").read_text())["jobs"] == 3  # 2 CPUs and 1, nobody having asked
    assert _files(tmp_path / "there") == _files(tmp_path / "here")


@pytest.mark.full
def test_an_arm_goes_on_elsewhere_from_its_last_checkpoint(cluster: Any, tmp_path: Path) -> None:
    """Of three arms on three CPUs the one on the node that is killed begins again, and not at step 0."""
    from ganlift.data import draw_split, load, write_split
    from ganlift.data.cache import save_cache
    from ganlift.runs import layout

    images, lost = load("digits"), cluster.add(cpus=1)
    save_cache(images, layout.cache_folder(tmp_path))
    for seed in range(3):
        write_split(draw_split(images, seed, labels_per_class=5), images, layout.split_file(tmp_path, seed))
    again: dict[int, list[int]] = {}

    def watch(event: dict[str, Any]) -> None:
        if event["type"] == "note" and "trying once more" in event["message"]:
            again[int(event["message"].partition(":")[0].partition("/")[2])] = []
        if event["type"] == "progress" and event["seed"] in again:
            again[event["seed"]].append(event["step"])
        kept = [list(tmp_path.glob(f"arms/augment/{seed}/checkpoints/*.json")) for seed in range(3)]
        if all(kept) and not again and cluster.nodes[lost].poll() is None:
            cluster.kill(lost)

    place = Place(run=tmp_path, workers=3, address=cluster.address)
    executor = executors.get("ray").open(place, work)
    try:
        found = list(executor.run([_job(seed) for seed in range(3)], watch, lambda: 0))
    finally:
        executor.close()
    assert all(one.value and one.value["steps"] == 400 for one in found)
    (steps,) = again.values()
    assert min(steps) > 5  # progress is told every fifth step
    (seed,) = again
    trace = (tmp_path / "arms" / "augment" / str(seed) / "trace.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in trace] == list(range(20, 401, 20))


def _job(seed: int) -> Job:
    shared = {"threads": 1, "device": "cpu", "precision": "fp32", "batch_size": 8, "classifier": "small-cnn"}
    shared |= {"generator": "sngan", "generator_options": {}, "checkpoint_every": 0.1, "on_alarm": "warn"}
    of_arm = {"id": f"augment/{seed}", "kind": "arm", "strategy": "augment", "seed": seed, "after": [], "options": {}}
    return {**of_arm, "steps": 400, "generator_steps": 5, "shared": shared}


def _figures(found: ganlift.Comparison) -> dict[tuple[str, int], list[Any]]:
    return {(row["strategy"], row["seed"]): [row[name] for name in FIGURES] for row in found.rows}


def _files(run: Path) -> set[str]:
    return {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}


@pytest.mark.full
@pytest.mark.parametrize("address", ["127.0.0.1:{closed}", "127.0.0.1:{deaf}", "no-such-host.invalid:6379"])
def test_an_address_that_does_not_answer_is_told_in_a_sentence(
    address: str, token: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganlift.executors.ray_cluster.REACH_S", 6.0)
    with socket.socket() as closed, socket.socket() as deaf:
        for one in (closed, deaf):
            one.bind(("127.0.0.1", 0))
        deaf.listen()
        asked = address.format(closed=closed.getsockname()[1], deaf=deaf.getsockname()[1])
        with pytest.raises(ConfigError, match=rf"--executor ray:{asked}: no Ray cluster answers there"):
            executors.get("ray").open(Place(run=tmp_path, address=asked), work)


def test_the_command_line_tells_it_with_exit_code_2_and_reads_nothing(tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-m", "ganlift", "compare", "digits", "--executor", "ray:somewhere", "--out", str(out)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 2
    assert "--executor ray:somewhere: an address is HOST:PORT" in ended.stderr
    assert not out.exists()


@pytest.mark.full
def test_a_cluster_whose_token_is_not_known_says_so(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    with pytest.raises(ConfigError, match="the cluster wants a token; set RAY_AUTH_MODE=token"):
        executors.get("ray").open(Place(run=tmp_path, address=cluster.address), work)


def test_a_worker_that_lacks_a_package_is_refused_by_name(cluster: Any, tmp_path: Path) -> None:
    place = Place(run=tmp_path, address=cluster.address, needs=("json", "no_such_package"))
    executor = executors.get("ray").open(place, work)
    try:
        with pytest.raises(GanliftError, match=r"A worker on \S+ lacks no_such_package, which this run needs"):
            list(executor.run([_job(0)], lambda event: None, lambda: 0))
    finally:
        executor.close()
