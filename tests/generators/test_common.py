"""Sizes, labels of fakes, and the term of the class."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, truncnorm
from torch import nn

from ganlift.generators.base import ImageShape
from ganlift.generators.common import class_term, fake_labels, resolutions
from ganlift.generators.sngan import Discriminator, SNGANOptions
from ganlift.generators.trained import truncated


@pytest.mark.parametrize(
    ("size", "base", "doublings"), [(8, 4, 1), (12, 6, 1), (28, 7, 2), (32, 4, 3), (64, 4, 4), (20, 5, 2)]
)
def test_resolutions(size: int, base: int, doublings: int) -> None:
    assert resolutions(size) == (base, doublings)


@given(st.integers(2, 128))
def test_doubling_the_base_gives_the_size(quarter: int) -> None:
    base, doublings = resolutions(4 * quarter)
    assert base * 2**doublings == 4 * quarter
    assert base >= 4
    assert doublings >= 1


def test_fakes_take_the_known_classes_and_draw_the_others() -> None:
    labels = torch.tensor([2, -1, 0] + [-1] * 3000)
    made = fake_labels(labels, 3, torch.Generator().manual_seed(0))
    assert made[0] == 2
    assert made[2] == 0
    shares = torch.bincount(made[3:], minlength=3) / 3000
    assert shares.tolist() == pytest.approx([1 / 3] * 3, abs=0.03)
    assert torch.equal(fake_labels(labels, 0, torch.Generator()), labels)


def test_the_class_term_by_hand() -> None:
    embedding = nn.Embedding.from_pretrained(torch.tensor([[1.0, 2.0], [3.0, -1.0]]))
    features = torch.tensor([[1.0, 1.0], [2.0, 0.5], [5.0, 5.0]])
    assert class_term(embedding, features, torch.tensor([0, 1, -1])).tolist() == [3.0, 5.5, 0.0]


def test_an_unknown_class_leaves_the_unconditional_score() -> None:
    torch.manual_seed(0)
    judge = Discriminator(ImageShape(1, 28, 4), SNGANOptions(width=8)).eval()
    x = torch.rand(3, 1, 28, 28)
    unknown = judge(x, torch.full((3,), -1))
    torch.testing.assert_close(unknown, judge.head(judge.body(x)).flatten())
    assert not torch.allclose(judge(x, torch.zeros(3, dtype=torch.int64)), unknown)


def test_spectral_norms_are_one() -> None:
    torch.manual_seed(0)
    judge = Discriminator(ImageShape(1, 28, 4), SNGANOptions(width=8))
    for _ in range(50):  # one power iteration a forward
        judge(torch.zeros(1, 1, 28, 28), torch.zeros(1, dtype=torch.int64))
    for layer in judge.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding):
            largest = torch.linalg.matrix_norm(layer.weight.flatten(1), ord=2)
            assert largest.item() == pytest.approx(1.0, abs=0.05)


def test_a_truncated_latent_keeps_its_quantile() -> None:
    z = torch.tensor([-40.0, -1.0, 0.0, 0.5, 40.0])
    expected = truncnorm(-0.7, 0.7).ppf(norm.cdf(z.numpy()))
    torch.testing.assert_close(truncated(z, 0.7), torch.tensor(expected, dtype=torch.float32), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(truncated(z[1:4], 30.0), z[1:4])
