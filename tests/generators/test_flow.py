"""`flow`: its equations by hand, modes and classes that it keeps, and what the command line makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from typer.testing import CliRunner

from ganlift import train_generator
from ganlift.cli.main import app
from ganlift.errors import ConfigError
from ganlift.generators.base import ImageShape, Update, VectorShape
from ganlift.generators.flow import Flow, FlowMatching, FlowOptions, times
from ganlift.layers.lengths import to_length

CPU = torch.device("cpu")
OF_TWO = ImageShape(1, 8, 2)


def noise(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def build(shape: ImageShape | VectorShape = OF_TWO, **options: object) -> FlowMatching:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return FlowMatching(shape, FlowOptions.model_validate({"width": 8, **options}), CPU)


def flow_of(model: FlowMatching) -> Flow:
    module = model.modules()["generator"]
    assert isinstance(module, Flow)
    return module


def update_of(model: FlowMatching) -> Update:
    def update(player: str, loss: Tensor) -> None:
        optimizer = model.optimizers()[player]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return update


def test_an_untrained_one_moves_as_the_best_linear_velocity() -> None:
    first, last = torch.randn(200_000, 1, generator=noise(1)), torch.randn(200_000, 1, generator=noise(2))
    flow = flow_of(build())
    for t in (0.0, 0.3, 0.8):
        x = torch.lerp(first, last, t)
        slope = float((x * (last - first)).mean() / x.square().mean())  # least squares
        with torch.no_grad():
            v = flow.velocity(torch.ones(2, 1, 8, 8), torch.full((2,), t), torch.tensor([0, -1]))
        torch.testing.assert_close(v, torch.full_like(v, slope), atol=0.02, rtol=0)


@pytest.mark.parametrize(("steps", "share"), [(1, 0.0), (2, 0.5), (4, 0.72)])
def test_euler_s_steps_by_hand(steps: int, share: float) -> None:
    # untrained, dx/dt = (2t − 1) x / ((1 − t)² + t²): of four steps the factors are 0.75, 0.8, 1 and 1.2
    z = torch.randn(3, 64, generator=noise())
    with torch.no_grad():
        made = flow_of(build(steps=steps))(z, torch.tensor([0, 1, -1]))
    torch.testing.assert_close(made, (share * z).clamp(-1, 1).view(3, 1, 8, 8), atol=1e-5, rtol=1e-5)


def test_the_loss_is_that_of_the_velocity_of_each_image() -> None:
    model, real = build(), torch.rand(6, 1, 8, 8, generator=noise(3)) * 2 - 1
    seen: list[Tensor] = []
    metrics = model.step(real, torch.zeros(6, dtype=torch.int64), noise(4), lambda player, loss: seen.append(loss))
    again = noise(4)
    first = torch.randn(6, 64, generator=again).view_as(real)
    t = torch.rand(6, generator=again).view(6, 1, 1, 1)
    x, s = (1 - t) * first + t * real, (1 - t) ** 2 + t**2
    expected = ((2 * t - 1) * x / s - (real - first)).square().mean()
    torch.testing.assert_close(seen[0].detach(), expected)
    torch.testing.assert_close(metrics["velocity_loss"], expected)


def test_logit_normal_times_are_seldom_near_the_ends() -> None:
    for how, quarter in (("uniform", 0.25), ("logit-normal", 0.136)):  # Φ(−log 3) = 0.136
        drawn = times(how, 20_000, noise(), CPU)
        for share in ((drawn < 0.25).float().mean(), (drawn > 0.75).float().mean()):
            assert share.item() == pytest.approx(quarter, abs=0.01)


def clusters(n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Vectors (n, 8) of two classes, each around two of four directions, and labels (n,)."""
    where = torch.randint(4, (n,), generator=rng)
    x = torch.nn.functional.one_hot(where, 8) + 0.1 * torch.rand(n, 8, generator=rng)
    return to_length(x.float()), where // 2


def test_both_modes_of_a_class_are_drawn_and_few_labels_name_them() -> None:
    model, rng = build(VectorShape(8, 2, True), width=8, steps=8), noise()
    update = update_of(model)
    for _ in range(800):
        x, y = clusters(64, rng)
        y[16:] = -1
        model.step(x, y, rng, update)
    for label in (0, 1):
        made = model.sample(400, torch.full((400,), label), noise(1))
        shares = torch.bincount(made.argmax(1), minlength=8) / 400
        assert (shares[2 * label : 2 * label + 2] > 0.3).all()
        assert shares[2 * label : 2 * label + 2].sum() > 0.9


def test_guidance_goes_from_the_unknown_class_beyond_the_asked_one() -> None:
    model = build(guidance=3.0, steps=1)
    flow, z, labels = flow_of(model), torch.randn(4, 64, generator=noise()), torch.tensor([0, 1, 0, 1])
    update, rng = update_of(model), noise(1)
    for _ in range(5):
        model.step(torch.rand(8, 1, 8, 8, generator=rng), torch.arange(8) % 2, rng, update)
    x, t = z.view(4, 1, 8, 8), torch.zeros(4)
    with torch.no_grad():
        unknown, asked = flow.velocity(x, t, torch.full((4,), -1)), flow.velocity(x, t, labels)
        expected = (x + unknown + 3 * (asked - unknown)).clamp(-1, 1)
        assert not torch.allclose(unknown, asked, atol=1e-4)
        torch.testing.assert_close(flow(z, labels), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("guidance", "learns"), [(1.0, False), (2.0, True)])
def test_known_classes_are_left_out_for_guidance_alone(guidance: float, learns: bool) -> None:
    model = build(guidance=guidance, left_out=0.5)
    embedding = flow_of(model).network.moment.embedding  # type: ignore[union-attr]
    before, update, rng = embedding.weight.detach().clone(), update_of(model), noise()  # type: ignore[union-attr, operator]
    for _ in range(3):
        model.step(torch.rand(16, 1, 8, 8, generator=rng), torch.arange(16) % 2, rng, update)
    moved = (embedding.weight.detach() - before).abs().sum(1) > 0  # type: ignore[union-attr, operator]
    assert moved.tolist() == [True, True, learns]


def ganlift(*words: object) -> None:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("flow") / "run"
    ganlift("train-generator", "digits", "--generator", "flow", "--budget", 30, "--out", run, "--batch-size", 16)
    return run


def pictures(folder: Path) -> dict[str, np.ndarray]:
    listed = json.loads((folder / "manifest.json").read_text())["images"]
    return {one["file"]: np.asarray(Image.open(folder / one["file"]), np.int64) for one in listed}


def test_a_latent_stands_for_an_image_on_a_path_and_cut_off(trained: Path, tmp_path: Path) -> None:
    one = ("--class", "3", "--out")
    ganlift("generate", trained, "--latent-seeds", "4,9", *one, tmp_path / "ends")
    ganlift("generate", trained, "--interpolate", "4,9", "-n", 5, *one, tmp_path / "path")
    ganlift("generate", trained, "--latent-seeds", "4,9", "--truncation", 0.5, *one, tmp_path / "cut")
    ends, path, cut = (list(pictures(tmp_path / name).values()) for name in ("ends", "path", "cut"))
    assert len(path) == 5
    for end, on_path in ((ends[0], path[0]), (ends[1], path[-1])):
        assert np.abs(end - on_path).max() <= 1  # rounding of another batch size
    assert np.abs(ends[0] - ends[1]).max() > 50
    assert np.abs(cut[0] - cut[1]).mean() < np.abs(ends[0] - ends[1]).mean()


def test_a_width_that_does_not_fold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'width' of generator 'flow' is 6: input should be a multiple of 4"):
        train_generator("digits", generator="flow", options={"flow": {"width": 6}}, budget=5, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
