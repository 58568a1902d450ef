"""What a phase is projected to take."""

from __future__ import annotations

import time

import pytest

from ganlift.training.pace import Pace


@pytest.mark.parametrize(("took", "each"), [([4.0], 4.0), ([4.0, 2.0], 3.0), ([4.0, 2.0, 1.0, 1.0], 1.0)])
def test_steps_after_the_warm_up_are_projected_and_those_of_it_where_there_are_no_others(
    took: list[float], each: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    pace = Pace(0, 0.0, 1)
    for done, seconds in enumerate(took, start=1):
        now += seconds
        pace.tick(done)
    assert pace.projected(len(took), 10) == pytest.approx(10 * each)
