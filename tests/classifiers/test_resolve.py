"""Classifiers from elsewhere: a module, a factory, a name to import, timm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from ganlift.classifiers.base import resolve
from ganlift.errors import ConfigError
from ganlift.layers.dropout import set_dropout_rng

FACTORY = """
from torch import nn

def make(channels, size, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(channels * size * size, 12), nn.ReLU(), nn.Linear(12, classes))

nothing = 3
"""


def plain(channels: int = 1, size: int = 8, classes: int = 10) -> nn.Sequential:
    body = nn.Linear(channels * size * size, 12)
    return nn.Sequential(nn.Flatten(), body, nn.ReLU(), nn.Dropout(0.5), nn.Linear(12, classes))


@pytest.mark.parametrize("spec", [plain(), plain])
def test_a_plain_module_gets_features_and_a_head(spec: nn.Module) -> None:
    model = resolve(spec).build(1, 8, 10, 0.0)
    model.eval()
    x = torch.randn(3, 1, 8, 8)
    assert model.features(x).shape == (3, model.feature_size) == (3, 12)
    assert torch.equal(model.head(model.features(x)), model(x))


def test_a_module_is_copied_and_computes_what_it_did() -> None:
    module = plain()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    model = resolve(module).build(1, 8, 10, 0.0)
    model.eval()
    x = torch.randn(3, 1, 8, 8)
    assert torch.allclose(model(x), module.eval()(x), atol=1e-6)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_its_dropout_draws_from_a_generator_that_is_kept() -> None:
    model = resolve(plain).build(1, 8, 10, 0.0)

    def run() -> torch.Tensor:
        set_dropout_rng(model, torch.Generator().manual_seed(1))
        return model(torch.ones(4, 1, 8, 8))

    torch.manual_seed(0)
    first = run()
    torch.manual_seed(1)
    assert torch.equal(first, run())


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (nn.Flatten(), r"\(2, 10\) are needed"),
        (nn.Sequential(nn.Flatten(), nn.Linear(64, 10), nn.Tanh()), "does not end in a linear layer"),
        (nn.Linear(64, 10), r"makes \(2, 1, 8, 10\)|fails on images"),
        (lambda channels, size, classes: "x", "must make a torch.nn.Module"),
        ("no_such_module:make", "No module named"),
        ("json:nothing", "has no attribute"),
        ("json:__name__", "a factory was expected"),
        ("smal-cnn", "Did you mean 'small-cnn'"),
        ("timm:resnet18:trained", "expected timm:NAME"),
    ],
)
def test_what_is_no_classifier_is_refused(spec: object, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        resolve(spec).build(1, 8, 10, 0.0)  # type: ignore[arg-type]


def test_a_factory_of_the_user_s_own_folder_is_compared(tmp_path: Path) -> None:
    (tmp_path / "mynet.py").write_text(FACTORY)
    words = ["compare", "digits", "--labels-per-class", "5", "--strategies", "augment,sgan", "--seeds", "1"]
    words += ["--budget", "5", "--jobs", "2", "--classifier", "mynet:make", "--json"]
    command = [sys.executable, "-P", "-m", "ganlift", *words]  # -P: as the command `ganlift` does, look not in here
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200)
    assert ended.returncode == 0, ended.stderr
    model = json.loads((tmp_path / "run" / "classifier" / "model.json").read_text())
    assert model["classifier"] == "mynet:make"
    predict = [sys.executable, "-P", "-m", "ganlift", "evaluate", "run", "digits", "--part", "all", "--json"]
    refused = subprocess.run(predict, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200)
    assert refused.returncode == 2
    assert "set GANLIFT_ALLOW_IMPORT=1" in refused.stderr
    trusting = {**os.environ, "GANLIFT_ALLOW_IMPORT": "1"}
    allowed = subprocess.run(
        predict, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200, env=trusting
    )
    assert allowed.returncode == 0, allowed.stderr


def timm_or_skip() -> None:
    try:
        import timm  # noqa: F401
    except Exception as fault:
        pytest.skip(f"timm can't be imported here: {fault}")


@pytest.mark.parametrize(
    ("name", "size"), [("resnet18", 28), ("mobilenetv3_small_050", 32), ("vit_tiny_patch16_224", 64)]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_timm_models_fit(name: str, size: int, channels: int) -> None:
    timm_or_skip()
    model = resolve(f"timm:{name}").build(channels, size, 7, 0.1)
    set_dropout_rng(model, torch.Generator().manual_seed(0))
    x = torch.randn(2, channels, size, size)
    assert model.features(x).shape == (2, model.feature_size)
    assert model(x).shape == (2, 7)
    model.eval()
    assert torch.equal(model(x), model.head(model.features(x)))


def test_an_unknown_timm_model_is_refused() -> None:
    timm_or_skip()
    with pytest.raises(ConfigError, match="Did you mean 'resnet18'"):
        resolve("timm:resnet_18")
