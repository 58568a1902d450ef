"""``ganlift export``: the same probabilities from one file alone, or nothing is written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import ganlift
from ganlift.data import load
from ganlift.errors import ConfigError, DamagedFileError, RunFolderError
from ganlift.inference import export as export_module
from ganlift.inference.model import load_model
from ganlift.runs.files import read_json, write_json

from .conftest import CLASSES, Command

ENDINGS = {"onnx": ".onnx", "torchscript": ".pt", "safetensors": ".safetensors"}


@pytest.fixture(scope="module")
def exported(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run's classifier as ONNX, with its card, alone in a folder."""
    pytest.importorskip("onnx")
    return ganlift.export(trained, "onnx", tmp_path_factory.mktemp("exported") / "digits.onnx").file


def test_onnx_alone_gives_the_same(trained: Path, exported: Path, photos: Path) -> None:
    own, other = load_model(trained), load_model(exported)
    assert other.facts == own.facts
    images = load(str(photos)).batch(np.arange(100))
    for n in (1, 7, 100):
        assert np.abs(own.probabilities(images[:n]) - other.probabilities(images[:n])).max() <= 1e-5


def test_onnx_is_used_without_torch(trained: Path, exported: Path, photos: Path, command: Command) -> None:
    code = (
        "import sys; from ganlift.cli.main import main\n"
        "try: main()\n"
        "finally: print('torch' in sys.modules, file=sys.stderr)"
    )
    words = ["predict", str(exported), str(photos), "--format", "csv"]
    ended = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert ended.stderr == "False\n"
    lines, wanted = (text.splitlines() for text in (ended.stdout, command("predict", trained, *words[2:]).out))
    assert len(lines) == 121
    assert [line.rsplit(",", 3)[0] for line in lines] == [line.rsplit(",", 3)[0] for line in wanted]


def test_onnx_says_what_it_is_to_other_programs(exported: Path) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load(str(exported))
    onnx.checker.check_model(model)
    texts = {one.key: one.value for one in model.metadata_props}
    assert json.loads(texts["class_names"]) == list(CLASSES)
    assert (texts["image_size"], texts["channels"]) == ("8", "1")
    (given,) = model.graph.input
    assert given.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert given.type.tensor_type.shape.dim[0].dim_param


@pytest.mark.parametrize("form", ["torchscript", "safetensors"])
def test_other_formats_give_the_same(trained: Path, photos: Path, tmp_path: Path, form: str) -> None:
    made = ganlift.export(trained, form, tmp_path / f"digits{ENDINGS[form]}")
    images = load(str(photos)).batch(np.arange(50))
    if form == "torchscript":
        found = torch.jit.load(str(made.file))(torch.from_numpy(images)).numpy()
    else:
        found = load_model(made.file).probabilities(images)
    assert np.abs(found - load_model(trained).probabilities(images)).max() <= 1e-5
    assert made.difference <= 1e-5
    assert made.source == "test images of the run"


def test_the_card_is_made_of_the_records(trained: Path, exported: Path) -> None:
    card = exported.with_name("digits.onnx.md").read_text(encoding="utf-8")
    row = read_json(trained / "arms" / "augment" / "0" / "row.json")
    model = read_json(trained / "classifier" / "model.json")
    assert model["data_hash"] in card
    assert model["sha256"] in card
    assert f"| accuracy | {row['test_accuracy']:.3f} |" in card
    assert f"temperature {model['temperature']:.3f}" in card
    assert "zero &amp; &lt;b&gt;" in card
    assert "<b>" not in card
    assert "## Limits" in card


def test_the_card_has_the_verdict(run: Path, tmp_path: Path) -> None:
    write_json(run / "verdict.json", [{"strategy": "sgan", "sentence": "sgan: undecided | so far."}])
    made = ganlift.export(run, "safetensors", tmp_path / "x.safetensors")
    assert r"- sgan: undecided \| so far." in made.card.read_text(encoding="utf-8")


def test_without_the_run_s_images_the_bundled_ones_are_compared(run: Path, tmp_path: Path) -> None:
    model = read_json(run / "classifier" / "model.json")
    write_json(run / "classifier" / "model.json", {**model, "data": "/nowhere"})
    made = ganlift.export(run, "safetensors", tmp_path / "x.safetensors")
    assert "bundled images" in made.source
    moved = (run / "classifier").rename(tmp_path / "alone")
    alone = ganlift.export(moved, "safetensors")
    assert alone.file == moved / "export" / "model.safetensors"
    assert "Not known" in alone.card.read_text(encoding="utf-8")


def test_a_model_that_differs_is_not_written(
    trained: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = export_module._FORMATS["safetensors"]

    def other(model: Any, facts: Any) -> bytes:
        with torch.no_grad():
            model.classifier.head[1].bias[0] += 0.001
        return whole.write(model, facts)

    monkeypatch.setitem(export_module._FORMATS, "safetensors", export_module._Format(whole.suffix, other, whole.read))
    ended = command("export", trained, "--format", "safetensors", "--out", tmp_path / "x.safetensors")
    assert ended.code == 1
    assert "nothing was written" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_changed_onnx_is_refused(exported: Path, tmp_path: Path) -> None:
    data = bytearray(exported.read_bytes())
    data[len(data) // 2] ^= 1  # a weight: still an ONNX file
    (tmp_path / "x.onnx").write_bytes(data)
    with pytest.raises(DamagedFileError, match=r"checksum|not a whole ONNX model"):
        load_model(tmp_path / "x.onnx")
    (tmp_path / "y.onnx").write_bytes(exported.read_bytes()[:1000])
    (tmp_path / "z.onnx").write_bytes(exported.read_bytes().replace(b"ganlift-seal", b"ganlift-\xffeal"))  # no text
    for name in ("y.onnx", "z.onnx"):
        with pytest.raises(DamagedFileError, match="not a whole ONNX model"):
            load_model(tmp_path / name)


@pytest.mark.parametrize("library", ["onnxruntime", "onnxscript"])
def test_without_the_extra_it_says_what_to_install(
    trained: Path, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    attempts = {
        "onnxruntime": lambda: load_model(exported),
        "onnxscript": lambda: ganlift.export(trained, "onnx", tmp_path / "x.onnx"),
    }
    with pytest.raises(ConfigError, match=r"pip install 'ganlift\[onnx\]'"):
        attempts[library]()
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_exported_is_refused(run: Path, exported: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ends in \.onnx"):
        ganlift.export(run, "onnx", tmp_path / "x.txt")
    with pytest.raises(ConfigError, match="replace the run's own weights"):
        ganlift.export(run, "safetensors", run / "classifier" / "model.safetensors")
    with pytest.raises(ConfigError, match="no format 'tflite'"):
        ganlift.export(run, "tflite")
    with pytest.raises(RunFolderError, match="is a file"):
        ganlift.export(exported, "onnx")


def test_the_command_says_parity_file_and_card(trained: Path, tmp_path: Path, command: Command) -> None:
    ended = command("export", trained, "--format", "safetensors", "--out", tmp_path / "x.safetensors")
    assert ended.out.startswith("Parity: probabilities differ by at most ")
    assert str(tmp_path / "x.safetensors.md") in ended.out
    found = json.loads(
        command("export", trained, "--format", "safetensors", "--out", tmp_path / "x.safetensors", "--json").out
    )
    assert found["parity"]["max_difference"] <= 1e-5
