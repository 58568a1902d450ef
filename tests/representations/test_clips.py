"""Clips in pixels: which frame is a view, what generated clips are, and that all frames are scored."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganlift.data.types import Task
from ganlift.representations import ClipSpace
from ganlift.strategies.setup import predict, space_of

SPACE = ClipSpace(1, 8, flips=False, frames=3)


def clips(count: int = 40) -> Tensor:
    """Frame j of every clip is j / 2 - 1/2 throughout: -0.5, 0 and 0.5."""
    return (torch.arange(3) / 2 - 0.5).view(1, 3, 1, 1, 1).expand(count, 3, 1, 8, 8)


def test_a_task_of_clips_is_learned_from_as_clips() -> None:
    items = np.zeros((4, 3, 1, 8, 8), np.uint8)
    labels = np.array([0, 0, 1, 1])
    assert space_of(Task(items, labels, items, labels, items[:0], ("a", "b"), flips=False)) == SPACE


def test_a_view_is_one_frame_drawn_and_the_unchanged_one_is_the_middle_frame() -> None:
    rng = torch.Generator().manual_seed(0)
    for draw in (SPACE.genuine, SPACE.weak):
        views = draw(clips(), rng)
        assert views.shape == (40, 1, 8, 8)
        assert set(views[:, 0, 4, 4].tolist()) == {-0.5, 0.0, 0.5}
    assert SPACE.strong(clips(), rng).shape == SPACE.labelled(clips(), "trivial", rng).shape == (40, 1, 8, 8)
    assert SPACE.mixes(clips(), rng).shape == (40, 1, 8, 8)
    assert SPACE.unchanged(clips()).unique().tolist() == [0.0]


def test_generated_views_become_clips_of_equal_frames() -> None:
    items = SPACE.items(torch.full((2, 1, 8, 8), -1.0))
    assert items.shape == (2, 3, 1, 8, 8)
    assert items.dtype == torch.uint8
    assert items.unique().tolist() == [0]


class OfBrightness(nn.Module):
    """Logits of two classes: 0, and log 3 where the image is bright."""

    def forward(self, x: Tensor) -> Tensor:
        bright = (x.mean((1, 2, 3)) > 0).float() * float(np.log(3))
        return torch.stack([torch.zeros_like(bright), bright], 1)


def test_what_is_scored_is_the_mean_of_the_frames_probabilities() -> None:
    """By hand: a dark frame has 1/2, a bright one 3/4; one bright frame of three gives (1/2 + 1/2 + 3/4) / 3 = 7/12."""
    items = torch.zeros((5, 3, 1, 8, 8), dtype=torch.uint8)
    items[:, 2] = 255
    items[4] = 255
    found = predict(OfBrightness(), items, SPACE.plain, batch_size=2)
    assert found[:, 1].tolist() == pytest.approx([7 / 12] * 4 + [3 / 4])
