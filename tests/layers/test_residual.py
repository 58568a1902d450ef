"""Blocks of residual GANs: what is halved and doubled, against the papers' order of operations."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.layers.attention import SelfAttention
from ganlift.layers.conditional_norm import EmbeddedBatchNorm
from ganlift.layers.residual import DownBlock, UpBlock, as_it_is, down_blocks
from ganlift.layers.resnext import GroupedBlock, Resample


class Passed(nn.Module):
    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        return x


def test_a_shortcut_on_the_small_plane_is_the_papers() -> None:
    torch.manual_seed(0)
    x, condition = torch.randn(2, 3, 8, 8), torch.zeros(2, dtype=torch.int64)
    up = UpBlock(3, 5, lambda width: Passed())
    big = F.interpolate(x, scale_factor=2)
    residual = up.convolutions[1](F.relu(up.convolutions[0](F.relu(big))))
    torch.testing.assert_close(up(x, condition), residual + up.shortcut(big))
    down = DownBlock(3, 5, as_it_is)
    residual = F.avg_pool2d(down.convolutions[1](F.relu(down.convolutions[0](F.relu(x)))), 2)
    torch.testing.assert_close(down(x), residual + F.avg_pool2d(down.shortcut(x), 2))


@pytest.mark.parametrize(
    ("doublings", "base", "halvings"), [(3, 4, 2), (2, 7, 2), (1, 4, 1), (1, 6, 1), (5, 4, 4), (2, 9, 2)]
)
def test_the_discriminator_halves_down_to_about_eight(doublings: int, base: int, halvings: int) -> None:
    side = base * 2**doublings
    for growth in (1, 2):
        blocks, width = down_blocks(1, 2, doublings, base, as_it_is, growth)
        assert width == 2 * growth**halvings
        planes = nn.Sequential(*blocks)(torch.zeros(1, 1, side, side))
        assert planes.shape == (1, width, side // 2**halvings, side // 2**halvings)


def test_resampling_by_hand() -> None:
    # a row (8, 0, 0, 16), the same in every line: halved (3·8 / 8, 3·16 / 8) inside, less at the edges above and below
    line = torch.tensor([8.0, 0.0, 0.0, 16.0])
    x = line.expand(1, 1, 4, 4)
    edge = 7 / 8  # of the filter, inside of the plane
    assert Resample(4, up=False)(x)[0, 0, 0].tolist() == pytest.approx([3.0 * edge, 6.0 * edge])
    # doubled: each pixel gives 1/4, 3/4, 3/4, 1/4
    doubled = Resample(2, up=True)(torch.tensor([4.0, 8.0]).expand(1, 1, 2, 2))
    assert doubled[0, 0, 1].tolist() == pytest.approx([3.0, 5.0, 7.0, 6.0])


def test_a_grouped_block_begins_as_the_identity() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 16, 4, 4)
    block = GroupedBlock(16, depth=4)
    assert torch.equal(block(x), x)
    assert block.body[2].groups == 2
    # fix-up: He's gain √(2 / 1.04) times 4^(-1/4), over the root of 16 inputs
    assert block.body[0].weight.std().item() == pytest.approx((2 / 1.04) ** 0.5 * 4**-0.25 / 4, rel=0.1)


def test_attention_begins_as_the_identity_and_then_weighs_values() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 8, 4, 4)
    attention = SelfAttention(8, as_it_is)
    assert torch.equal(attention(x), x)
    with torch.no_grad():
        attention.share.fill_(1.0)
        attention.query.weight.zero_()  # every place then looks everywhere alike: at the mean of the values
    mean = F.max_pool2d(attention.value(x), 2).mean(dim=(2, 3), keepdim=True)
    torch.testing.assert_close(attention(x), x + attention.out(mean).expand_as(x))


def test_an_embedded_norm_is_linear_in_its_condition() -> None:
    torch.manual_seed(0)
    norm, x = EmbeddedBatchNorm(3, 2), torch.randn(4, 3, 2, 2)
    normal = F.batch_norm(x, None, None, training=True)
    torch.testing.assert_close(norm(x, torch.zeros(4, 2)), normal)
    with torch.no_grad():
        norm.scale.weight.fill_(1.0)
        norm.shift.weight.fill_(2.0)
    torch.testing.assert_close(norm(x, torch.ones(4, 2)), 3 * normal + 4)
