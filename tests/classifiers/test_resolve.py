"""Classifiers from elsewhere: a module, a factory, a name to import, timm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

import ganlift
from ganlift.classifiers.resolve import resolve
from ganlift.errors import ConfigError
from ganlift.layers.dropout import set_dropout_rng
from ganlift.training.rng import seeded

FACTORY = """
from torch import nn

def make(channels, size, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(channels * size * size, 12), nn.ReLU(), nn.Linear(12, classes))

nothing = 3
"""

SCRIPT = """
import ganlift

asked = {"labels_per_class": 5, "strategies": ["augment"], "seeds": 1, "budget": 3, "jobs": 2}
if __name__ == "__main__":
    print(ganlift.compare("digits", out="run", classifier="mynet:make", **asked).rows[0]["status"])
"""


class Deep(nn.Module):
    """Draws in training by itself: a branch is left out at random, and functional dropout."""

    def __init__(self, channels: int = 1, size: int = 8, classes: int = 10) -> None:
        super().__init__()
        self.stem = nn.Linear(channels * size * size, 12)
        self.last = nn.Linear(12, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.stem(x.flatten(1))
        kept = torch.rand(len(x), 1) < 0.5 if self.training else 1.0
        return self.last(nn.functional.dropout(h * kept, 0.3, self.training))


class Own(Deep):
    """The same, with features and a head of its own."""

    feature_size = 12

    @property
    def head(self) -> nn.Module:
        return self.last

    def features(self, x: torch.Tensor) -> torch.Tensor:
        return self.stem(x.flatten(1))


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


@pytest.mark.parametrize("factory", [plain, Deep])
def test_its_draws_come_from_a_generator_that_is_kept(factory: type[nn.Module]) -> None:
    with seeded(0):
        model = resolve(factory).build(1, 8, 10, 0.0)

    def run(seed: int) -> torch.Tensor:
        set_dropout_rng(model, torch.Generator().manual_seed(seed))
        return torch.cat([model(torch.ones(4, 1, 8, 8)) for _ in range(2)])

    state = torch.random.get_rng_state()
    first, other = run(1), run(2)
    assert torch.equal(state, torch.random.get_rng_state())
    torch.manual_seed(1)
    assert torch.equal(first, run(1))
    assert not torch.equal(first, other)
    assert not torch.equal(first[:4], first[4:])
    model.eval()
    assert torch.equal(run(1), run(2))


def test_the_option_dropout_comes_before_its_last_layer() -> None:
    model = resolve(Deep).build(1, 8, 10, 0.5)
    set_dropout_rng(model, torch.Generator().manual_seed(0))
    features = torch.ones(4, 12)
    assert not torch.equal(model.head(features), model.head(features))
    model.eval()
    assert torch.equal(model.head(features), model.head(features))


def test_a_run_that_draws_is_the_same_twice() -> None:
    images, labels = load_digits(return_X_y=True)
    scores = [
        ganlift.GanLiftClassifier("augment", classifier=Deep, budget=6, image_shape=(8, 8), random_state=3)
        .fit(images[:200].astype("uint8"), labels[:200])
        .predict_proba(images[200:220].astype("uint8"))
        for _ in range(2)
    ]
    assert (scores[0] == scores[1]).all()


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (nn.Flatten(), r"\(2, 10\) are needed"),
        (nn.Sequential(nn.Flatten(), nn.Linear(64, 10), nn.Tanh()), "does not end in a linear layer"),
        (nn.Linear(64, 10), r"makes \(2, 1, 8, 10\)|fails on images"),
        (lambda channels, size, classes: "x", "must make a torch.nn.Module"),
        (Own, "draws random numbers of its own"),
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
    words = ["compare", "digits", "--labels-per-class", "5", "--strategies", "augment", "--seeds", "1"]
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


def test_workers_import_what_stands_beside_the_script(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "mynet.py").write_text(FACTORY)
    (tmp_path / "scripts" / "script.py").write_text(SCRIPT)
    (tmp_path / "json.py").write_text("raise RuntimeError('not the real one')")
    command = [sys.executable, "scripts/script.py"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200)
    assert ended.stdout == "done\n", ended.stderr


@pytest.mark.parametrize("begun", [["mynet.py"], ["-c", "import mynet"]])
def test_a_script_that_every_process_would_run_again_is_refused(tmp_path: Path, begun: list[str]) -> None:
    script = SCRIPT.replace('if __name__ == "__main__":', "if True:")
    (tmp_path / "mynet.py").write_text(FACTORY + script)
    command = [sys.executable, *begun]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200)
    assert ended.returncode == 1
    assert ended.stdout == ""
    said = ended.stderr.splitlines()[-1].partition(": ")[2]
    assert said == (
        "The module of the factory mynet:make calls ganlift.compare as soon as it is imported, and every process "
        'that trains imports it; put that call under `if __name__ == "__main__":`.'
    )
    assert not (tmp_path / "run" / "plan.json").exists()


def test_without_timm_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ConfigError, match=r"pip install 'ganlift\[timm\]'"):
        resolve("timm:resnet18")


def timm_or_skip() -> None:
    try:
        import timm  # noqa: F401
    except Exception as fault:
        pytest.skip(f"timm can't be imported here: {fault}")


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("resnet18", 28),
        ("mobilenetv3_small_050", 32),
        ("vit_tiny_patch16_224", 64),
        ("swin_tiny_patch4_window7_224", 64),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_timm_models_fit(name: str, size: int, channels: int) -> None:
    timm_or_skip()
    built = []
    for _ in range(2):
        with seeded(5):
            built.append(resolve(f"timm:{name}").build(channels, size, 7, 0.1))
    x, made = torch.randn(2, channels, size, size), []
    for model in built:
        set_dropout_rng(model, torch.Generator().manual_seed(0))
        assert model.features(x).shape == (2, model.feature_size)
        made.append(model(x))
    assert made[0].shape == (2, 7)
    assert torch.equal(made[0], made[1])  # weights and draws, stochastic depth among them
    model.eval()
    assert torch.equal(model(x), model.head(model.features(x)))


def test_an_unknown_timm_model_is_refused() -> None:
    timm_or_skip()
    with pytest.raises(ConfigError, match="Did you mean 'resnet18'"):
        resolve("timm:resnet_18")
