"""What every executor promises: order, events, one more attempt, results to the bit, a stop within seconds."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ganlift.comparison.work import work
from ganlift.errors import ConfigError, GanliftError, Interrupted
from ganlift.executors import Executor, Place, executors
from ganlift.executors.base import Job, attempt
from ganlift.executors.order import Order

SHARED = {
    "threads": 1,
    "device": "cpu",
    "precision": "fp32",
    "batch_size": 8,
    "classifier": "small-cnn",
    "generator": "sngan",
    "generator_options": {},
    "checkpoint_every": 60.0,
    "on_alarm": "warn",
}
OPENED: dict[str, dict[str, Any]] = {
    "in-process": {},
    "local-processes": {"workers": 2},
    "ray": {"workers": 2},
    "local-processes, launched": {"workers": 2, "launch": "env -u HOME sh -c 'exec \"$@\"' sh"},
}
"""The arguments of a `Place` by the executor's name and a word about it."""
WITH_WORKERS = [name for name in OPENED if name != "in-process"]

Open = Callable[..., Executor]


@pytest.fixture
def opened(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens an executor by a name of `OPENED`, in a run that holds images and a split; closes it at the end."""
    found: list[Executor] = []

    def open_it(name: str, run: Path, **more: Any) -> Executor:
        if name == "ray":
            more["address"] = request.getfixturevalue("cluster").address
        place = Place(run=run, **{**OPENED[name], **more})
        found.append(executors.get(name.partition(",")[0]).open(place, work))
        return found[-1]

    yield open_it
    for one in found:
        one.close()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder as a comparison leaves it before its first arm."""
    from ganlift.data import draw_split, load, write_split
    from ganlift.data.cache import save_cache
    from ganlift.runs import layout

    images = load("digits")
    save_cache(images, layout.cache_folder(tmp_path))
    write_split(draw_split(images, 0, labels_per_class=5), images, layout.split_file(tmp_path, 0))
    return tmp_path


def job(name: str, steps: int = 5, **more: Any) -> Job:
    facts = {"id": f"{name}/0", "kind": "arm", "strategy": name, "seed": 0, "after": []}
    return {**facts, "steps": steps, "generator_steps": 5, "options": {}, "shared": SHARED, **more}


def named(own: str, name: str, **more: Any) -> Job:
    """A job of ``name`` in a folder and under a name of its own."""
    return job(name, id=f"{own}/0", **{"as": {"strategy": own}}, **more)


def never() -> int:
    return 0


def test_every_executor_here_is_under_contract() -> None:
    assert {name.partition(",")[0] for name in OPENED} == set(executors.names())


@pytest.mark.parametrize("name", OPENED)
def test_rows_are_equal_to_the_bit_and_come_after_those_they_wait_for(
    name: str, opened: Open, run: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    import shutil

    alone = tmp_path_factory.mktemp("alone")
    shutil.copytree(run, alone, dirs_exist_ok=True)
    jobs = [job("sgan", after=["augment/0"]), job("augment"), job("real-only", after=["elsewhere/9"])]
    events: list[dict[str, Any]] = []
    found = {one.job["id"]: one for one in opened(name, run).run(jobs, lambda event: events.append(dict(event)), never)}
    assert list(found).index("augment/0") < list(found).index("sgan/0")
    assert len(found) == 3
    for one in jobs:
        reference = attempt(one, work, alone, lambda event: None, never)
        assert reference.value is not None
        assert _figures(found[one["id"]].value) == _figures(reference.value), one["id"]
    assert {event["strategy"] for event in events if event["type"] == "progress"} == {"sgan", "augment", "real-only"}


def _figures(row: dict[str, Any] | None) -> dict[str, Any]:
    assert row is not None
    return {key: row[key] for key in ("test_accuracy", "nll", "ece", "validation_accuracy", "steps", "images_seen")}


@pytest.mark.parametrize("name", OPENED)
def test_a_failure_is_a_result_with_its_reason(name: str, opened: Open, run: Path) -> None:
    broken = job("augment", id="broken", kind="arm", shared={**SHARED, "batch_size": "eight"})
    endless = job("sgan", options={"lr": 1e30})
    jobs = [broken, endless, job("real-only")]
    found = {one.job["id"]: one for one in opened(name, run).run(jobs, lambda event: None, never)}
    assert found["broken"].value is None
    assert "Error: " in found["broken"].reason
    assert found["sgan/0"].value is None
    assert "the loss of 'classifier' is nan" in found["sgan/0"].reason
    assert found["real-only/0"].value is not None


@pytest.mark.parametrize("name", OPENED)
def test_a_refusal_ends_the_run_with_its_sentence(name: str, opened: Open, run: Path) -> None:
    with pytest.raises(GanliftError, match="no strategy called 'agument'"):
        list(opened(name, run).run([job("agument")], lambda event: None, never))


@pytest.mark.parametrize("name", OPENED)
def test_a_stop_is_heard_within_seconds_and_the_state_is_there(name: str, opened: Open, run: Path) -> None:
    begun: list[float] = []

    def report(event: Any) -> None:
        if event["type"] == "progress" and not begun:
            begun.append(time.monotonic())

    with pytest.raises(Interrupted) as stop:
        list(opened(name, run).run([job("augment", steps=100_000)], report, lambda: 143 if begun else 0))
    assert stop.value.exit_code == 143
    assert time.monotonic() - begun[0] < 7.0  # five for the state, and a busy machine
    assert list((run / "arms" / "augment" / "0" / "checkpoints").iterdir())


@pytest.mark.parametrize("name", WITH_WORKERS)
def test_a_killed_worker_costs_one_attempt_and_a_second_kill_fails_the_arm(name: str, opened: Open, run: Path) -> None:
    """The sgan worker is killed whenever it is seen; the other arm finishes."""
    notes: list[str] = []

    def report(event: Any) -> None:
        if event["type"] == "progress" and event["strategy"] == "sgan":
            for process in _workers():
                os.kill(process, signal.SIGKILL)
        if event["type"] == "note":
            notes.append(event["message"])

    jobs = [job("sgan", steps=4000), job("augment", after=["sgan/0"])]
    found = {one.job["strategy"]: one for one in opened(name, run, workers=1).run(jobs, report, never)}
    assert found["augment"].value is not None
    assert found["augment"].value["status"] == "done"
    assert found["sgan"].value is None
    assert "SIGKILL" in found["sgan"].reason
    assert "trying once more" in notes[0]


PRETENDS = Path(__file__).parent / "pretends.py"
TURNS = {
    "hangs": "its worker ended (it said nothing for 5 s and was ended)",
    "starves": "no memory: give fewer --jobs",
    "killed": "its worker ended (SIGKILL, perhaps out of memory: give fewer --jobs or a smaller --batch-size)",
}
"""What a worker may do in place of its job, and why the run then says that it does the job once more."""


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("times", [1, 2])
def test_whatever_a_worker_does_its_job_is_done_once_more(turn: str, times: int, opened: Open, tmp_path: Path) -> None:
    """By workers in name, which are there at once."""
    turns, notes = tmp_path / "turns", list[str]()
    turns.mkdir()
    for number in range(times):
        (turns / f"{number}.{turn}").touch()

    def report(event: Any) -> None:
        if event["type"] == "note":
            notes.append(event["message"])

    launch = shlex.join([sys.executable, str(PRETENDS), str(turns), "{worker}"])
    executor = opened("local-processes", tmp_path, workers=1, launch=launch, silent_s=5.0)
    found = {one.job["id"]: one for one in executor.run([job("sgan"), job("augment")], report, never)}
    assert notes == [f"sgan/0: {TURNS[turn]}; trying once more."]
    assert found["augment/0"].value == {"done": "augment/0"}
    assert found["sgan/0"].value == (None if times == 2 else {"done": "sgan/0"})
    assert found["sgan/0"].reason.rstrip(".") == (TURNS[turn] if times == 2 else "")


@pytest.mark.parametrize("count", [1, pytest.param(10, marks=[pytest.mark.full, pytest.mark.timeout(1800)])])
def test_an_arm_that_wants_more_memory_than_there_is_fails_with_what_to_do(count: int, opened: Open, run: Path) -> None:
    """Workers of 2 GB of addresses, of which torch takes one, and a batch whose first layer alone makes 2.4 GB."""
    notes: list[str] = []

    def report(event: Any) -> None:
        if event["type"] == "note":
            notes.append(event["message"])

    hungry = [named(f"hungry-{n}", "real-only", shared={**SHARED, "batch_size": 300_000}) for n in range(count)]
    others = [named(f"other-{n}", "real-only") for n in range(count)]
    jobs = [one for pair in zip(others, hungry, strict=True) for one in pair]
    executor = opened("local-processes", run, workers=1, launch="sh -c 'ulimit -v 2000000; exec \"$@\"' sh")
    found = {one.job["id"]: one for one in executor.run(jobs, report, never)}
    assert all(value and value["status"] == "done" for value in (found[one["id"]].value for one in others))
    lacks = "cpu has too little memory for 300000 labelled images a step: give a smaller --batch-size"
    for one in hungry:
        assert found[one["id"]].value is None
        assert lacks in found[one["id"]].reason
        assert sum(note.startswith(one["id"]) and lacks in note and "trying once more" in note for note in notes) == 1
    assert len(notes) == count


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_ten_workers_in_a_row_hang_or_are_killed_and_every_arm_is_done(
    number: signal.Signals, opened: Open, run: Path
) -> None:
    hit, notes = set[str](), list[str]()

    def report(event: Any) -> None:
        if event["type"] == "progress" and event["strategy"] not in hit:
            hit.add(event["strategy"])
            for process in _workers():
                os.kill(process, number)
        if event["type"] == "note":
            notes.append(event["message"])

    jobs = [named(f"arm-{n}", "augment", steps=200) for n in range(10)]
    executor = opened("local-processes", run, workers=1, silent_s=30.0)
    found = list(executor.run(jobs, report, never))
    assert len(hit) == len(found) == 10
    assert all(one.value and one.value["steps"] == 200 for one in found)
    assert len(notes) == 10
    assert all("trying once more" in note for note in notes)


@pytest.mark.parametrize("name", WITH_WORKERS)
def test_a_worker_that_falls_silent_is_replaced(name: str, opened: Open, run: Path) -> None:
    stopped: list[int] = []
    notes: list[str] = []

    def report(event: Any) -> None:
        if event["type"] == "progress" and not stopped:
            stopped.extend(_workers())
            for process in stopped:
                os.kill(process, signal.SIGSTOP)
        if event["type"] == "note":
            notes.append(event["message"])

    (found,) = opened(name, run, workers=1, silent_s=15.0).run([job("augment", steps=300)], report, never)
    assert stopped
    assert found.value is not None
    assert "it said nothing for 15 s and was ended" in notes[0]


def _workers() -> list[int]:
    """The processes below this one that run `ganlift.comparison.worker`, or an actor of a cluster begun here."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,args="], capture_output=True, text=True).stdout
    lines = [line.split(None, 2) for line in listed.splitlines()]
    family = {str(os.getpid())}
    for _ in range(5):
        family |= {pid for pid, parent, _ in lines if parent in family}
    return [int(pid) for pid, _, args in lines if pid in family and _is_worker(args)]


def _is_worker(args: str) -> bool:
    return "-m ganlift.comparison.worker" in args or args.startswith("ray::Hand")


def test_an_orphaned_worker_leaves(run: Path) -> None:
    command = [sys.executable, "-m", "ganlift.comparison.worker", "--run", str(run)]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert worker.stdin
    assert worker.stdout
    assert json.loads(worker.stdout.readline())["type"] == "ready"
    worker.stdin.write(json.dumps(job("augment", steps=100_000)) + "\n")
    worker.stdin.flush()
    assert json.loads(worker.stdout.readline())["type"] == "progress"
    worker.stdin.close()
    worker.wait(10)


@pytest.mark.parametrize(
    ("launch", "said"),
    [
        ("sh -c 'echo no nodes are free >&2; exit 3'", "exit code 3.*no nodes are free"),
        ("no-such-command -n1", "no-such-command.*No such file"),
        ("echo {worker}", "exit code 0"),
    ],
)
def test_a_launching_command_that_fails_is_shown(launch: str, said: str, opened: Open, run: Path) -> None:
    with pytest.raises(GanliftError, match=said):
        list(opened("local-processes", run, launch=launch).run([job("augment")], lambda event: None, never))


def test_a_worker_of_another_ganlift_is_refused(opened: Open, run: Path) -> None:
    says = json.dumps({"type": "ready", "ganlift": "0.0.1", "host": "far"})
    launch = f"sh -c 'echo \"{says.replace(chr(34), chr(92) + chr(34))}\"; sleep 9'"
    with pytest.raises(GanliftError, match=r"A worker on far runs ganlift 0\.0\.1, and this is .*; install the same"):
        list(opened("local-processes", run, launch=launch).run([job("augment")], lambda event: None, never))


def test_an_unknown_executor_is_told_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"no executor called 'local-process'\. Did you mean 'local-processes'"):
        executors.get("local-process")


def test_order_by_hand() -> None:
    order = Order([{"id": "a", "after": ["b"]}, {"id": "b", "after": []}, {"id": "c", "after": ["nowhere"]}])
    first = order.next()
    assert first is not None
    assert first["id"] == "b"
    assert [one["id"] for one in iter(order.next, None)] == ["c"]  # a waits for b
    order.again(first)
    assert [one["id"] for one in iter(order.next, None)] == ["b"]
    order.over("b")
    assert [one["id"] for one in iter(order.next, None)] == ["a"]
    order.over("a")
    assert not order.finished
    order.over("c")
    assert order.finished
