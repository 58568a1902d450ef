"""How good, how varied and how new a generator's images are, on named features, against images it never saw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ganlift.data import read_split
from ganlift.data.types import ImageSet, Split
from ganlift.errors import DataError
from ganlift.events import Listener
from ganlift.inference.generator import KeptGenerator, generator_keys, load_generator
from ganlift.inference.own_network import accuracy, has_baseline, of_generated, own_classifier
from ganlift.inference.seen import Held, Seen, images_of, other_held_out, own_held_out
from ganlift.measures.generation import LEAST, Side, measure
from ganlift.measures.networks import OWN, FeatureNetwork, named_network, of_module
from ganlift.nouns import IMAGE
from ganlift.runs import layout
from ganlift.runs.files import write_json
from ganlift.runs.folder import run_config
from ganlift.training.pixels import Pixels, to_uint8
from ganlift.training.precision import pick_device
from ganlift.training.rng import Rng

IMAGES = 2000
"""Images on either side, at most, where nothing else is asked for."""

TRAINING, TRAINING_WIDE = 10_000, 2000
"""Training images among which copies are sought, at most: with `own`, and with networks that are slow."""

SHORT, SHORT_TRAINING = 1000, 2000
"""The same in a comparison, which measures every generator of every seed."""

FOR_CAS = 500
"""Generated images a class that the classifier of the classification accuracy score is trained on."""

Index = NDArray[np.int64]


@dataclass(frozen=True)
class GeneratorEvaluation:
    """What `evaluate_generator` found.

    Attributes:
        generator: its name in the run; ``others`` are the run's other ones.
        data: the held-out images in words.
        network, about: the features' name, and what they are; ``distance`` is what the Fréchet distance is called.
        class_names: empty where the generator has no classes.
        measures: as `ganlift.measures.generation.measure` has it.
        noun: what one of what is measured is called: "image", "clip" (of sound) or "frame".
        cas: ``generated`` and ``real``: accuracy on the held-out images (``value``, ``low``, ``high``) of a classifier
            trained on generated images alone, and of one trained on labelled training images; None without classes.
        notes: sentences that belong to the figures.
    """

    generator: str
    others: list[str]
    data: str
    network: str
    about: str
    distance: str
    class_names: tuple[str, ...]
    measures: dict[str, Any]
    cas: dict[str, dict[str, float]] | None
    notes: list[str] = field(default_factory=list)
    noun: str = IMAGE


def evaluate_generator(
    run: Path,
    data: str | None,
    part: str | None,
    key: str | None,
    network: str,
    *,
    weights: Path | None,
    download: bool,
    most: int,
    at_infinity: bool,
    data_dir: Path | None,
    device: str,
) -> GeneratorEvaluation:
    """See `ganlift.api.evaluate_generator`."""
    kept, where = load_generator(run, key), pick_device(device)
    looked = None if network == OWN else named_network(network, where, weights=weights, download=download)
    images, split = images_of(run, kept, data_dir)
    seen = own_held_out(run, images, split) if data is None else other_held_out(images, split, data, part, data_dir)
    rng = Rng(split.seed, "evaluate", where)
    held = _enough(seen, most, rng, labelled=len(kept.class_names) > 0)
    config, cas = run_config(run), None
    conditional = len(kept.class_names) > 0
    own = own_classifier(run, config, images, split, where) if looked is None or conditional else None
    if own:
        looked = looked or of_module(own[0], OWN, own[1])
    assert looked is not None
    kept.trained.module.to(where)
    real = _real_sides(looked, held, seen, TRAINING if network == OWN else TRAINING_WIDE, rng)
    generated = _generated_side(looked, kept, held.labels, rng)
    found = measure(generated, *real, len(kept.class_names), _numpy(rng), at_infinity=at_infinity)
    if conditional and own:
        labels = np.repeat(np.arange(len(kept.class_names)), FOR_CAS)
        drawn = _drawn(kept, labels, rng, "classification accuracy score")
        on_generated = of_generated(drawn, labels, images, run, config, where)
        cas = {"generated": accuracy(on_generated, held, where), "real": accuracy(own[0], held, where)}
    return GeneratorEvaluation(
        generator=kept.key,
        others=[one for one in generator_keys(run) if one != kept.key],
        data=seen.about,
        network=looked.name,
        about=looked.about,
        distance=looked.title,
        class_names=kept.class_names,
        measures=found,
        cas=cas,
        notes=[*seen.notes, *_notes(found, len(seen.training), kept.noun)],
        noun=kept.noun,
    )


def measure_generators(run: Path, images: ImageSet, device: str, tell: Listener) -> None:
    """Measure each generator of a comparison on `SHORT` images, and write ``measures.json`` beside it.

    The features are those of the seed's own baseline classifier, so that nothing is trained; without spreads, for there
    are seeds. A seed without a baseline is left out. What can't be measured is told as a note.
    """
    config, where, seeds = run_config(run), pick_device(device), dict[int, list[KeptGenerator]]()
    for key in generator_keys(run):
        if not layout.measures_file(run, key).exists():
            kept = load_generator(run, key)
            seeds.setdefault(int(kept.record["seed"]), []).append(kept)
    for seed, group in seeds.items():
        split = read_split(layout.split_file(run, seed), images)
        if not has_baseline(run, seed):
            continue
        try:
            _measure_seed(run, config, images, split, group, where)
        except DataError as fault:
            tell({"type": "note", "message": f"Generated {images.noun}s of seed {seed} were not measured. {fault}"})


def _measure_seed(
    run: Path,
    config: dict[str, Any],
    images: ImageSet,
    split: Split,
    group: list[KeptGenerator],
    device: torch.device,
) -> None:
    rng, seen = Rng(split.seed, "evaluate", device), own_held_out(run, images, split)
    held = _enough(seen, SHORT, rng, labelled=True)
    classifier, about = own_classifier(run, config, images, split, device)
    network = of_module(classifier, OWN, about)
    real = _real_sides(network, held, seen, SHORT_TRAINING, rng)
    for kept in group:
        kept.trained.module.to(device)
        generated = _generated_side(network, kept, held.labels, rng)
        found = measure(generated, *real, len(kept.class_names), _numpy(rng), spreads=False)
        said = {"network": network.name, "about": network.about, "distance": network.title}
        write_json(layout.measures_file(run, kept.key), {**said, **found})


def _enough(seen: Seen, most: int, rng: Rng, *, labelled: bool) -> Held:
    """Held-out images drawn at random: as many as there are on both sides, ``most`` at most.

    Raises:
        DataError: there are fewer than `LEAST`.
    """
    usable = np.arange(len(seen.held.labels))
    if labelled:
        usable = usable[seen.held.labels >= 0]
    n = min(len(usable), len(seen.training), most)
    if n < LEAST:
        asked = f", and --images asks for {most}" if most < LEAST else ""
        raise DataError(
            f"Measuring a generator needs {LEAST} {seen.images.noun}s that it saw and {LEAST} that it did not; here "
            f"there are {len(seen.training)} and {len(usable)}{asked}."
        )
    return seen.held.some(np.sort(_numpy(rng, "held-out").permutation(usable)[:n]))


def _real_sides(network: FeatureNetwork, held: Held, seen: Seen, most: int, rng: Rng) -> tuple[Side, Side]:
    """Held-out images, and ``most`` training images in random order."""
    training = _numpy(rng, "training").permutation(seen.training)[: max(most, len(held.labels))]
    return (
        Side(_of_set(network, held.examples, held.index, rng.device), held.labels),
        Side(_of_set(network, seen.images, training, rng.device), seen.images.labels[training]),
    )


def _generated_side(network: FeatureNetwork, kept: KeptGenerator, labels: Index, rng: Rng) -> Side:
    """Generated images of the classes of the held-out ones, where the generator has any."""
    pixels = _drawn(kept, labels, rng, f"images of {kept.key}")
    return Side(network.features(_batches(pixels, network.batch, rng.device)), labels)


def _drawn(kept: KeptGenerator, labels: Index, rng: Rng, purpose: str) -> NDArray[np.uint8]:
    """An image (c, h, w) uint8 for each of ``labels`` (n,), which count for nothing without classes."""
    wanted = torch.from_numpy(labels).to(rng.device) if kept.class_names else None
    made = kept.trained.sample(wanted, len(labels), rng.generator(purpose))
    pixels: NDArray[np.uint8] = to_uint8(made).cpu().numpy()
    return pixels


def _of_set(network: FeatureNetwork, images: ImageSet, index: Index, device: torch.device) -> torch.Tensor:
    """Features of the images at ``index``, read a batch at a time."""
    parts = (index[start : start + network.batch] for start in range(0, len(index), network.batch))
    return network.features(batch for part in parts for batch in _batches(images.batch(part), network.batch, device))


def _batches(pixels: NDArray[np.uint8], size: int, device: torch.device) -> Iterable[torch.Tensor]:
    images = Pixels(pixels, device)
    return (images.take(rows) for rows in torch.split(torch.arange(len(images), device=device), size))


def _numpy(rng: Rng, purpose: str = "subsets") -> np.random.Generator:
    return np.random.default_rng(rng.derive(purpose))


def _notes(found: dict[str, Any], training: int, noun: str) -> list[str]:
    notes, n = [], found["images"]
    if n < found["features"]:
        notes.append(
            f"{n} {noun}s are fewer than the {found['features']} features, so that the Fréchet distance is mostly "
            "bias: hold it against that of real ones, which has the same."
        )
    if found["training_images"] < training:
        notes.append(f"Copies were sought among {found['training_images']} of {training} training {noun}s.")
    if found["generated"].get("frechet_at_infinity", {}).get("value", 0.0) is None:
        needed = 4 * found["features"]
        notes.append(f"Extrapolating to infinite samples needs {needed} {noun}s on either side, and there are {n}.")
    return notes
