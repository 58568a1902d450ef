"""Pictures of sound: what discriminators see them through keeps every band in its place."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ganlift.generators.base import PIXELS, generators
from ganlift.representations import PixelSpace, SpectrogramSpace
from ganlift.representations.base import Representation

BAND = 9
AUGMENTING = [
    name
    for name, entry in generators
    if entry.spaces == PIXELS and ({"colour", "speed"} & set(entry.options.model_fields))
]


def seen_by_the_discriminator(name: str, space: Representation) -> Tensor:
    """Pictures (n, 16, 16) of one loud band in silence, as the discriminator of generator ``name`` sees real ones."""
    entry, reals = generators.get(name), torch.full((32, 1, 16, 16), -1.0)
    reals[:, :, BAND, 4:12] = 1.0
    given = {} if name == "stylegan2-ada" else {"colour": True, "translation": True, "cutout": True}
    torch.manual_seed(0)
    model = entry.build(space.shape(0), entry.options.model_validate({**given, "width": 4}), torch.device("cpu"))
    judge, found = model.modules()["discriminator"], list[Tensor]()
    if "augment" in model.modules():
        model.modules()["augment"].p.fill_(1.0)  # type: ignore[operator, union-attr]
    getattr(judge, "body", judge).register_forward_pre_hook(lambda _, given: found.append(given[0].detach()))
    model.step(reals, torch.full((32,), -1), torch.Generator().manual_seed(0), lambda player, loss: None)
    return found[0][:32, 0]


@pytest.mark.parametrize("name", AUGMENTING)
def test_no_band_moves_on_the_way_to_a_discriminator(name: str) -> None:
    shown = seen_by_the_discriminator(name, SpectrogramSpace(1, 16, flips=False))
    loud = shown.amax(2).argmax(1)[shown.amax((1, 2)) > 0]  # in some a mask lies over the band
    assert len(loud) > 20
    assert set(loud.tolist()) == {BAND}
    starts = {int(one[BAND].argmax()) for one in shown}
    assert len(starts) > 2  # in time they do move
    of_photographs = seen_by_the_discriminator(name, PixelSpace(1, 16, flips=False))
    assert len(set(of_photographs.amax(2).argmax(1).tolist())) > 2


def test_these_are_the_generators_that_augment() -> None:
    assert {"sngan", "biggan", "r3gan", "wgan-gp", "stylegan2-ada"} <= set(AUGMENTING)
