"""Files that travel: what changed, what is gone, and what lies on a machine already."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from ganlift.executors.carried import KEPT_S, Changes, Shelf, bring, written_by


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return Shelf()


def test_what_is_written_replaced_and_removed_is_so_on_the_other_side(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        (folder / "arm" / "checkpoints").mkdir(parents=True)
        (folder / "arm" / "checkpoints" / "old").write_text("1")
    changes = Changes(here)
    assert changes() == ([], [])
    (here / "arm" / "z-first").write_text("2")
    (here / "arm" / "a-last").write_text("3")
    (here / "arm" / ".half.tmp").write_text("4")  # as `whole_file` has it until it is whole
    os.utime(here / "arm" / "z-first", (1, 1))
    (here / "arm" / "checkpoints" / "old").unlink()
    changed, gone = changes()
    assert changed == [("arm/z-first", b"2"), ("arm/a-last", b"3")]  # row.json must not come before its arm
    assert gone == ["arm/checkpoints/old"]
    bring(there, changed, gone)
    assert sorted(path.name for path in (there / "arm").iterdir()) == ["a-last", "z-first"]
    (here / "arm" / "a-last").write_text("longer")
    assert changes() == ([("arm/a-last", b"longer")], [])


def test_a_job_takes_its_own_files_and_its_seed_s_generators_along(tmp_path: Path) -> None:
    for name in ("arms/gan-augment/1/a", "arms/gan-augment/11/b", "arms/sgan/1/c", "generators/sngan-1-0f/d"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "generators/sngan-11-0f").mkdir()
    (tmp_path / "generators/sngan-11-0f/e").write_text("x")
    job = {"kind": "arm", "strategy": "gan-augment", "seed": 1}
    assert set(written_by(job, tmp_path)) == {"arms/gan-augment/1/a", "generators/sngan-1-0f/d"}
    assert set(written_by({**job, "as": {"strategy": "sgan"}}, tmp_path)) == {
        "arms/sgan/1/c",
        "generators/sngan-1-0f/d",
    }
    assert not written_by({**job, "kind": "probe"}, tmp_path)


def test_a_content_is_asked_for_once_on_a_machine(shelf: Shelf, tmp_path: Path) -> None:
    asked = list[str]()

    def content() -> bytes:
        asked.append("once")
        return b"pixels"

    for name in ("a", "b"):
        shelf.put("key", content, tmp_path / name / "pixels.npy")
    assert (tmp_path / "b" / "pixels.npy").read_bytes() == b"pixels"
    assert asked == ["once"]


def test_what_dead_workers_left_and_nobody_asks_for_is_removed(shelf: Shelf) -> None:
    left, old, new = shelf.root / "workers" / "left", shelf.root / "contents" / "old", shelf.root / "contents" / "new"
    left.mkdir()
    for path in (old, new):
        path.write_text("x")
    os.utime(old, (os.stat(old).st_mtime - KEPT_S - 9,) * 2)
    with shelf.own_folder() as mine, shelf.own_folder() as other:
        assert mine.is_dir()
        assert other.is_dir()
        assert not left.exists()
        assert not old.exists()
        assert new.exists()
    assert not mine.exists()
