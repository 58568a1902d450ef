"""Terms on unlabelled images: by hand, one at a time, and put together."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from ganlift.data.types import Task
from ganlift.losses import consistency
from ganlift.strategies.base import strategies
from ganlift.strategies.pseudo_label import height
from ganlift.strategies.setup import Setup
from ganlift.strategies.terms import Forward, GuessOptions, Moment, TeacherOptions, guesses, teacher, turns
from ganlift.strategies.thresholds import AdaptiveThresholds
from ganlift.training.phase import Budget
from ganlift.training.pixels import Batch
from ganlift.training.rng import Rng

CPU = torch.device("cpu")


@pytest.fixture
def setup(task: Task) -> Setup:
    return Setup(task, Budget(4, 8), Rng(0, "terms", CPU), CPU)


def moment(logits: dict[str, torch.Tensor], progress: float = 0.5, predicts: nn.Module | None = None) -> Moment:
    return Moment(Forward({}, logits), torch.zeros(2, 1, 8, 8), progress, predicts or nn.Identity())


def unlabelled(x: torch.Tensor) -> Batch:
    return Batch(x, torch.full((len(x),), -1), torch.arange(len(x)))


def test_pseudo_labels_grow_linearly() -> None:
    assert [height(share, 0.1, 0.6) for share in (0.0, 0.1, 0.35, 0.6, 0.9)] == pytest.approx([0, 0, 0.5, 1, 1])
    assert height(0.5, 0.5, 0.5) == 1.0


def test_only_confident_guesses_teach(setup: Setup) -> None:
    term = guesses(setup, GuessOptions(threshold=0.7, consistency_weight=2.0))
    sure, unsure = [0.0, math.log(4.0)], [0.0, math.log(2.0)]  # 0.8 and 0.67
    out = {"unlabelled": torch.tensor([sure, unsure]), "strong": torch.tensor([[0.0, 0.0], [0.0, 0.0]])}
    assert term.loss(moment(out)).item() == pytest.approx(math.log(2) / 2)  # over the whole batch
    assert term.weight == 2.0
    assert set(term.views(unlabelled(torch.zeros(2, 1, 8, 8)))) == {"strong"}


def test_thresholds_follow_the_classifier_class_by_class(setup: Setup) -> None:
    adaptive = AdaptiveThresholds(2, steps=100, device=CPU)  # looks two steps back: half is memory
    logits = torch.tensor([[0.8, 0.2], [0.6, 0.4]]).log()
    # surest 0.7 and evenly 0.5 give 0.6; shares (0.7, 0.3) and (0.5, 0.5) give (0.6, 0.4)
    assert adaptive.update(logits).tolist() == pytest.approx([0.6, 0.4])
    # 0.65; (0.65, 0.35)
    assert adaptive.update(logits).tolist() == pytest.approx([0.65, 0.35])
    again = AdaptiveThresholds(2, steps=100, device=CPU)
    again.load_state_dict(adaptive.state_dict())
    assert torch.equal(again.update(logits), adaptive.update(logits))


def test_a_class_has_its_own_threshold() -> None:
    weak = torch.tensor([[0.8, 0.2], [0.3, 0.7]]).log()
    strong = torch.zeros(2, 2)
    assert consistency(weak, strong, torch.tensor([0.9, 0.6])).item() == pytest.approx(math.log(2) / 2)
    assert consistency(weak, strong, torch.tensor([0.8, 0.8])).item() == pytest.approx(math.log(2) / 2)
    assert consistency(weak, strong, torch.tensor([0.75, 0.65])).item() == pytest.approx(math.log(2))


class Always(nn.Module):
    """Predicts evenly over two classes."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(x), 2)


def test_the_teacher_is_the_averaged_classifier(setup: Setup) -> None:
    term = teacher(setup, TeacherOptions(teacher_ramp=0.5))
    out = {"unlabelled": torch.tensor([[0.0, math.log(3.0)]]).repeat(2, 1)}
    assert term.loss(moment(out, 0.5, Always())).item() == pytest.approx(1 / 16)
    assert term.loss(moment(out, 0.0, Always())).item() == pytest.approx(math.exp(-5) / 16)


def test_an_image_is_turned_by_its_place(setup: Setup) -> None:
    classifier = setup.new_classifier()
    options = strategies.get("fixmatch-rotation").options()
    term = turns(setup, options, classifier)  # type: ignore[arg-type]
    bar = torch.full((4, 1, 8, 8), -1.0)
    bar[:, :, :, :4] = 1.0  # the left half, so that it survives the crop
    upright, quarter, half, three = term.views(unlabelled(bar))["turned"]
    assert upright[0, :, :4].mean() > upright[0, :, 4:].mean()
    assert half[0, :, 4:].mean() > half[0, :, :4].mean()
    above, below = ((one[0, :4].mean() > one[0, 4:].mean()).item() for one in (quarter, three))
    assert above != below
    assert set(term.heads) == {"rotation"}


GENERATOR_S = {"generator_lr", "matching", "generator_every", "generator_until", "conditional", "class_weight"}


def test_mixes_are_rivals_with_every_option_of_their_arm_but_the_generators() -> None:
    for arm, mix in (("sgan", "sgan-mix"), ("sgan-fixmatch", "fixmatch-mix")):
        assert strategies.get(mix).kind == "rival"  # nothing is generated, and it may do as well
        own, other = strategies.get(arm).options, strategies.get(mix).options
        assert set(own.model_fields) - set(other.model_fields) == GENERATOR_S
        assert other.model_fields.keys() <= own.model_fields.keys()
        assert all(getattr(own(), name) == getattr(other(), name) for name in other.model_fields)


def test_arms_that_are_put_together_have_the_options_of_their_parts() -> None:
    both = strategies.get("sgan-fixmatch-rotation").options
    for part in ("sgan", "fixmatch", "fixmatch-rotation"):
        assert strategies.get(part).options.model_fields.keys() <= both.model_fields.keys()
    assert both().model_dump()["threshold"] == strategies.get("sgan-fixmatch").options().model_dump()["threshold"]
