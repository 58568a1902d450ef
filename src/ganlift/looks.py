"""Planned looks at a comparison: after how many seeds it is judged, and what of the error each look may spend.

Whoever looks at 5 seeds, is not content and adds 5 more has two chances of a false claim. Looks that are planned share
one: with the error split beforehand, a_1 + a_2 + ... = a, the chance of a false claim at any of them is at most a
(Bonferroni), whatever stops the comparison.
"""

from __future__ import annotations

from dataclasses import dataclass

from ganlift.errors import ConfigError


@dataclass(frozen=True)
class Looks:
    """When a comparison is judged.

    Attributes:
        seeds: how many seeds there are at each look, rising.
        shares: of the error, at each look; their sum is 1.
    """

    seeds: tuple[int, ...]
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip((0, *self.seeds), self.seeds, strict=False))
        if not self.seeds or not rising or len(self.shares) != len(self.seeds):
            raise ConfigError(f"Looks take rising numbers of seeds and a share each, not {self.seeds}, {self.shares}.")
        if min(self.shares) <= 0 or abs(sum(self.shares) - 1.0) > 1e-9:
            raise ConfigError(f"The shares of the error at the looks are above 0 and sum to 1, not {self.shares}.")


AUTO = Looks((3, 5, 7), (0.2, 0.3, 0.5))
THOROUGH = Looks((5, 10, 20), (0.2, 0.3, 0.5))


def one_look(seeds: int) -> Looks:
    """The fixed design: all ``seeds``, then one judgement."""
    return Looks((max(1, seeds),), (1.0,))
