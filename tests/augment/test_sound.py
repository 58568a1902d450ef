"""Sound's own operations on pictures: what each changes, and what stays."""

from __future__ import annotations

import pytest
import torch

from ganlift.augment import (
    adaptive_sound,
    masks,
    noise,
    response,
    sound_aid,
    strong_sound,
    tilt,
    time_shift,
    weak_sound,
)

X = torch.full((64, 1, 8, 16), -1.0)
X[:, :, 3, 5:11] = 1.0
"""One loud band for a while, in silence."""


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_a_shift_moves_in_time_alone_and_lets_silence_in() -> None:
    moved = time_shift(X, rng(), 0.25)
    assert (moved.sum((2, 3)) == X.sum((2, 3))).all()  # up to 4 of 16 steps: nothing falls off the end
    starts = {int(one[0, 3].argmax()) for one in moved}
    assert starts == set(range(1, 10))
    assert (moved[:, :, [0, 1, 2, 4, 5, 6, 7]] == -1).all()


def test_tilt_changes_bands_and_keeps_silence_and_the_loudest() -> None:
    two = X.clone()
    two[:, :, 7, 5:11] = 0.5
    tilted = tilt(two, rng(), 8.0)
    assert (tilted[two == -1] == -1).all()
    assert tilted.amax() <= 1
    step = tilted[:, 0, 3, 5] - tilted[:, 0, 7, 5]
    assert float(step.min()) < 0.45 < 0.55 < float(step.max())
    assert float((step - 0.5).abs().max()) <= 8 / 40 * 2 * 4 / 8 + 1e-6


def test_noise_adds_powers() -> None:
    """At one level of 40 dB below the maximum, a silent place has it on average, and a loud one stays."""
    noisy = noise(X.expand(-1, -1, -1, -1), rng(), softest=40.0, loudest=40.0)
    power = 10 ** ((noisy - 1) * 4)
    assert float(power[X == -1].mean()) == pytest.approx(1e-4, rel=0.1)
    assert float(noisy[X == 1].min()) > 0.99


def test_masks_silence_a_stretch_and_a_range() -> None:
    hidden = masks(torch.ones(200, 1, 20, 20), rng(), 0.25)[:, 0] == -1
    columns, rows = hidden.all(1).sum(1), hidden.all(2).sum(1)
    assert int(columns.max()) in (4, 5)
    assert int(rows.max()) in (4, 5)
    assert (hidden.sum((1, 2)) == 400 - (20 - columns) * (20 - rows)).all()


@pytest.mark.parametrize("view", [weak_sound, strong_sound, sound_aid])
def test_views_keep_shape_and_range_and_leave_the_input_alone(view: type) -> None:
    before = X.clone()
    made = view(X, rng())
    assert made.shape == X.shape
    assert float(made.min()) >= -1
    assert float(made.max()) <= 1
    assert (before == X).all()
    assert not (made == X).all()


def test_gradients_flow_through_a_discriminator_s_aid() -> None:
    x = torch.zeros(4, 1, 8, 8, requires_grad=True)
    sound_aid(x, rng()).sum().backward()
    assert x.grad is not None
    assert float(x.grad.sum()) > 50


def test_response_adds_a_level_and_a_tilt_to_silence_too() -> None:
    """± 6 dB of 40 a unit at the middle; from lowest to highest of 8 bands at most 2 · 6 / 40 · 7 / 8 further."""
    changed = response(X, rng()) - X
    assert (changed.amax(3) - changed.amin(3)).max() < 1e-6  # the same at every time
    middle, ends = changed[:, 0, 3:5, 0].mean(1), changed[:, 0, 0, 0] - changed[:, 0, 7, 0]
    assert 0.1 < float(middle.abs().max()) <= 6 / 40
    assert 0.2 < float(ends.abs().max()) <= 2 * 6 / 40 * 7 / 8 + 1e-6
    x = X.clone().requires_grad_()
    response(x, rng()).sum().backward()
    assert x.grad is not None
    assert (x.grad == 1).all()


def test_adaptive_augmentation_does_nothing_at_0_and_moves_no_band_at_1() -> None:
    assert (adaptive_sound(X, torch.tensor(0.0), rng()) == X).all()
    moved = adaptive_sound(X, torch.tensor(1.0), rng())
    assert not (moved == X).flatten(1).all(1).any()
    assert (moved[:, 0].amax(2).argmax(1) == 3).all()
    half = adaptive_sound(X, torch.tensor(0.5), rng())
    assert 0.1 < float((half == X).flatten(1).all(1).float().mean()) < 0.4  # neither of two: a quarter
