"""Randomness by purpose: one generator for each (seed, owner, purpose), never torch's global one.

The owner is an arm's name, or a generator's where several arms share it. Two purposes never share a
stream, so adding a draw in one place moves no other. What is ``common`` to the arms of a seed, initial weights of
the same network and the order of the images, has them all for its owner: arms are compared within a seed, and what
they share cannot part them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

ALL_ARMS = "all arms"
"""The owner of what the arms of a seed have in common."""


class Rng:
    """Generators derived from (seed, owner, purpose), made on first use and kept.

    Args:
        seed: the arm's seed.
        owner: whose randomness this is, such as ``"sgan"`` or ``"generator/sngan"``.
        device: where the generators live; draws of images and masks happen there.
    """

    def __init__(self, seed: int, owner: str, device: torch.device | None = None) -> None:
        self.seed = seed
        self.owner = owner
        self.device = device or torch.device("cpu")
        self._generators: dict[str, torch.Generator] = {}

    def derive(self, purpose: str, *, common: bool = False) -> int:
        """A 63-bit seed for ``purpose``, of this owner or ``common`` to all arms of the seed."""
        owner = ALL_ARMS if common else self.owner
        digest = hashlib.sha256(f"{self.seed}/{owner}/{purpose}".encode()).digest()
        return int.from_bytes(digest[:8], "little") >> 1

    def generator(self, purpose: str, *, common: bool = False) -> torch.Generator:
        """The generator of ``purpose``, seeded as `derive` says; the same object at every call."""
        if purpose not in self._generators:
            made = torch.Generator(device=self.device)
            made.manual_seed(self.derive(purpose, common=common))
            self._generators[purpose] = made
        return self._generators[purpose]

    def state_dict(self) -> dict[str, Tensor]:
        return {purpose: generator.get_state() for purpose, generator in self._generators.items()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        for purpose, value in state.items():
            self.generator(purpose).set_state(value)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's global generator inside the block and restore it after.

    For constructors alone: torch's layers draw their initial weights from the global generator.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
