"""The kinds of comparisons that `calibration.py` simulates, and which answers would be wrong in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ganlift.verdict import AUTO, THOROUGH, Looks, one_look
from ganlift.verdict.arms import IN_TIME
from ganlift.verdict.simulate import Spread
from ganlift.verdict.types import HELPS, HURTS, NO_GAIN
from ganlift.yardstick import ACCURACY, MACRO_RECALL, Yardstick

ALPHA = 0.05
MARGIN = 0.01
GANS = ("gan-1", "gan-2", "gan-3", "gan-4")
FAMILY = {"augment": "baseline", **dict.fromkeys(GANS, "gan")}
RIVALS = {"augment": "baseline", "rotation": "rival", "fixmatch": "rival", **dict.fromkeys(GANS, "gan")}
ALONE = {"augment": "baseline", "gan-1": "gan"}
SEEDS = (3, 5, 10)

SPREAD = Spread(accuracy=0.73, difficulty=0.72, arm_images=0.01, seed_images=0.21, seed_sd=0.016, arm_sd=0.006)
"""Of ``benchmarks/results/looks/fashion-mini``, rounded: Fashion-MNIST with 10 labels a class. An
arm's accuracy varies over seeds by about 2 points, the difference of two arms by about 1.2."""

APART: dict[str, float] = {"difficulty": 0.5, "arm_images": 0.2, "seed_images": 0.2}
"""Arms that differ much in which images they are right on."""

TESTS: tuple[tuple[int, dict[str, float]], ...] = ((500, APART), (6000, {"arm_images": 0.0}))
"""Test images, and what of the spread is another, on which other forms are tried."""


@dataclass(frozen=True)
class Scenario:
    """A kind of comparison in which every claim of ``false`` is wrong.

    ``in_time`` are the gains of arms without a GAN once they are given a GAN arm's time, three times their own; where
    there are any, the claim must hold in equal time as well.
    """

    name: str
    says: str
    changes: Mapping[str, float] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=lambda: FAMILY)
    gains: Mapping[str, float] = field(default_factory=dict)
    restless: Mapping[str, float] = field(default_factory=dict)
    in_time: Mapping[str, float] = field(default_factory=dict)
    images: int = 2000
    validation: int = 100
    overlap: float = 0.0
    same_images: bool = True
    ratio: float = 1.0
    measure: Yardstick = ACCURACY
    false: tuple[str, ...] = (HELPS, HURTS)
    looks: tuple[Looks, ...] = tuple(one_look(count) for count in SEEDS)

    @property
    def all_kinds(self) -> dict[str, str]:
        """Kind of each arm by name, those that were given another's time among them."""
        return {**self.kinds, **dict.fromkeys(self._timed, IN_TIME)}

    @property
    def all_gains(self) -> dict[str, float]:
        return {**self.gains, **self._timed}

    @property
    def _timed(self) -> dict[str, float]:
        gans = [name for name, kind in self.kinds.items() if kind == "gan"]
        return {f"{rival}-{IN_TIME}-of-{gan}": gain for rival, gain in self.in_time.items() for gan in gans}


TAILED: dict[str, Any] = {"ratio": 100.0, "measure": MACRO_RECALL}
PLANNED: dict[str, Any] = {"looks": (AUTO, THOROUGH)}


def without_gan(count: int, behind: float) -> dict[str, Any]:
    """``count`` arms without a GAN, all but one of them ``behind`` points worse, and GAN arms as good as that one."""
    others = [f"rival-{index}" for index in range(1, count)]
    return {
        "kinds": {"augment": "baseline", **dict.fromkeys(others, "rival"), **dict.fromkeys(GANS, "gan")},
        "gains": dict.fromkeys(others, -behind / 100),
    }


def in_equal_time(says: str, behind: float, **catches_up: float) -> Scenario:
    """GAN arms 2 points ahead at equal steps, ``rotation`` and ``fixmatch`` ``behind`` the baseline there."""
    return Scenario(
        "in equal time",
        says,
        kinds=RIVALS,
        gains={**dict.fromkeys(GANS, 0.02), **dict.fromkeys(("rotation", "fixmatch"), -behind / 100)},
        in_time={"augment": 0.0, "rotation": 0.0, "fixmatch": 0.0, **catches_up},
        false=(HELPS,),
        looks=(one_look(5), one_look(10), AUTO, THOROUGH),
    )


def unequal(count: int, behind: float, validation: int, name: str = "rivals unequal", **changes: Any) -> Scenario:
    told = f"{count} arms without a GAN, all but one {behind:g} points behind, {validation} validation images"
    fixed = {"looks": (one_look(5), one_look(10)), "validation": validation}
    return Scenario(name, told, **{**without_gan(count, behind), **fixed, **changes})


SCENARIOS = (
    Scenario("same method", "four GAN arms that are the reference again", {"arm_images": 0.0}),
    Scenario("equal on average", "right on other images, as often"),
    Scenario("small test set", "500 images, arms differ much in which are right", APART, images=500),
    Scenario("chosen reference", "the reference is the best of three on 100 validation images", kinds=RIVALS),
    Scenario("own test images", "each seed draws its own 500 test images", images=500, same_images=False),
    Scenario("labels overlap", "seeds share 30 % of their labels", overlap=0.3),
    Scenario("seeds alike", "no spread over seeds but that of images", {"seed_sd": 0.0, "arm_sd": 0.0}),
    Scenario("macro recall", "the largest class has 100 times the test images of the smallest", **TAILED),
    Scenario(
        "macro recall, small",
        "500 such images, own ones for each seed",
        images=500,
        same_images=False,
        **TAILED,
    ),
    Scenario(
        "macro recall, seeds alike",
        "500 such images, arms differ much in which are right",
        {"seed_sd": 0.0, "arm_sd": 0.0, **APART},
        images=500,
        **TAILED,
    ),
    Scenario("restless arm", "one GAN arm varies twice as much over seeds", restless={"gan-1": 2.0}, kinds=RIVALS),
    Scenario("very restless arm", "one GAN arm varies three times as much", restless={"gan-1": 3.0}, kinds=RIVALS),
    Scenario("restless GANs", "all GAN arms vary twice as much", restless=dict.fromkeys(GANS, 2.0), kinds=RIVALS),
    Scenario(
        "restless rivals",
        "two of three arms without a GAN vary five times as much",
        restless={"rotation": 5.0, "fixmatch": 5.0},
        kinds=RIVALS,
    ),
    *(unequal(count, behind, images) for count in (3, 9) for behind in (1, 2, 3) for images in (40, 100, 500)),
    unequal(3, 2, 100, **TAILED),
    unequal(9, 2, 40, **TAILED),
    Scenario(
        "gain at the margin",
        "four GAN arms truly 1 point better: neither no gain nor hurts is true",
        kinds=RIVALS,
        gains=dict.fromkeys(GANS, MARGIN),
        false=(HURTS, NO_GAIN),
    ),
    Scenario(
        "gain at the margin, many rivals",
        "four GAN arms truly 1 point better than each of nine arms without a GAN",
        **{**without_gan(9, 0), "gains": dict.fromkeys(GANS, MARGIN)},
        false=(HURTS, NO_GAIN),
    ),
    Scenario("equal on average, looks", "right on other images, as often", kinds=RIVALS, **PLANNED),
    Scenario(
        "restless arm, looks", "one GAN arm varies twice as much", restless={"gan-1": 2.0}, kinds=RIVALS, **PLANNED
    ),
    Scenario("macro recall, looks", "largest class 100 times the smallest", kinds=RIVALS, **TAILED, **PLANNED),
    unequal(3, 2, 100, **PLANNED, name="rivals unequal, looks"),
    unequal(9, 2, 40, **PLANNED, name="rivals unequal, looks"),
    Scenario(
        "gain at the margin, looks",
        "four GAN arms truly 1 point better",
        kinds=RIVALS,
        gains=dict.fromkeys(GANS, MARGIN),
        false=(HURTS, NO_GAIN),
        **PLANNED,
    ),
    in_equal_time("three arms gain 2 points by the GAN arms' time", 0, augment=0.02, rotation=0.02, fixmatch=0.02),
    in_equal_time("one of three gains 2 points by it", 0, fixmatch=0.02),
    in_equal_time("one of three, behind the others, gains 2.5 points by it", 0.5, fixmatch=0.02),
    in_equal_time("one of three, further behind, gains 3 points by it", 1, fixmatch=0.02),
)
