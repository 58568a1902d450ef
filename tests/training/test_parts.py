"""Streams, averages, randomness, pixels: small things that everything stands on."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from ganlift.errors import ConfigError
from ganlift.training.ema import Ema
from ganlift.training.phase import cosine_after, sigmoid_ramp
from ganlift.training.pixels import Pixels, Stream, even_rows, to_float, to_uint8
from ganlift.training.precision import choose_precision, pick_device
from ganlift.training.rng import Rng, seeded
from ganlift.training.update import Update

CPU = torch.device("cpu")


def test_pixels_round_trip() -> None:
    every = torch.arange(256, dtype=torch.uint8)
    scaled = to_float(every)
    assert scaled.min() == -1
    assert scaled.max() == 1
    assert torch.equal(to_uint8(scaled), every)


def test_a_stream_gives_every_image_once_an_epoch() -> None:
    pixels = Pixels(np.zeros((10, 1, 2, 2), np.uint8), CPU)
    stream = Stream(pixels, torch.arange(10), 4, Rng(0, "x").generator("order"))
    seen = torch.cat([next(stream).y for _ in range(5)])
    assert sorted(seen[:10].tolist()) == list(range(10))
    assert sorted(seen[10:].tolist()) == list(range(10))


def test_a_small_set_repeats_within_a_batch() -> None:
    stream = Stream(Pixels(np.zeros((3, 1, 2, 2), np.uint8), CPU), torch.arange(3), 7, Rng(0, "x").generator("order"))
    assert torch.bincount(next(stream).y).tolist() in ([3, 2, 2], [2, 3, 2], [2, 2, 3])


def test_purposes_do_not_share_randomness() -> None:
    draws = {
        (seed, owner, purpose): torch.rand(1, generator=Rng(seed, owner).generator(purpose)).item()
        for seed in (0, 1)
        for owner in ("a", "b")
        for purpose in ("order", "latent")
    }
    assert len(set(draws.values())) == len(draws)
    assert torch.rand(1, generator=Rng(0, "a").generator("order")).item() == draws[0, "a", "order"]


def test_what_is_common_is_the_same_for_every_owner_of_a_seed() -> None:
    first, second = Rng(0, "a"), Rng(0, "b")
    assert first.derive("weights", common=True) == second.derive("weights", common=True)
    assert len({Rng(seed, "a").derive("weights", common=common) for seed in (0, 1) for common in (True, False)}) == 4
    torch.rand(3, generator=first.generator("order", common=True))
    saved = first.state_dict()
    expected = torch.rand(1, generator=first.generator("order", common=True))
    second.load_state_dict(saved)
    assert torch.equal(torch.rand(1, generator=second.generator("order", common=True)), expected)


def test_seeded_restores_the_global_generator() -> None:
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    with seeded(1):
        torch.rand(10)
    assert torch.equal(torch.rand(2), expected)


def test_ema_by_hand() -> None:
    module = nn.Linear(1, 1, bias=False)
    module.weight.data.fill_(0.0)
    average = Ema(module, half_life_images=100, ramp=1.0)
    module.weight.data.fill_(1.0)
    average.update(0, images_seen=1000, images_per_step=100)  # one half-life: half of the way
    assert average.module.weight.item() == pytest.approx(0.5)
    ramped = Ema(module, half_life_images=10_000)
    assert ramped.decay_at(0, images_seen=2000, images_per_step=100) == pytest.approx(0.5)  # 5 % of 2,000 is 100


def test_cosine_by_hand() -> None:
    factor = cosine_after(0.5)
    assert factor(0.0) == factor(0.49) == 1.0
    assert factor(0.75) == pytest.approx(0.5)
    assert factor(1.0) == pytest.approx(0.0)


def test_sigmoid_ramp_by_hand() -> None:
    values = [sigmoid_ramp(progress, 0.2, 0.6) for progress in (0.0, 0.19, 0.2, 0.4, 0.6, 1.0)]
    assert values == pytest.approx([0.0, 0.0, math.exp(-5), math.exp(-1.25), 1.0, 1.0])
    assert sigmoid_ramp(0.0, 0.0, 0.0) == 1.0  # no ramp at all


def test_update_leaves_the_other_player_alone() -> None:
    generator, critic = nn.Linear(2, 2), nn.Linear(2, 1)
    players = {name: torch.optim.SGD(module.parameters(), 0.1) for name, module in (("g", generator), ("c", critic))}
    before = critic.weight.clone()
    update = Update(players)
    update("g", critic(generator(torch.ones(1, 2))).mean())
    assert torch.equal(critic.weight, before)
    assert all(parameter.grad is None for parameter in critic.parameters())


def test_precision_and_device_names_are_checked() -> None:
    with pytest.raises(ConfigError, match="not available"):
        pick_device("cuda:7")
    with pytest.raises(ConfigError, match="auto, fp32 or bf16"):
        choose_precision("fp8", CPU)
    assert choose_precision("bf16", CPU) == "bf16"


@pytest.mark.parametrize(
    ("able", "chosen"),
    [({"avx512_bf16": True}, "bf16"), ({"amx_bf16": True}, "bf16"), ({"avx512_f": True}, "fp32"), ({}, "fp32")],
)
def test_the_processor_alone_decides_which_precision_is_taken(
    monkeypatch: pytest.MonkeyPatch, able: dict[str, bool], chosen: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert choose_precision("auto", CPU) == chosen


def test_even_rows_repeat_small_classes() -> None:
    pixels = Pixels(np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1), CPU)
    labels = torch.tensor([0, 0, 0, 1, 1])
    rows = even_rows(labels)
    assert torch.bincount(rows).tolist() == [1, 1, 1, 2, 1]
    batch = next(Stream(pixels, labels, 6, torch.Generator().manual_seed(0), rows))
    assert torch.bincount(batch.y).tolist() == [3, 3]
