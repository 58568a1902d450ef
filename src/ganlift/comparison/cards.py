"""How many jobs share a GPU: as many as its memory and the cores hold, by what the first steps of every arm took.

Memory and cores are asked and no clock: what sharing gains depends on the card, and a job that has its memory does no
harm where it gains nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

CONTEXT = 500_000_000
"""Bytes that a process takes of a GPU before it has computed anything there, about."""

LEFT = 20
"""Percent of the free memory that is left alone: other shapes than the first steps' take more at times."""

MOST = 8
"""Jobs on a card that are tried at most."""


@dataclass(frozen=True)
class Sharing:
    """``jobs`` on each card, and why.

    Attributes:
        needs_bytes: what the arm that takes most, and its process, were seen to hold of a card in the first steps.
        free_bytes: what was free on the fullest card, that arm's own included.
        limit: what allows no more, ``memory`` or ``cores``.
    """

    jobs: int
    needs_bytes: int
    free_bytes: int
    limit: Literal["memory", "cores"]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def share(peak: int, free: int, cores: int, cards: int) -> Sharing:
    """How jobs share cards; the arguments are those of `jobs_a_card`."""
    jobs, in_memory = jobs_a_card(peak, free, cores, cards), jobs_a_card(peak, free, MOST * cards, cards)
    return Sharing(jobs, peak + CONTEXT, free, "cores" if jobs < in_memory else "memory")


def jobs_a_card(peak: int, free: int, cores: int, cards: int) -> int:
    """How many jobs a card takes, 1 to `MOST`.

    Args:
        peak: bytes that the arm which takes most holds of a card, its process's own `CONTEXT` not counted.
        free: bytes that are free on the fullest card.
        cores: jobs that there are cores for, on all cards together.
        cards: GPUs that jobs are spread over, at least 1.
    """
    in_memory = free * (100 - LEFT) // (100 * (peak + CONTEXT))
    return max(1, min(MOST, in_memory, cores // cards))
