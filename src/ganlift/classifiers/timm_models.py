"""Any model of timm (Wightman: PyTorch Image Models) as a classifier: ``timm:NAME``, ``timm:NAME:pretrained``.

Without ``:pretrained`` its weights are drawn like those of every other classifier. With it they are timm's own, which
have seen other images: then every arm starts from them, and the comparison is one of fine-tuning. Stochastic depth and
dropout of a model's own are kept, and can be repeated.
"""

from __future__ import annotations

import difflib
from typing import Any

import torch
from torch import Tensor, nn

from ganlift.classifiers.adapt import repeatable, replace_dropout
from ganlift.classifiers.base import ClassifierEntry
from ganlift.errors import ConfigError
from ganlift.layers.dropout import Dropout

PREFIX = "timm:"


class TimmClassifier(nn.Module):
    """timm's ``body`` without its head, on images normalised as it wants them; a linear head of ours."""

    mean: Tensor
    std: Tensor

    def __init__(self, body: nn.Module, channels: int, size: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.body = body
        wanted: Any = body.pretrained_cfg
        for name in ("mean", "std"):
            values = torch.tensor(wanted[name])
            values = values if len(values) == channels else values.mean().repeat(channels)
            self.register_buffer(name, values.view(1, -1, 1, 1), persistent=False)
        images = torch.linspace(-1, 1, 2 * channels * size * size).view(2, channels, size, size)
        self.eval()
        with torch.no_grad():
            self.feature_size = int(self.features(images).shape[1])
        self.train()
        self.body = repeatable(body, images, "timm's")
        self.head = nn.Sequential(Dropout(dropout), nn.Linear(self.feature_size, classes))

    def features(self, x: Tensor) -> Tensor:
        found: Tensor = self.body(((x + 1) / 2 - self.mean) / self.std)
        return found

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(x))
        return logits


def timm_entry(spec: str) -> ClassifierEntry:
    """The classifier that ``timm:NAME`` or ``timm:NAME:pretrained`` names.

    Raises:
        ConfigError: timm is not installed, or has no such model.
    """
    name, _, wish = spec.removeprefix(PREFIX).partition(":")
    if wish not in ("", "pretrained"):
        raise ConfigError(f"'{spec}': expected timm:NAME or timm:NAME:pretrained.")
    timm = _timm()
    if not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise ConfigError(f"timm has no model '{name}'.{hint}")

    def build(channels: int, size: int, classes: int, dropout: float) -> nn.Module:
        settings: dict[str, Any] = {"pretrained": bool(wish), "in_chans": channels, "num_classes": 0}
        try:
            body = _create(timm, name, size, settings)
            replace_dropout(body)
            return TimmClassifier(body, channels, size, classes, dropout)
        except OSError as fault:  # the weights' host can't be reached, or has none of that name
            raise ConfigError(
                f"The weights of {spec} are not on this machine and can't be fetched ({_first_line(fault)}); "
                f"connect to the internet, or train from new weights with {PREFIX}{name}."
            ) from fault
        except Exception as fault:
            raise ConfigError(
                f"{spec} can't be made for images of {channels} × {size} × {size} ({_first_line(fault)}); "
                "choose a larger --image-size or another model."
            ) from fault

    return ClassifierEntry(spec, f"timm's {name}{', pretrained' if wish else ''}.", "Wightman: timm", build)


def _create(timm: Any, name: str, size: int, settings: dict[str, Any]) -> nn.Module:
    """Transformers must be told the images' size; convolutional models don't know the word."""
    try:
        body: nn.Module = timm.create_model(name, img_size=size, **settings)
    except TypeError:
        body = timm.create_model(name, **settings)
    return body


def _first_line(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}".splitlines()[0].rstrip(".")


def _timm() -> Any:
    try:
        import timm
    except ModuleNotFoundError as fault:
        raise ConfigError(f"{PREFIX} needs a package ({fault}): pip install 'ganlift[timm]'.") from fault
    except Exception as fault:
        raise ConfigError(
            f"timm can't be imported ({_first_line(fault)}), most likely for a torchvision made for another torch; "
            "install torchvision from where torch was installed from."
        ) from fault
    return timm
