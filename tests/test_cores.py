"""The cores that a process may use, by affinity and quota, and the threads that these and OMP_NUM_THREADS allow."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganlift import cores
from ganlift.data import load


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Eight cores by affinity, no control group, and nothing in the environment."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(cores, "GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(cores, "MOUNTS", tmp_path / "mounts")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


def groups(folder: Path, text: str, **files: str) -> None:
    """Control groups as Linux shows them; ``__`` in a file's name is a slash, ``_dot_`` a dot."""
    (folder / "cgroup").write_text(text)
    for name, held in files.items():
        path = folder / "mounts" / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(held)


def test_affinity_counts_and_not_the_machine_s_cores() -> None:
    assert cores.cores() == 8


def test_without_affinity_it_is_the_machine_s_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    assert cores.cores() == 64


V1 = "4:cpu,cpuacct:/docker/x\n3:memory:/m\n"
V1_AT = "cpu,cpuacct__docker__x__cpu_dot_cfs_"


@pytest.mark.parametrize(
    ("text", "files", "allowed", "whole"),
    [
        ("0::/\n", {"cpu_dot_max": "150000 100000\n"}, 1.5, 2),
        ("0::/\n", {"cpu_dot_max": "50000 100000\n"}, 0.5, 1),
        ("0::/\n", {"cpu_dot_max": "max 100000\n"}, 8, 8),
        ("0::/\n", {"cpu_dot_max": "6400000 100000\n"}, 8, 8),  # more than affinity
        (
            "0::/a/b\n",
            {"a__b__cpu_dot_max": "max 100000\n", "a__cpu_dot_max": "300000 100000\n"},
            3,
            3,
        ),  # the outer one
        ("0::/outside/x\n", {"cpu_dot_max": "200000 100000\n"}, 2, 2),  # a container that sees its own files at the top
        ("1:name=systemd:/\n0::/u\n", {"unified__u__cpu_dot_max": "100000 100000\n"}, 1, 1),
        (V1, {f"{V1_AT}quota_us": "250000\n", f"{V1_AT}period_us": "100000\n"}, 2.5, 3),
        (V1, {f"{V1_AT}quota_us": "-1\n", f"{V1_AT}period_us": "100000\n"}, 8, 8),
        (
            "4:cpu,cpuacct:/docker/x\n",
            {"cpu__cpu_dot_cfs_quota_us": "100000", "cpu__cpu_dot_cfs_period_us": "50000"},
            2,
            2,
        ),
        ("nonsense\n\n:\n", {"cpu_dot_max": "many"}, 8, 8),
    ],
)
def test_a_quota_counts(tmp_path: Path, text: str, files: dict[str, str], allowed: float, whole: int) -> None:
    groups(tmp_path, text, **files)
    assert cores.allowance() == allowed
    assert cores.cores() == whole


@pytest.mark.parametrize(
    ("said", "threads"), [("3", 3), ("4,2", 4), ("100", 8), ("0", 8), ("-1", 8), ("many", 8), ("", 8)]
)
def test_omp_num_threads_is_an_upper_bound(monkeypatch: pytest.MonkeyPatch, said: str, threads: int) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert cores.most_threads() == threads
    assert cores.cores() == 8


def test_libraries_are_told_of_a_quota_and_of_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "")  # so that what is set in this test is taken back
    monkeypatch.delenv("OMP_NUM_THREADS")
    cores.tell_libraries_of_the_quota()
    assert "OMP_NUM_THREADS" not in os.environ
    groups(tmp_path, "0::/\n", cpu_dot_max="250000 100000")
    cores.tell_libraries_of_the_quota()
    assert os.environ["OMP_NUM_THREADS"] == "3"
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    cores.tell_libraries_of_the_quota()
    assert os.environ["OMP_NUM_THREADS"] == "7"


@pytest.mark.parametrize(("said", "threads"), [("", 3), ("1", 1)])
def test_images_are_read_by_as_many_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, threads: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2}, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    pixels = np.random.default_rng(0).integers(0, 256, (60, 32, 32), dtype=np.uint8)
    for index, image in enumerate(pixels):
        path = tmp_path / "photos" / "ab"[index % 2] / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    before, seen = threading.active_count(), set[int]()
    load(str(tmp_path / "photos"), on_progress=lambda name, done, total: seen.add(threading.active_count() - before))
    assert max(seen) == threads
