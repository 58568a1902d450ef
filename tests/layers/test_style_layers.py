"""The layers of StyleGAN2: equalised rates, filter, modulation, deviation in a batch; by hand and by other means."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from ganlift.layers.equalised import GAIN, EqualisedConv, EqualisedLinear
from ganlift.layers.fir import Fir
from ganlift.layers.minibatch_deviation import with_deviation
from ganlift.layers.modulated import ModulatedConv

TAPS = torch.tensor([1.0, 3.0, 3.0, 1.0])
KERNEL = (TAPS[:, None] * TAPS / 64)[None, None]


def test_equalised_layers_keep_the_variance_at_any_rate() -> None:
    torch.manual_seed(0)
    x = torch.randn(2000, 50)
    for layer in (EqualisedLinear(50, 60), EqualisedLinear(50, 60, rate=0.01)):
        assert layer(x).std().item() == pytest.approx(1.0, abs=0.05)
    assert EqualisedConv(8, 50, 3, GAIN)(torch.randn(20, 8, 9, 9))[:, :, 1:-1, 1:-1].var().item() == pytest.approx(
        2.0, abs=0.2
    )


def test_the_rate_scales_what_a_step_of_the_optimiser_does() -> None:
    slow, fast = EqualisedLinear(4, 1, rate=0.01, bias=1.0), EqualisedLinear(4, 1, bias=1.0)
    x = torch.ones(1, 4)
    assert fast(torch.zeros(1, 4)).item() == slow(torch.zeros(1, 4)).item() == 1.0
    moved = []
    for layer in (slow, fast):
        before = layer(x)
        with torch.no_grad():
            layer.weight += 1.0
        moved.append((layer(x) - before).item())
    assert moved == pytest.approx([0.02, 2.0], rel=1e-3)  # four weights of 1 / √4


def test_the_filter_doubles_and_halves_by_hand() -> None:
    line = torch.tensor([[4.0, 8.0]]).expand(2, 2)[None, None]
    # 3/4 of the nearer and 1/4 of the farther, nothing beyond the edge; down the columns 3/4 + 1/4 or 3/4
    assert Fir(2, "double")(line)[0, 0, 1].tolist() == pytest.approx([3.0, 5.0, 7.0, 6.0])
    assert Fir(2, "double")(line)[0, 0, 0].tolist() == pytest.approx([2.25, 3.75, 5.25, 4.5])
    plane = torch.tensor([8.0, 16.0, 24.0, 32.0]).expand(4, 4)[None, None]
    # (3 · 8 + 3 · 16 + 24) / 8 and (16 + 3 · 24 + 3 · 32) / 8, times 7/8 as the rows miss one tap of weight 1
    assert Fir(4, "halve")(plane)[0, 0, 0].tolist() == pytest.approx([12 * 7 / 8, 23 * 7 / 8])


@pytest.mark.parametrize("side", [4, 7, 14])
def test_strided_convolutions_are_those_of_the_larger_plane(side: int) -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(2, 1, side, side), torch.randn(1, 1, 3, 3)
    quick = Fir(side, "after-doubling")(F.conv_transpose2d(x, weight.flip(2, 3), stride=2))
    zeros = F.conv_transpose2d(x, torch.ones(1, 1, 1, 1), stride=2, output_padding=1)
    long = 4 * F.conv2d(F.pad(F.conv2d(F.pad(zeros, (1, 1, 1, 1)), weight), (2, 1, 2, 1)), KERNEL)
    torch.testing.assert_close(quick[..., 2:-2, 2:-2], long[..., 2:-2, 2:-2], rtol=1e-4, atol=1e-5)

    y = torch.randn(2, 1, 2 * side, 2 * side)
    quick = F.conv2d(Fir(2 * side, "before-halving")(y), weight, stride=2)
    long = F.conv2d(F.conv2d(F.pad(y, (2, 2, 2, 2)), KERNEL), weight)[..., ::2, ::2]
    torch.testing.assert_close(quick, long, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("double", [False, True])
def test_scaling_inputs_and_outputs_is_a_convolution_with_a_sample_s_own_weights(double: bool) -> None:
    torch.manual_seed(0)
    layer = ModulatedConv(5, 6, 8, 7, gain=GAIN, double=double)
    x, w = torch.randn(3, 5, 7, 7), torch.randn(3, 8)
    made = []
    for image, style in zip(x, layer.style(w), strict=True):
        own = layer.weight * style[None, :, None, None]
        own = own / (own.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt() * math.sqrt(2)
        if double:
            assert layer.smooth is not None
            made.append(layer.smooth(F.conv_transpose2d(image[None], own.transpose(0, 1), stride=2)))
        else:
            made.append(F.conv2d(image[None], own, padding=1))
    torch.testing.assert_close(layer(x, w), torch.cat(made), rtol=1e-4, atol=1e-4)


def test_the_deviation_by_hand_and_never_across_batches() -> None:
    x = torch.tensor([0.0, 0.0, 4.0, 4.0, 1.0, 1.0, 1.0, 7.0]).view(8, 1, 1, 1).expand(8, 1, 2, 2)
    planes = with_deviation(x)[:, 1]
    assert planes[:4].flatten().tolist() == pytest.approx([2.0] * 16)
    assert planes[4:].flatten().tolist() == pytest.approx([math.sqrt(6.75)] * 16)  # mean 2.5: 3 · 1.5² + 4.5² over 4
    # six images are one group; as two batches of three they are two
    assert with_deviation(x[:6])[:, 1].unique().numel() == 1
    apart = with_deviation(x[:6], batches=2)[:, 1, 0, 0]
    assert apart.tolist() == pytest.approx([math.sqrt(32 / 9)] * 3 + [math.sqrt(2)] * 3)
    assert with_deviation(x[:1])[0, 1].max() < 1e-3
