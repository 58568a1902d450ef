"""Dropout from an explicit generator."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganlift.layers.dropout import Dropout, set_dropout_rng


def test_share_and_scale() -> None:
    layer = Dropout(0.25)
    set_dropout_rng(layer, torch.Generator().manual_seed(0))
    out = layer(torch.ones(200, 200))
    assert out.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert (out == 0).float().mean().item() == pytest.approx(0.25, abs=0.01)
    assert out.mean().item() == pytest.approx(1.0, abs=0.02)


def test_every_dropout_of_a_module_is_reached_and_nothing_enters_the_state() -> None:
    model = nn.Sequential(Dropout(0.1), nn.Sequential(nn.Linear(2, 2), Dropout(0.2)))
    rng = torch.Generator()
    set_dropout_rng(model, rng)
    assert [child.rng for child in model.modules() if isinstance(child, Dropout)] == [rng, rng]
    assert list(model.state_dict()) == ["1.0.weight", "1.0.bias"]


def test_without_dropout_no_generator_is_needed() -> None:
    x = torch.ones(3)
    assert Dropout(0.0)(x) is x
    assert Dropout(0.9).eval()(x) is x


@pytest.mark.parametrize("p", [-0.1, 1.0])
def test_shares_out_of_range_are_refused(p: float) -> None:
    with pytest.raises(ValueError, match="dropout"):
        Dropout(p)
