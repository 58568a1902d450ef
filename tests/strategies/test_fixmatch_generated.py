"""`fixmatch-generated`: what generated images do, and what their wanted class does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from ganlift.data.types import Task
from ganlift.strategies import fixmatch_generated
from ganlift.strategies.base import run_phases, strategies
from ganlift.strategies.pool import Pool
from ganlift.strategies.setup import Setup, predict
from ganlift.training.fit import Record, Settings
from ganlift.training.phase import Budget
from ganlift.training.pixels import Pixels
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")


def run(task: Task, **options: Any) -> tuple[Tensor, list[Record]]:
    entry = strategies.get("fixmatch-generated")
    setup = Setup(task, Budget(4, 8, 3), Rng(0, "arm", CPU), CPU)
    phases = entry.phases(setup, entry.options(pool=6, threshold=0.0, **options))
    outcome, records = run_phases(phases, lambda phase: Settings(make_fabric(CPU, "fp32")))
    return predict(outcome.classifier, torch.from_numpy(task.validation)), records


def test_images_count_and_labels_do_not(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    found, records = run(task)
    assert records[-1].seen == {"labelled": 32, "unlabelled": 32, "unlabelled too": 16}
    draw = fixmatch_generated.draw_pool

    def changed(how: str) -> Tensor:
        def drawn(*given: Any) -> Pool:
            pool = draw(*given)
            if how == "labels":
                return replace(pool, labels=torch.zeros_like(pool.labels))
            blank = torch.zeros_like(pool.images.take(torch.arange(len(pool.labels))), dtype=torch.uint8)
            return replace(pool, images=Pixels(blank, CPU))

        monkeypatch.setattr(fixmatch_generated, "draw_pool", drawn)
        return run(task)[0]

    assert torch.equal(changed("labels"), found)
    assert not torch.equal(changed("images"), found)


def test_a_real_image_counts_as_in_fixmatch(task: Task) -> None:
    """With the real guesses alone, the loss is 1 / (1 + ratio) of its weight: the arm makes up for that."""
    entry = strategies.get("fixmatch-generated")
    setup = Setup(task, Budget(4, 8, 3), Rng(0, "arm", CPU), CPU)
    seen: list[float] = []

    def watched(*given: Any, **more: Any) -> Any:
        seen.extend(term.weight for term in given[3])
        return semi_phase(*given, **more)

    semi_phase = fixmatch_generated.semi_phase
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fixmatch_generated, "semi_phase", watched)
        options = entry.options(pool=6, ratio=0.5, consistency_weight=2.0)
        run_phases(entry.phases(setup, options), lambda phase: Settings(make_fabric(CPU, "fp32")))
    assert seen == [3.0]
