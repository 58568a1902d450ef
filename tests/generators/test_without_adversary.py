"""`vae`, `autoencoder` and `gaussian`: their equations by hand, and what the bank of images keeps."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ganlift.generators.autoencoder import Autoencoder, AutoencoderOptions
from ganlift.generators.base import ImageShape
from ganlift.generators.gaussian import Gaussian, GaussianOptions
from ganlift.generators.vae import VAE, VAEOptions, gaussian_divergence
from ganlift.layers.bank import Bank
from ganlift.layers.coders import Decoder, Encoder

CPU = torch.device("cpu")


def noise(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def never(name: str, loss: Tensor) -> None:
    raise AssertionError("no optimiser here")


def test_divergence_by_hand() -> None:
    mean, log_variance = torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.tensor([[0.0, math.log(4.0)], [0.0, 0.0]])
    # ½ (1 + 1 − 1 − 0) + ½ (0 + 4 − 1 − log 4); a standard normal has none
    expected = torch.tensor([0.5 + 0.5 * (3 - math.log(4.0)), 0.0])
    torch.testing.assert_close(gaussian_divergence(mean, log_variance), expected)


def test_beta_grows_with_the_images_seen() -> None:
    real, labels = torch.zeros(4, 1, 8, 8), torch.tensor([0, 1, 0, -1])

    def losses(warm_up: int) -> list[float]:
        torch.manual_seed(0)
        model = VAE(ImageShape(1, 8, 2), VAEOptions(width=4, warm_up=warm_up, beta=100.0), CPU)
        seen: list[float] = []
        rng = noise()
        for _ in range(3):  # no update: the weights stay, only the count of images moves
            model.step(real, labels, rng, lambda name, loss: seen.append(loss.item()))
        return seen

    with torch.random.fork_rng(devices=[]):
        growing, whole = losses(8), losses(0)
    assert growing[0] < growing[1] < growing[2]
    assert growing[2] == pytest.approx(whole[2])  # after 8 images


def test_an_unknown_class_is_a_condition_of_its_own() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder, decoder = Encoder(1, 2, 4, 1, 4, 3), Decoder(1, 2, 4, 1, 4, 3)
    z, labels = torch.randn(6, 3, generator=noise()), torch.tensor([0, 1, 0, 1, 0, 1])
    decoder(z, torch.full((6,), -1)).square().sum().backward()
    assert decoder.embedding is not None
    assert decoder.embedding.weight.grad is not None
    rows = decoder.embedding.weight.grad.abs().sum(1)
    assert rows[0] == rows[1] == 0 < rows[2]
    assert encoder(torch.zeros(6, 1, 8, 8), labels).shape == (6, 3)


def test_the_bank_keeps_the_last_of_each_class_and_none_of_unknown_class() -> None:
    bank = Bank(2, 2, (1, 1, 1))

    def add(values: list[float], labels: list[int]) -> None:
        bank.add(torch.tensor(values).view(-1, 1, 1, 1), torch.tensor(labels))

    add([-1.0, 0.0, 1.0], [0, -1, 1])
    assert bank.counts.tolist() == [1, 1]
    add([-0.2, 0.2], [0, 0])  # the second of them takes the place of the oldest
    assert bank.counts.tolist() == [2, 1]
    assert sorted(bank.images[0].flatten().tolist()) == [102, 153]
    assert bank.images[1, 0].item() == 255
    add([0.0, 0.5, 1.0], [1, 1, 1])  # more than there is room for in one batch
    assert bank.seen.tolist() == [3, 4]
    assert bank.counts.tolist() == [2, 2]


@pytest.fixture
def gaussian() -> Gaussian:
    model = Gaussian(ImageShape(1, 8, 2), GaussianOptions(kept=8, prior=4.0), CPU)
    real = (0.2 * torch.randn(16, 1, 8, 8, generator=noise(3))).clamp(-0.9, 0.9)
    real[8:] = real[8:] * 0.5 + 0.3
    model.step(real, torch.arange(16) // 8, noise(), never)
    return model


def test_samples_have_the_mean_and_the_shrunk_covariance(gaussian: Gaussian) -> None:
    made = gaussian.sample(20_000, torch.ones(20_000, dtype=torch.int64), noise(1)).flatten(1)
    kept = gaussian.modules()["generator"].bank.values().flatten(2)  # type: ignore[operator, union-attr]
    own = [torch.cov(group.T, correction=0) for group in kept]
    a = 8 / (8 + 4.0)
    expected = a * own[1] + (1 - a) * (own[0] + own[1]) / 2
    torch.testing.assert_close(made.mean(0), kept[1].mean(0), atol=0.01, rtol=0)
    torch.testing.assert_close(torch.cov(made.T), expected, atol=0.003, rtol=0)


def test_a_class_without_images_is_drawn_from_all(gaussian: Gaussian) -> None:
    model = Gaussian(ImageShape(1, 8, 3), GaussianOptions(kept=8), CPU)
    real = gaussian.modules()["generator"].bank.values().flatten(0, 1)  # type: ignore[operator, union-attr]
    model.step(real, torch.arange(16) // 8, noise(), never)
    made = model.sample(4_000, torch.full((4_000,), 2), noise(1))
    torch.testing.assert_close(made.mean(0), real.mean(0), atol=0.03, rtol=0)


def test_a_sample_lies_between_two_other_images_of_its_class() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Autoencoder(ImageShape(1, 8, 2), AutoencoderOptions(width=4, kept=4), CPU)
    real, labels = torch.rand(6, 1, 8, 8, generator=noise()) * 2 - 1, torch.tensor([0, 0, 0, 1, 1, 1])
    module = model.modules()["generator"].eval()
    module.bank.add(real, labels)  # type: ignore[operator, union-attr]
    kept = module.bank.values()[1, :3]  # type: ignore[operator, union-attr, index]
    of_class = torch.ones(1, dtype=torch.int64)
    with torch.no_grad():
        codes = module.encoder(kept, of_class.expand(3))  # type: ignore[operator]
        for first, apart in ((0, 1), (1, 1), (2, 2)):
            # Φ(z) of thirds is the image, of halves which other one
            uniform = torch.tensor([[first / 3 + 0.1, (apart - 1) / 2 + 0.1, 0.25]])
            made = module(torch.special.ndtri(uniform), of_class)
            between = 0.75 * codes[first] + 0.25 * codes[(first + apart) % 3]
            expected = module.decoder(between[None], of_class)  # type: ignore[operator]
            torch.testing.assert_close(made, expected, atol=1e-5, rtol=1e-4)
