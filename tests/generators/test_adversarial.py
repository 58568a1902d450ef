"""What is particular to one adversarial generator; the contract is tested over all of them."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from ganlift.generators.base import GenerativeModel, ImageShape, Update, generators
from ganlift.generators.common import identity
from ganlift.generators.judge import Judge, JudgeOptions
from ganlift.generators.limited import HALVING, LimitedData, LimitedDataOptions
from ganlift.generators.sngan import Discriminator, ResidualGenerator, SNGANOptions
from ganlift.losses import discriminator_relativistic
from ganlift.penalties import r1_penalty, r2_penalty

SHAPE = ImageShape(1, 8, 2)
PLAYERS = ("discriminator", "generator")
JUDGED = sorted(name for name, entry in generators if issubclass(entry.options, JudgeOptions))
AIDS: dict[str, dict[str, float]] = {"none": {}, "lecam": {"lecam": 1.0}, "top-k": {"top_k": 0.1}}


def build(name: str, shape: ImageShape = SHAPE, **options: Any) -> GenerativeModel:
    entry = generators.get(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return entry.build(shape, entry.options.model_validate({"width": 8, **options}), torch.device("cpu"))


def updater(model: GenerativeModel, losses: dict[str, list[Tensor]] | None = None) -> Update:
    def update(name: str, loss: Tensor) -> None:
        if losses is not None:
            losses.setdefault(name, []).append(loss.detach())
        optimizer = model.optimizers()[name]
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        for p, grad in zip(parameters, torch.autograd.grad(loss, parameters, allow_unused=True), strict=True):
            p.grad = grad
        optimizer.step()

    return update


def batch(shape: ImageShape = SHAPE, n: int = 4) -> tuple[Tensor, Tensor]:
    x = torch.rand(n, shape.channels, shape.size, shape.size, generator=torch.Generator().manual_seed(5)) * 2 - 1
    return x, torch.arange(n) % max(shape.classes, 1)


def weights(model: GenerativeModel, name: str) -> dict[str, Tensor]:
    return copy.deepcopy(dict(model.modules()[name].state_dict()))


def test_the_residual_sngan_at_32_px_is_the_papers() -> None:
    # parameters counted by hand from table 4, with 10 classes, width 8, 3 channels
    shape, options = ImageShape(3, 32, 10), SNGANOptions.model_validate({"architecture": "resnet", "width": 8})
    made, judge = ResidualGenerator(shape, options), Discriminator(shape, options)
    conv, skip, norm = 8 * 8 * 9 + 8, 8 * 8 + 8, 2 * 10 * 8
    block = 2 * conv + skip + 2 * norm
    assert sum(p.numel() for p in made.parameters()) == (128 + 1) * 8 * 16 + 3 * block + 16 + (8 * 9 + 1) * 3
    first, plain = (3 * 9 + 1) * 8 + conv + (3 + 1) * 8, 2 * conv
    assert sum(p.numel() for p in judge.parameters()) == first + plain + skip + 2 * plain + 8 + 1 + 10 * 8


def test_an_architecture_moves_a_key_only_when_it_is_chosen() -> None:
    assert "architecture" not in identity(SNGANOptions())
    assert identity(SNGANOptions.model_validate({"architecture": "resnet"}))["architecture"] == "resnet"
    with pytest.raises(ValidationError, match="needs architecture 'plain'"):
        SNGANOptions.model_validate({"architecture": "resnet", "class_latents": True})


def test_every_n_th_critic_step_moves_the_generator_also_after_a_restart() -> None:
    model, other = build("wgan-gp", n_critic=3), build("wgan-gp", n_critic=3)
    rng, moved = torch.Generator().manual_seed(0), []
    for turn in range(7):
        if turn == 4:  # another process goes on from a checkpoint
            for name, module in model.modules().items():
                other.modules()[name].load_state_dict(module.state_dict())
            model = other
        before = weights(model, "generator")["project.weight"]
        model.step(*batch(), rng, updater(model))
        moved.append(not torch.equal(before, weights(model, "generator")["project.weight"]))
    assert moved == [True, False, False, True, False, False, True]


def test_the_critics_loss_is_differences_and_ten_times_the_penalty() -> None:
    model = build("wgan-gp", colour=False, translation=False)
    m = model.step(*batch(), torch.Generator().manual_seed(0), updater(model))
    torch.testing.assert_close(m["d_loss"], m["d_fake"] - m["d_real"] + 10 * m["penalty"])
    assert m["penalty"] > 0


def test_r3gans_loss_has_both_penalties_by_half_gamma() -> None:
    model, (real, labels) = build("r3gan", gamma=3.0, colour=False, translation=False), batch()
    for _ in range(3):  # at first its discriminator is linear, and its slope everywhere the same
        model.step(real, labels, torch.Generator().manual_seed(1), updater(model))
    judge = copy.deepcopy(model.modules()["discriminator"])
    seen: list[Tensor] = []
    model.modules()["generator"].register_forward_hook(lambda module, inputs, images: seen.append(images.detach()))
    losses: dict[str, list[Tensor]] = {}
    model.step(real, labels, torch.Generator().manual_seed(0), updater(model, losses))
    r1, r2 = r1_penalty(lambda x: judge(x, labels), real), r2_penalty(lambda x: judge(x, labels), seen[0])
    expected = discriminator_relativistic(judge(real, labels), judge(seen[0], labels)) + 1.5 * (r1 + r2)
    torch.testing.assert_close(losses["discriminator"][0], expected.detach())
    assert r1 > 0
    assert not torch.isclose(r1, r2)


@pytest.mark.parametrize("classes", [0, 2])
def test_the_options_of_biggan_compose(classes: int) -> None:
    shape = ImageShape(3, 16, classes)
    model = build("biggan", shape, hierarchical=True, attention=True, orthogonal=1e-2, latent=10)
    rng, update = torch.Generator().manual_seed(0), updater(model)
    for _ in range(3):
        assert all(torch.isfinite(value) for value in model.step(*batch(shape), rng, update).values())
    generator = model.modules()["generator"].eval()
    z, labels = torch.randn(1, 10), torch.zeros(1, dtype=torch.int64)
    image = generator(z, labels)
    for part in range(10):  # 10 in three parts: 4 to the first plane, 3 to each block; all of them are heard
        other = z.clone()
        other[0, part] += 1
        assert not torch.allclose(generator(other, labels), image, atol=1e-7)


def test_the_orthogonal_penalty_turns_filters_apart_and_spares_the_embedding() -> None:
    model, plain = build("biggan", orthogonal=1.0), build("biggan", orthogonal=0.0)
    losses: list[dict[str, list[Tensor]]] = [{}, {}]
    for made, seen in zip((model, plain), losses, strict=True):
        generator = made.modules()["generator"]
        nn.init.ones_(generator.to_image.weight[:, :2])  # type: ignore[index, union-attr]
        nn.init.constant_(generator.blocks[0].shortcut.weight, 0.1)  # type: ignore[union-attr, index]
        made.step(*batch(), torch.Generator().manual_seed(0), updater(made, seen))
    # 8 equal filters of 8 values 0.1: products 0.08, off the diagonal 56 times
    assert (losses[0]["generator"][0] - losses[1]["generator"][0]).item() > 0.99 * 56 * 0.08**2
    assert id(model.modules()["generator"].shared.weight) not in map(id, model.modules()["generator"].weights())  # type: ignore[union-attr, operator]


@pytest.mark.parametrize("name", JUDGED)
@pytest.mark.parametrize("conditioning", ["auxiliary", "reacgan"])
def test_a_class_loss_is_in_both_players_losses_and_reaches_both(name: str, conditioning: str) -> None:
    model = build(name, conditioning=conditioning)
    judge = model.modules()["discriminator"]
    assert isinstance(judge, Judge)
    assert judge.embedding is None
    real, labels = batch()
    model.step(real, labels, torch.Generator().manual_seed(0), updater(model))
    for player in PLAYERS:
        assert all(p.grad is not None for p in model.modules()[player].parameters())
    losses = dict[float, dict[str, list[Tensor]]]()
    for weight in (1e-9, 100.0):
        model, losses[weight] = build(name, conditioning=conditioning, class_weight=weight), {}
        model.step(real, labels, torch.Generator().manual_seed(0), updater(model, losses[weight]))
    for player in PLAYERS:
        assert losses[100.0][player][0] > losses[1e-9][player][0] + 10


def test_images_of_unknown_class_teach_an_auxiliary_classifier_nothing() -> None:
    model = build("sngan", conditioning="auxiliary")
    before = weights(model, "discriminator")["told.classifier.bias"]
    model.step(batch()[0], torch.full((4,), -1), torch.Generator().manual_seed(0), updater(model))
    assert torch.equal(weights(model, "discriminator")["told.classifier.bias"], before)
    model.step(*batch(), torch.Generator().manual_seed(0), updater(model))
    assert not torch.equal(weights(model, "discriminator")["told.classifier.bias"], before)


def test_lecams_averages_by_hand() -> None:
    aid = LimitedData(LimitedDataOptions.model_validate({"lecam": 0.5}))
    # one batch seen: the averages are its means, 2 and -1; ((2 + 1)² + (2 + 1)²) / 2
    assert aid.penalty(torch.tensor([2.0]), torch.tensor([-1.0])).item() == pytest.approx(9.0)
    # two: 0.99 and 1 parts of 1.99: real (1.98 + 4) / 1.99, fake -0.99 / 1.99
    real, fake = 5.98 / 1.99, -0.99 / 1.99
    expected = 0.5 * ((4.0 - fake) ** 2 + real**2)
    assert aid.penalty(torch.tensor([4.0]), torch.tensor([0.0])).item() == pytest.approx(expected, rel=1e-5)


def test_the_best_share_halves_with_images_down_to_its_least() -> None:
    aid, scores = LimitedData(LimitedDataOptions.model_validate({"top_k": 0.25})), torch.arange(8.0)
    assert len(aid.best(scores)) == 8
    aid.images.fill_(HALVING)
    assert sorted(aid.best(scores).tolist()) == [4, 5, 6, 7]
    aid.images.fill_(9 * HALVING)
    assert sorted(aid.best(scores).tolist()) == [6, 7]


@pytest.mark.parametrize("name", JUDGED)
def test_a_step_uses_both_aids_and_a_checkpoint_holds_them(name: str) -> None:
    models = {aid: build(name, **options) for aid, options in AIDS.items()}
    seen: dict[str, dict[str, list[Tensor]]] = {aid: {} for aid in models}
    for aid, model in models.items():
        state = model.modules()["discriminator"].state_dict()
        assert ("limited.images" in state) == (aid != "none")
        if aid == "top-k":  # late in a run the share has come down: one image of four
            state["limited.images"].fill_(10 * HALVING)
        model.step(*batch(), torch.Generator().manual_seed(0), updater(model, seen[aid]))
        if aid != "none":
            assert model.modules()["discriminator"].state_dict()["limited.weight"].item() == pytest.approx(0.01)
    critic, generator = ({aid: losses[player][0].item() for aid, losses in seen.items()} for player in PLAYERS)
    assert critic["lecam"] > critic["none"] == critic["top-k"]
    # of pairs, the image that looks most real need not stand beside the real one that looks least so
    assert generator["top-k"] < generator["none"] or (name == "r3gan" and generator["top-k"] != generator["none"])
