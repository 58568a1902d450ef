"""EfficientNet-Lite0 as onnxruntime runs it: the same features but for the last bits, in nearly half the time.

On a processor, that is. The graph is written down layer by layer, which takes a tenth of a second; torch's own export
takes several.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from ganlift.features.networks.base import Network
from ganlift.features.networks.efficientnet_lite0 import (
    SIZE,
    EfficientNetLite0,
    InvertedBlock,
    SameConv,
    network_of,
    published,
)
from ganlift.features.networks.onnx_file import CENTRE, forward_of, session_of

OPSET, IR = 13, 8


def has_onnx() -> bool:
    """Whether the packages are here that it takes."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError:
        return False
    return True


def efficientnet_lite0_onnx() -> Network:
    """The network run by onnxruntime on the processor, one thread a call; raises as `efficientnet_lite0`."""
    session = session_of(graph(published()))
    return network_of(forward_of(session, CENTRE, CENTRE, channels_last=False), torch.device("cpu"))


def graph(model: EfficientNetLite0) -> bytes:
    """An ONNX file of ``model``: float32 images (n, 3, 224, 224) in [-1, 1] to features (n, 1280)."""
    from onnx import TensorProto, helper, numpy_helper

    writer = _Writer()
    for layer in model.layers:
        writer.add(layer)
    writer.node("GlobalAveragePool")
    writer.node("Flatten")
    limits = {"low": np.float32(0), "high": np.float32(6)}
    weights = [numpy_helper.from_array(np.asarray(value), name) for name, value in (writer.weights | limits).items()]
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, SIZE, SIZE])
    features = helper.make_tensor_value_info(writer.last, TensorProto.FLOAT, ["n", "d"])
    whole = helper.make_graph(writer.nodes, "EfficientNet-Lite0", [images], [features], weights)
    opsets = [helper.make_opsetid("", OPSET)]
    data: bytes = helper.make_model(whole, opset_imports=opsets, ir_version=IR).SerializeToString()
    return data


@dataclass
class _Writer:
    """Nodes so far, their weights, the name of what the last of them makes, and the side of its images in pixels."""

    nodes: list[Any] = field(default_factory=list)
    weights: dict[str, Any] = field(default_factory=dict)
    last: str = "images"
    side: int = SIZE

    def add(self, layer: nn.Module) -> None:
        if isinstance(layer, SameConv):
            self._convolution(layer)
        elif isinstance(layer, nn.ReLU6):
            self.node("Clip", "low", "high")
        elif isinstance(layer, InvertedBlock):
            before = self.last
            for one in layer.body:
                self.add(one)
            if layer.adds:
                self.node("Add", before)

    def node(self, kind: str, *more: str, **attributes: Any) -> None:
        from onnx import helper

        made = f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, [self.last, *more], [made], **attributes))
        self.last = made

    def _convolution(self, layer: SameConv) -> None:
        kernel, stride, name = layer.kernel_size[0], layer.stride[0], f"layer{len(self.nodes)}"
        values = {"weight": layer.weight, "bias": layer.bias}
        self.weights |= {f"{name}.{key}": value.numpy() for key, value in values.items() if value is not None}
        pad = layer.padding_of(self.side)
        self.node(
            "Conv",
            f"{name}.weight",
            f"{name}.bias",
            strides=[stride] * 2,
            group=layer.groups,
            pads=[pad // 2] * 2 + [pad - pad // 2] * 2,
            kernel_shape=[kernel] * 2,
        )
        self.side = -(-self.side // stride)
