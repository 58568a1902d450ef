"""`evaluate --what privacy`: a model that learned by heart is caught, one that never saw the members is not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

import ganlift
from ganlift.errors import ConfigError, DataError, RunFolderError
from ganlift.inference.members import run_examples
from ganlift.inference.privacy import Attack, measure_privacy
from ganlift.runs import layout
from ganlift.runs.files import read_json, sha256_file, write_json

from .conftest import Command

TESTED = slice(400, 1400)
QUICK = {"precision": "fp32", "threads": 1, "batch_size": 32}


def write(path: Path, parts: Mapping[str, Any], *, rows: bool = False) -> Path:
    """Digits in random order at the places of each part, as images or as rows."""
    digits, order = load_digits(), np.random.default_rng(0).permutation(1797)
    x = digits.data if rows else np.round(digits.images * 255 / 16).astype(np.uint8)
    arrays = {}
    for part, places in parts.items():
        arrays |= {f"x_{part}": x[order[places]], f"y_{part}": digits.target[order[places]]}
    np.savez(path, **arrays)
    return path


def by_heart(folder: Path, name: str, train: slice, *, rows: bool = False) -> Path:
    """A classifier trained for long on few images, without random operations or weight decay."""
    data = write(folder / f"{name}.npz", {"train": train, "test": TESTED}, rows=rows)
    options = {"augment": {"policy": "none", "weight_decay": 0}}
    ganlift.train(data, strategy="augment", budget=200, options=options, out=folder / name, **QUICK)
    return folder / name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("privacy")


@pytest.fixture(scope="module")
def learned(folder: Path) -> Path:
    return by_heart(folder, "learned", slice(0, 100))


@pytest.fixture(scope="module")
def rows(folder: Path) -> Path:
    return by_heart(folder, "rows", slice(0, 100), rows=True)


@pytest.fixture(scope="module")
def generator(folder: Path) -> Path:
    """One that hardly trained: three steps."""
    data = write(folder / "drawn.npz", {"train": slice(0, 300), "test": TESTED})
    ganlift.train_generator(data, budget=3, batch_size=16, precision="fp32", out=folder / "generator")
    return folder / "generator"


def only(found: ganlift.api.PrivacyEvaluation) -> Attack:
    (attack,) = found.attacks
    return attack


def test_a_classifier_that_learned_by_heart_is_caught(learned: Path, command: Command) -> None:
    ended = command("evaluate", learned, "--what", "privacy", "--json")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    (attack,) = found["attacks"]
    assert (attack["kind"], attack["name"], found["noun"]) == ("classifier", "loss", "image")
    assert attack["figures"]["auc"] > 0.65
    assert attack["figures"]["low"] > 0.6
    assert found["left_out"] == ["discriminator, nearest: the run kept no generator."]
    shown = command("evaluate", learned, "--what", "privacy")
    words = " ".join(shown.out.split())
    assert "Members are told from others by: loss." in words
    assert "The test images came with the data" in words
    assert max(map(len, shown.out.splitlines())) <= 80


def test_a_classifier_that_never_saw_them_is_not(learned: Path, folder: Path, tmp_path: Path) -> None:
    """The same attack on the same images, with the weights of a run on other images."""
    other, run = by_heart(folder, "other", slice(100, 200)), Path(shutil.copytree(learned, tmp_path / "run"))
    weights = layout.weights_file(layout.winner_folder(run))
    shutil.copy(layout.weights_file(layout.winner_folder(other)), weights)
    model = layout.model_file(layout.winner_folder(run))
    write_json(model, {**read_json(model), "sha256": sha256_file(weights)})
    figures = only(ganlift.evaluate_privacy(run)).figures
    assert figures.low < 0.5 < figures.high
    assert not figures.tells


def test_rows_are_called_rows(rows: Path, command: Command) -> None:
    ended = command("evaluate", rows, "--what", "privacy")
    assert ended.code == 0, ended.err
    assert "Members are training rows" in ended.out
    assert "image" not in ended.out
    assert only(ganlift.evaluate_privacy(rows)).figures.low > 0.7


def test_a_generator_that_decodes_training_images_is_caught(folder: Path) -> None:
    data = write(folder / "banked.npz", {"train": slice(0, 200), "test": TESTED})
    ganlift.train_generator(data, generator="autoencoder", budget=150, out=folder / "banked", batch_size=32)
    found = ganlift.evaluate_privacy(folder / "banked")
    attack = only(found)
    assert (attack.kind, attack.name) == ("generator", "nearest")
    assert attack.figures.low > 0.8
    assert any("it was trained without one" in one for one in found.left_out)


def test_a_generator_that_hardly_trained_gives_nothing_away(generator: Path) -> None:
    found = ganlift.evaluate_privacy(generator)
    assert [one.name for one in found.attacks] == ["discriminator", "nearest"]
    for attack in found.attacks:
        assert attack.figures.low < 0.5 < attack.figures.high
    assert found.left_out == ["loss: the run has no finished classifier."]
    assert ganlift.evaluate_privacy(generator).attacks == found.attacks


def test_without_its_checkpoint_the_discriminator_is_left_out(generator: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(generator, tmp_path / "run"))
    (home,) = layout.generator_folders(run)
    (tensors,) = (home / "checkpoints").glob("*.safetensors")
    tensors.write_bytes(tensors.read_bytes()[:-1])
    found = ganlift.evaluate_privacy(run)
    assert [one.name for one in found.attacks] == ["nearest"]
    assert any("is not there or is damaged" in one for one in found.left_out)


def test_copies_are_on_neither_side(learned: Path, folder: Path, tmp_path: Path) -> None:
    """Half of the named images are those that were trained on, or ones a grey level away."""
    members, fresh = load_npz(folder / "learned.npz", "train"), load_npz(folder / "learned.npz", "test")
    nearly = np.clip(members[0].astype(int) + 1, 0, 255).astype(np.uint8)
    mixed = tmp_path / "mixed.npz"
    x = np.concatenate([members[0][:50], nearly[50:], fresh[0][:300]])
    np.savez(mixed, x_train=x, y_train=np.concatenate([members[1], fresh[1][:300]]))
    with pytest.raises(DataError, match=r"An attack needs 20 images that were trained on.* there are 0 and"):
        ganlift.evaluate_privacy(learned, mixed)
    x, y = x[60:], np.concatenate([members[1], fresh[1][:300]])[60:]
    np.savez(mixed, x_train=x, y_train=y)
    found = ganlift.evaluate_privacy(learned, mixed)
    figures = only(found).figures
    assert figures.others <= 300
    assert figures.members < 80
    assert any("are copies or near copies of training images" in note for note in found.notes)
    assert any("may differ from the training ones in more" in note for note in found.notes)


def test_the_images_that_a_run_drew_itself_bring_no_warning(folder: Path) -> None:
    data = write(folder / "whole.npz", {"train": slice(0, 500)})
    ganlift.train(data, strategy="augment", budget=3, keep_test=0.3, out=folder / "whole", **QUICK)
    found = ganlift.evaluate_privacy(folder / "whole", images=60)
    assert "drew to hold out" in only(found).others
    assert found.notes == []
    assert (only(found).figures.members, only(found).figures.others) == (60, 60)


def test_after_a_comparison_the_figures_are_kept(learned: Path, tmp_path: Path) -> None:
    run, told = Path(shutil.copytree(learned, tmp_path / "run")), list[Any]()
    measure_privacy(run, run_examples(run, None), "cpu", told.append)
    assert told == []
    kept = read_json(layout.privacy_file(run))
    assert kept["attacks"][0]["figures"]["auc"] == only(ganlift.evaluate_privacy(run, images=1000)).figures.auc
    for damaged in ("{", '{"attacks": [{"kind": "classifier", "model": "another arm, seed 0"}]}'):
        layout.privacy_file(run).write_text(damaged)  # a record of another winner counts for nothing, like a broken one
        measure_privacy(run, run_examples(run, None), "cpu", told.append)
        assert read_json(layout.privacy_file(run)) == kept
    before = layout.privacy_file(run).stat().st_mtime_ns
    measure_privacy(run, run_examples(run, None), "cpu", told.append)
    assert layout.privacy_file(run).stat().st_mtime_ns == before
    layout.privacy_file(run).unlink()
    layout.weights_file(layout.winner_folder(run)).unlink()
    measure_privacy(run, run_examples(run, None), "cpu", told.append)
    assert "Membership inference was not tried." in told[0]["message"]
    assert not layout.privacy_file(run).exists()


def test_what_is_refused(learned: Path, folder: Path, tmp_path: Path, command: Command) -> None:
    with pytest.raises(RunFolderError, match="is not a run folder"):
        ganlift.evaluate_privacy(tmp_path)
    with pytest.raises(RunFolderError, match="holds no trained generator"):
        ganlift.evaluate_privacy(learned, generator="sngan")
    with pytest.raises(DataError, match="--images asks for 5"):
        ganlift.evaluate_privacy(learned, images=5)
    with pytest.raises(ConfigError, match="no part 'tset'"):
        ganlift.evaluate_privacy(learned, folder / "learned.npz", part="tset")
    data = write(folder / "bare.npz", {"train": slice(0, 200)})
    ganlift.train(data, strategy="augment", budget=3, out=folder / "bare", **QUICK)
    ended = command("evaluate", folder / "bare", "--what", "privacy")
    assert ended.code == 2
    assert "kept no images back that it did not train on" in ended.err
    for option, word in (("--network", "own"), ("--groups", "x")):
        ended = command("evaluate", learned, "--what", "privacy", option, word)
        assert ended.code == 2
    (folder / "bare.npz").unlink()
    ended = command("evaluate", folder / "bare", "--what", "privacy")
    assert ended.code == 2
    assert "Who was trained on is told from the run's data, which are needed" in " ".join(ended.err.split())


def load_npz(path: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    with np.load(path) as arrays:
        return arrays[f"x_{part}"], arrays[f"y_{part}"]
