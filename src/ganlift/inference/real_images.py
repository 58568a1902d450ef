"""Real images, or rows, to compare an exported model on: the run's own where they can be had, else the bundled ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganlift.data import VectorSet, data_hash, load, load_examples
from ganlift.data.bundled_sets import fashion_mini
from ganlift.data.decode import decode
from ganlift.data.decode_clips import decode_clips
from ganlift.data.hashes import content_hashes
from ganlift.data.held import is_there
from ganlift.data.idx import is_idx_folder
from ganlift.data.reading import Reading, asked
from ganlift.data.recorded import as_hashed
from ganlift.data.sizes import square
from ganlift.data.sound import picture
from ganlift.errors import GanliftError
from ganlift.inference.facts import Apply, ClassifierFacts, ColumnsFacts, Inputs, Probabilities
from ganlift.inference.model import Model
from ganlift.inference.predict_rows import of_block
from ganlift.runs import layout
from ganlift.runs.files import read_json
from ganlift.runs.folder import run_config

Pixels = NDArray[np.uint8]

MOST = 200


def real_images(model: Model) -> tuple[Inputs, str]:
    """Up to `MOST` images (n, c, h, w) uint8 at the model's size, or rows (n, d) float32, and words for what they are.

    Of clips (n, k, c, h, w) there are fewer: as many frames.

    They count as the run's own where their content hashes are those of its split.
    """
    facts = model.facts
    if facts.columns:
        return _rows(model, facts.columns)
    if model.run is not None:
        parts = read_json(layout.split_file(model.run, facts.seed))["parts"]
        name = "test" if parts["test"]["index"] else "validation"
        most = MOST // max(1, facts.frames)
        spread = np.linspace(0, len(parts[name]["index"]) - 1, min(most, len(parts[name]["index"]))).astype(int)
        wanted = {key: [parts[name][key][place] for place in spread] for key in ("index", "names", "hashes")}
        of_files = Path(facts.data).is_dir() and not is_idx_folder(Path(facts.data))
        reading = reading_of(facts, model.run)
        own = as_hashed(model.run, reading)

        def read(how: Reading) -> Pixels | None:
            return _of_files(facts, wanted["names"], how) if of_files else _of_set(facts.data, wanted["index"], how)

        same = read(own)
        pixels = same if own == reading or same is None else read(reading)
        if same is not None and pixels is not None and content_hashes(same).tolist() == wanted["hashes"]:
            return np.moveaxis(pixels, -1, -3).copy(), f"{name} {facts.noun}s of the run"
    return _bundled(facts), "bundled images (the run's own are not here)"


def made_clips(model: Model) -> tuple[NDArray[np.float32], str]:
    """16 clips (n, samples) of gliding tones in noise, for a classifier of sound, and words for what they are."""
    assert model.facts.sound is not None
    sound, rng = model.facts.sound, np.random.default_rng(0)
    time = np.arange(sound.samples) / sound.rate
    starts, ends = rng.uniform(80, sound.rate / 3, (2, 16, 3, 1))
    phase = 2 * np.pi * (starts * time + (ends - starts) * time**2 / (2 * sound.seconds))
    clips = np.sin(phase).sum(1) * rng.uniform(0.01, 0.3, (16, 1)) + 1e-3 * rng.standard_normal((16, sound.samples))
    return clips.astype(np.float32), "made clips, gliding tones in noise"


def heard(model: Model) -> Apply:
    """What gives the probabilities of clips (n, samples) by the pictures that training had."""
    facts = model.facts
    assert facts.sound is not None
    sound = facts.sound

    def apply(waves: Inputs) -> Probabilities:
        shown = np.stack([picture(wave, sound, facts.image_size) for wave in waves])
        return model.probabilities(np.repeat(shown[:, None], facts.channels, axis=1))

    return apply


def _rows(model: Model, columns: ColumnsFacts) -> tuple[NDArray[np.float32], str]:
    """Rows of the run; where its data are not here any more, rows drawn from a normal of the columns."""
    try:
        found = load_examples(model.facts.data, asked(run_config(model.run)) if model.run else Reading())
    except (GanliftError, OSError):
        found = None
    if isinstance(found, VectorSet) and data_hash(found) == model.facts.data_hash:
        spread = np.linspace(0, len(found) - 1, min(MOST, len(found))).astype(int)
        return of_block(model, found).vectors[spread].astype(np.float32), "rows of the run"
    drawn = np.random.default_rng(0).normal(columns.mean, columns.spread, (MOST, len(columns.mean)))
    return drawn.astype(np.float32), "rows drawn around the training rows (the run's own are not here)"


def _of_files(facts: ClassifierFacts, names: list[str], reading: Reading) -> Pixels | None:
    """The files of a folder of class folders, alone and not the whole folder; None where one is missing."""
    paths = [Path(facts.data) / name for name in names]
    if not all(map(is_there, paths)):
        return None
    return (decode_clips if facts.frames else decode)(paths, reading).pixels


def _of_set(data: str, index: list[int], reading: Reading) -> Pixels | None:
    """Of any other source; None where it is not here any more, or would have to be downloaded."""
    if data == "cifar10":
        return None
    try:
        images = load(data, reading)
    except (GanliftError, OSError):
        return None
    inside = len(images) > max(index, default=0)
    fits = (images.size, images.channels) == (reading.image_size, reading.channels)
    return np.asarray(images.pixels[index]) if inside and fits else None


def _bundled(facts: ClassifierFacts) -> Pixels:
    pixels = square(fashion_mini().pixels[:MOST], facts.image_size)
    images = np.repeat(pixels, facts.channels, axis=3).transpose(0, 3, 1, 2).copy()
    if not facts.frames:
        return images
    whole = images[: len(images) - len(images) % facts.frames]
    return whole.reshape(-1, facts.frames, *images.shape[1:])  # different pictures one after another


def reading_of(facts: ClassifierFacts, run: Path) -> Reading:
    """How the images of ``run`` were read: as it was asked, on the scale that was found."""
    scale = (facts.scale.low, facts.scale.high) if facts.scale else None
    return facts.reading(replace(asked(run_config(run)), value_range=scale))
