"""A clip's vector: the mean of its frames', and their deviation."""

from __future__ import annotations

import torch

from ganlift.layers.moments import SPREAD, moments


def test_moments_by_hand() -> None:
    """Frames (1, 4) and (3, 4): the mean is (2, 4), the deviation (1, 0)."""
    frames = torch.tensor([[[1.0, 4.0], [3.0, 4.0]]])
    assert moments(frames).tolist() == [[2.0, 4.0, SPREAD * 1.0, 0.0]]


def test_one_frame_has_no_spread_and_views_stay_apart() -> None:
    frames = torch.randn((5, 1, 4, 7), generator=torch.Generator().manual_seed(0))
    found = moments(frames)
    assert found.shape == (5, 4, 14)
    assert torch.equal(found[..., :7], frames[:, 0])
    assert found[..., 7:].count_nonzero() == 0
