"""Loading a trained classifier: what it gives, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ganlift
from ganlift.data import load
from ganlift.errors import ConfigError, DamagedFileError, DataError, RunFolderError
from ganlift.inference.model import load_model
from ganlift.inference.seal import BLANK, is_whole, seal
from ganlift.measures.calibration import temper
from ganlift.runs.files import read_json, read_npz, write_json

from .conftest import CLASSES


def test_it_gives_what_the_run_recorded_at_its_temperature(trained: Path, photos: Path) -> None:
    model = load_model(trained)
    recorded = read_npz(trained / "arms" / "augment" / "0" / "predictions.npz")
    images = load(str(photos)).batch(recorded["index"])
    assert model.facts.class_names == CLASSES
    assert model.facts.temperature != 1.0
    wanted = temper(recorded["probabilities"], model.facts.temperature)
    np.testing.assert_allclose(model.probabilities(images), wanted, atol=1e-5)
    assert model.probabilities(images).dtype == np.float32


def test_the_temperature_lowers_the_validation_likelihood(trained: Path) -> None:
    facts = read_json(trained / "classifier" / "model.json")
    assert facts["validation_nll_calibrated"] < facts["validation_nll"]
    recorded = read_npz(trained / "arms" / "augment" / "0" / "predictions.npz")
    own = temper(recorded["validation_probabilities"], facts["temperature"])
    labels = recorded["validation_labels"]
    assert -np.log(own[np.arange(len(labels)), labels]).mean() == pytest.approx(facts["validation_nll_calibrated"])


def test_the_folder_is_as_good_as_the_run(trained: Path, tmp_path: Path, run: Path) -> None:
    assert load_model(trained / "classifier").run == trained
    moved = (run / "classifier").rename(tmp_path / "elsewhere")
    assert load_model(moved).run is None


@pytest.mark.parametrize(
    ("own", "at_once"),
    [
        ({"image_size": 32}, 256),
        ({"image_size": 224}, 40),  # as many pixels as 500 images of 64 px have
        ({"image_size": 64, "features": {"network": "x", "version": "1", "width": 8}}, 16),
        ({"image_size": 64, "features": {"network": "x", "version": "1", "width": 8}, "frames": 8}, 2),
    ],
)
def test_large_images_and_a_frozen_network_go_few_at_a_time(trained: Path, own: dict[str, Any], at_once: int) -> None:
    """256 images at once through EfficientNet-Lite0 hold four gigabytes."""
    model = load_model(trained)
    facts = model.facts.model_validate({**model.facts.model_dump(mode="json"), **own})
    seen = list[int]()

    def apply(images: np.ndarray) -> np.ndarray:
        seen.append(len(images))
        return np.full((len(images), len(CLASSES)), 0.5, np.float32)

    replace(model, facts=facts, apply=apply).probabilities(np.zeros((300, *facts.shape), np.uint8))
    assert max(seen) == at_once
    assert sum(seen) == 300


def test_a_model_from_before_calibration_has_temperature_1(run: Path) -> None:
    facts = read_json(run / "classifier" / "model.json")
    for key in ("temperature", "validation_nll", "validation_nll_calibrated"):
        del facts[key]
    write_json(run / "classifier" / "model.json", facts)
    assert load_model(run).facts.temperature == 1.0


@pytest.mark.parametrize(
    "images", [np.zeros((1, 1, 8, 8), np.float32), np.zeros((1, 3, 8, 8), np.uint8), np.zeros((8, 8), np.uint8)]
)
def test_other_images_are_refused(trained: Path, images: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"uint8 images of the shape \(n, 1, 8, 8\)"):
        load_model(trained).probabilities(images)


def test_no_image_is_no_fault(trained: Path) -> None:
    assert load_model(trained).probabilities(np.empty((0, 1, 8, 8), np.uint8)).shape == (0, 2)


def test_changed_weights_are_refused(run: Path) -> None:
    weights = run / "classifier" / "model.safetensors"
    data = weights.read_bytes()
    weights.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(DamagedFileError, match="not the file that the run wrote"):
        load_model(run)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"classifier": "of-a-plug-in"}, ConfigError, "can't be made here"),
        ({"image_size": 0}, DamagedFileError, "image_size"),
        ({"class_names": ["alone"]}, DamagedFileError, "class_names"),
        ({"channels": 3}, DamagedFileError, "cannot be read as this model's weights"),
        ({"generator": "sngan"}, RunFolderError, "draw from it with generate"),
    ],
)
def test_another_description_is_refused(run: Path, change: dict[str, object], error: type, said: str) -> None:
    path = run / "classifier" / "model.json"
    write_json(path, {**read_json(path), **change})
    with pytest.raises(error, match=said):
        load_model(run)


def test_what_is_no_classifier_is_refused(run: Path, tmp_path: Path, photos: Path) -> None:
    with pytest.raises(RunFolderError, match="There is nothing at"):
        load_model(tmp_path / "nowhere")
    with pytest.raises(RunFolderError, match="not a run folder"):
        load_model(photos)
    with pytest.raises(RunFolderError, match=r"neither \.onnx nor \.safetensors"):
        load_model(run / "plan.json")
    with pytest.raises(RunFolderError, match="not written by ganlift export"):
        load_model(run / "classifier" / "model.safetensors")
    (run / "classifier" / "model.json").unlink()
    with pytest.raises(RunFolderError, match="not brought to its end"):
        load_model(run)


def test_a_run_of_a_generator_alone_says_so(photos: Path, tmp_path: Path) -> None:
    ganlift.train_generator(photos, budget=2, batch_size=8, precision="fp32", out=tmp_path / "made")
    with pytest.raises(RunFolderError, match="trained a generator alone"):
        load_model(tmp_path / "made")


@given(st.binary(max_size=200), st.binary(max_size=200), st.integers(0, 10_000), st.integers(1, 255))
def test_a_seal_notices_any_changed_byte(before: bytes, after: bytes, place: int, change: int) -> None:
    whole = seal(before + BLANK.encode() + after)
    assert is_whole(whole)
    place %= len(whole)
    assert not is_whole(whole[:place] + bytes([whole[place] ^ change]) + whole[place + 1 :])
    assert not is_whole(whole[:place])
