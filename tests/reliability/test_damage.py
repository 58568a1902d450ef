"""Torn writes, flipped bits and truncation, at many places: noticed, and never loaded as if nothing were."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ganlift.errors import DamagedFileError
from ganlift.runs.files import read_npz, write_npz
from ganlift.runs.lines import append_line, read_jsonl
from ganlift.training.checkpoint import Store

PLACES = pytest.mark.parametrize("places", [20, pytest.param(1000, marks=pytest.mark.full)])
Damage = Callable[[bytes, random.Random], bytes]


def flipped(data: bytes, moments: random.Random) -> bytes:
    """One bit is another."""
    place = moments.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << moments.randrange(8))]) + data[place + 1 :]


def cut(data: bytes, moments: random.Random) -> bytes:
    """The end is missing."""
    return data[: moments.randrange(len(data))]


def torn(data: bytes, moments: random.Random) -> bytes:
    """The length is right, and the end was never written: what a file system may leave after a power cut."""
    place = moments.randrange(len(data))
    return data[:place] + bytes(len(data) - place)


DAMAGES = pytest.mark.parametrize("damage", [flipped, cut, torn])


def damaged(folder: Path, pattern: str, damage: Damage, moments: random.Random) -> bool:
    """Damage one file; False where its bytes came out the same."""
    path = moments.choice(sorted(folder.glob(pattern)))
    before = path.read_bytes()
    after = damage(before, moments)
    path.write_bytes(after)
    return after != before


def state_of(step: int) -> dict[str, Any]:
    rng = torch.Generator().manual_seed(step)
    return {"weights": torch.randn(40, generator=rng), "step": step, "rng": [step, 2.5], "keys": {3: "three"}}


def same(found: Any, expected: dict[str, Any]) -> bool:
    return torch.equal(found["weights"], expected["weights"]) and all(
        found[key] == expected[key] for key in ("step", "rng", "keys")
    )


@DAMAGES
@PLACES
def test_a_damaged_checkpoint_is_never_loaded(tmp_path: Path, damage: Damage, places: int) -> None:
    whole, moments = tmp_path / "whole", random.Random(places)
    store = Store(whole, "phase")
    for step in (1, 2):
        store.save(step, state_of(step))
    fell_back = 0
    for number in range(places):
        folder = tmp_path / str(number)
        shutil.copytree(whole, folder)
        changed = damaged(folder, "phase-00000002.*", damage, moments)
        store = Store(folder, "phase")
        found = store.load()
        assert found is not None
        step, state = found
        assert same(state, state_of(step))
        if step == 1:
            fell_back += 1
            assert "using the one before" in store.warnings[0]
        else:
            assert not store.warnings
        assert (step == 1) == changed
        shutil.rmtree(folder)
    assert fell_back > places / 2


@DAMAGES
@PLACES
def test_a_damaged_result_is_left_out_and_told(tmp_path: Path, damage: Damage, places: int) -> None:
    path, moments = tmp_path / "results.jsonl", random.Random(places)
    rows = [{"strategy": "sgan", "seed": seed, "test_accuracy": 0.1 * seed} for seed in range(5)]
    for row in rows:
        append_line(path, row)
    whole = path.read_bytes()
    for _ in range(places):
        path.write_bytes(damage(whole, moments))
        told: list[str] = []
        found = read_jsonl(path, told.append)
        assert all(row in rows for row in found)
        # a file cut at the end of a line has lost the rest without a trace: the arms' own files have the rows
        assert told or found == rows[: len(found)]


@DAMAGES
@PLACES
def test_damaged_arrays_are_refused_or_what_they_were(tmp_path: Path, damage: Damage, places: int) -> None:
    path, moments = tmp_path / "predictions.npz", random.Random(places)
    arrays = {"probabilities": np.random.default_rng(0).random((30, 4)), "labels": np.arange(30)}
    write_npz(path, arrays)
    whole, refused = path.read_bytes(), 0
    for _ in range(places):
        path.write_bytes(damage(whole, moments))
        try:
            found = read_npz(path)
        except DamagedFileError:
            refused += 1
            continue
        assert {name: value.tolist() for name, value in found.items()} == {
            name: value.tolist() for name, value in arrays.items()
        }
    assert refused > places / 2
