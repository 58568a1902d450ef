"""What is particular to StyleGAN2: lazy penalties, styles, noise of the latent; and ADA inside of it."""

from __future__ import annotations

import copy
from typing import Any, cast

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from ganlift.augment.ada import AdaptiveAugment
from ganlift.generators.base import ImageShape, generators
from ganlift.generators.stylegan2 import StyleGAN2
from ganlift.penalties import path_lengths, r1_penalty

SHAPE = ImageShape(1, 8, 10)


def build(name: str = "stylegan2", seed: int = 0, **options: Any) -> StyleGAN2:
    entry = generators.get(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        chosen = entry.options.model_validate({"width": 4, "latent": 16, **options})
        return cast(StyleGAN2, entry.build(SHAPE, chosen, torch.device("cpu")))


def digits(n: int = 8) -> tuple[Tensor, Tensor]:
    bunch = load_digits()
    return torch.from_numpy(bunch.images[:n]).float()[:, None] / 8 - 1, torch.from_numpy(bunch.target[:n])


def train(model: StyleGAN2, steps: int, seed: int = 1) -> list[tuple[dict[str, float], dict[str, Tensor]]]:
    """The losses that were differentiated, and the metrics, of each step."""
    rng, found = torch.Generator().manual_seed(seed), []
    for _ in range(steps):
        losses: dict[str, float] = {}

        def update(name: str, loss: Tensor, losses: dict[str, float] = losses) -> None:
            optimizer = model.optimizers()[name]
            parameters = optimizer.param_groups[0]["params"]
            for p, grad in zip(parameters, torch.autograd.grad(loss, parameters, allow_unused=True), strict=True):
                p.grad = grad
            losses[name] = loss.item()
            optimizer.step()

        found.append((losses, model.step(*digits(), rng, update)))
    return found


def test_r1_comes_every_sixteenth_step_with_sixteen_times_its_weight() -> None:
    model = build(gamma=0.5)
    x, y = digits()
    judge = model.modules()["discriminator"]
    penalty = r1_penalty(lambda images: judge(images, y), x).item()
    done = train(model, 2)
    model.modules()["pace"].get_buffer("steps").fill_(15)
    done += train(model, 2)
    first, second, before, sixteenth = (losses["discriminator"] - metrics["d_loss"].item() for losses, metrics in done)
    assert first == pytest.approx(16 * 0.25 * penalty, rel=1e-3)
    assert second == before == 0.0
    assert sixteenth > 0


def test_path_lengths_by_hand_and_their_lazy_share_of_the_loss() -> None:
    styles = torch.zeros(4, 2, 2, requires_grad=True)
    images = (styles[:, 0] @ torch.tensor([3.0, 4.0])).view(4, 1, 1, 1)
    y = torch.randn(4, 1, 1, 1, generator=torch.Generator().manual_seed(3)).flatten()
    lengths = path_lengths(images, styles, torch.Generator().manual_seed(3))
    assert lengths.tolist() == pytest.approx((5 * y.abs() / 2**0.5).tolist(), rel=1e-4)  # one of two layers moves it

    model = build(path_weight=2.0, gamma=0.0)
    added = [losses["generator"] - metrics["g_loss"].item() for losses, metrics in train(model, 5)]
    assert [amount > 0 for amount in added] == [True, False, False, False, True]
    mean = model.modules()["pace"].get_buffer("path_mean").item()
    # the first step alone: 4 · 2 · mean (length - a)², a being 1/100 of the mean length
    assert 0 < mean < (added[0] / 8) ** 0.5


def test_a_judge_compares_no_real_image_with_a_fake() -> None:
    judge = build().modules()["discriminator"]
    x, y = digits(6)  # no groups of four: a batch is one
    both = torch.cat([x, torch.rand_like(x)])
    torch.testing.assert_close(judge(both, y.repeat(2), 2)[:6], judge(x, y))
    assert not torch.allclose(judge(both, y.repeat(2))[:6], judge(x, y), atol=1e-4)


def test_the_latent_alone_makes_the_image_its_noise_too() -> None:
    model = build()
    generator, labels = model.modules()["generator"].eval(), torch.zeros(4, dtype=torch.int64)
    z = torch.randn(4, 16, generator=torch.Generator().manual_seed(0))
    quiet = generator(z, labels)
    with torch.no_grad():
        for name, strength in generator.named_parameters():
            if name.endswith("strength"):
                strength.fill_(0.5)
    loud = generator(z, labels)
    assert not torch.allclose(loud, quiet, atol=0.01)
    torch.testing.assert_close(loud[2:3], generator(5 * z[2:3], labels[:1]))  # of any length
    noise = cast(Any, generator).convolutions[2].noise @ torch.randn(16, 5000)
    assert noise.square().mean().item() == pytest.approx(1.0, abs=0.2)


def test_images_are_cut_at_the_edges_of_their_range_outside_of_training() -> None:
    generator = build().modules()["generator"]
    z, labels = torch.randn(16, 16), torch.zeros(16, dtype=torch.int64)
    with torch.no_grad():
        cast(Any, generator).bias.fill_(0.8)
    raw, cut = generator.train()(z, labels), generator.eval()(z, labels)
    assert raw.max() > 1
    assert torch.equal(raw.clamp(-1, 1), cut)


def test_mixed_images_have_the_second_style_from_some_layer_on() -> None:
    model, labels = build(mixing=1.0), torch.zeros(200, dtype=torch.int64)
    ws, _ = model._styles(labels, torch.Generator().manual_seed(0))
    same = (ws == ws[:, :1]).all(2)  # layers that have the first one's style
    assert ws.shape == (200, 4, 16)
    assert same[:, 0].all()
    assert not same[:, -1].any()
    assert (same[:, 1:].int() <= same[:, :-1].int()).all()
    assert set(same.sum(1).tolist()) == {1, 2, 3}
    plain, _ = build(mixing=0.0)._styles(labels, torch.Generator().manual_seed(0))
    assert torch.equal(plain, plain[:, :1].expand_as(plain))


def test_every_option_on_a_continued_run_is_the_uninterrupted_one() -> None:
    options = {"mixing": 0.5, "path_weight": 2.0, "target": -0.9, "speed": 50.0}
    whole, other = build("stylegan2-ada", **options), build("stylegan2-ada", seed=9, **options)
    whole.modules()["pace"].get_buffer("steps").fill_(13)  # the next three steps have no R1, those after have
    train(whole, 3, seed=1)
    for key, module in whole.modules().items():
        other.modules()[key].load_state_dict(copy.deepcopy(module.state_dict()))
    for key, optimizer in whole.optimizers().items():
        other.optimizers()[key].load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert str(train(whole, 3, seed=2)) == str(train(other, 3, seed=2))
    for key, module in whole.modules().items():
        for name, value in module.state_dict().items():
            assert torch.equal(value, other.modules()[key].state_dict()[name]), f"{key}.{name}"
    assert whole.modules()["augment"].get_buffer("p") > 0


def test_the_judge_sees_reals_and_fakes_through_the_augmentation(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def transparent(self: AdaptiveAugment, x: Tensor, rng: torch.Generator) -> Tensor:
        seen.append(len(x))
        return x

    monkeypatch.setattr(AdaptiveAugment, "forward", transparent)
    ((_, metrics),) = train(build("stylegan2-ada"), 1)
    assert seen == [16, 8]  # both in the discriminator's step, the fakes in the generator's
    assert {"augment_p", "augment_r"} <= set(metrics)
