"""A run's generators: which there are, and one of them loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ganlift.data.reading import Sound
from ganlift.errors import ConfigError, DamagedFileError, RunFolderError
from ganlift.generators.trained import GeneratorFacts, TrainedGenerator, rebuild
from ganlift.nouns import CLIP, IMAGE
from ganlift.runs import layout
from ganlift.runs.files import read_json, sha256_file
from ganlift.runs.folder import run_config
from ganlift.training.checkpoint import load_module


@dataclass(frozen=True)
class KeptGenerator:
    """``trained`` with what its ``model.json`` says: ``key`` names it in the run, ``record`` is all of the file."""

    key: str
    trained: TrainedGenerator
    class_names: tuple[str, ...]
    record: dict[str, Any]

    @property
    def noun(self) -> str:
        """What one of its samples is called: "image", "clip" (of sound) or "frame"."""
        return str(self.record.get("noun") or (CLIP if self.sound else IMAGE))

    @property
    def sound(self) -> Sound | None:
        """What the clips were brought to whose pictures it learned from; None of images."""
        own = self.record.get("sound")
        return Sound(**own) if own else None


def generator_keys(run: Path) -> list[str]:
    """The generators of ``run``, those that know classes first, then by name."""
    found = {folder.name: _described(folder)[0].classes for folder in layout.generator_folders(run)}
    return sorted(found, key=lambda key: (not found[key], key))


def load_generator(run: Path, key: str | None = None) -> KeptGenerator:
    """The generator called ``key``, or the first of `generator_keys`.

    Raises:
        RunFolderError: ``run`` is not a run, or no generator was trained in it.
        ConfigError: it has none of that name.
        DamagedFileError: the weights are not those that were written.
    """
    run_config(run)
    keys = generator_keys(run)
    if not keys:
        raise RunFolderError(
            f"{run} holds no trained generator to draw from (on a frozen network's features it is features that arms "
            "generate); train one with ganlift train-generator, or compare a GAN arm with --features pixels."
        )
    if key is not None and key not in keys:
        raise ConfigError(f"{run} has no generator '{key}'; it has: {', '.join(keys)}.")
    folder = layout.generator_folder(run, key or keys[0])
    (facts, record), weights = _described(folder), layout.weights_file(folder)
    if not weights.exists() or sha256_file(weights) != record["sha256"]:
        raise DamagedFileError(f"{weights} is not the file that the run wrote; train the generator again.")
    try:
        module = rebuild(facts)
        load_module(weights, module)
        trained = TrainedGenerator(facts, module.eval())
        _draw_one(trained)
    except (ValueError, RuntimeError, IndexError) as fault:  # options that no longer fit, sizes that no memory holds
        raise DamagedFileError(
            f"{layout.model_file(folder)} does not fit its weights; train the generator again."
        ) from fault
    return KeptGenerator(folder.name, trained, tuple(record["class_names"]), record)


def _draw_one(trained: TrainedGenerator) -> None:
    """An image of the last class and fold, which a generator of fewer, or of another latent, can't make."""
    facts = trained.facts
    last, fold = (torch.tensor([max(0, count - 1)]) for count in (facts.classes, facts.folds))
    made = trained.of_latents(torch.zeros(1, facts.latent_size), last, fold)
    if made.shape != (1, facts.channels, facts.size, facts.size):
        raise ValueError(f"it makes {tuple(made.shape)}")


def _described(folder: Path) -> tuple[GeneratorFacts, dict[str, Any]]:
    """What ``model.json`` in ``folder`` says.

    Raises:
        DamagedFileError: it lacks something, or holds what no run writes.
    """
    path = layout.model_file(folder)
    record = read_json(path)
    try:
        facts = GeneratorFacts.model_validate(record)
        whole = facts.classes in (0, len(record["class_names"])) and all(
            record[key] for key in ("sha256", "data_hash", "data")
        )
    except (ValueError, TypeError, LookupError):
        whole = False
    if not whole:
        raise DamagedFileError(f"{path} is damaged: it does not describe a generator; train the generator again.")
    return facts, record
