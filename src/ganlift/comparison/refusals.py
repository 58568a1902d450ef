"""What is asked of arms that cannot be: each refused with what to do instead, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from ganlift.classifiers.resolve import resolve as resolve_classifier
from ganlift.config import ArmsConfig, CompareConfig
from ganlift.errors import ConfigError
from ganlift.generators.base import GeneratorEntry, generators
from ganlift.generators.base import resolve as resolve_generator
from ganlift.strategies.base import Strategy, strategies
from ganlift.strategies.options import SOUND, build_options, checked


def refuse_geometry_of_sound(named: Sequence[Strategy], *, sound: bool) -> None:
    """Refuse arms that turn, crop or recolour pictures, where these are of ``sound``.

    Raises:
        ConfigError: such an arm.
    """
    if sound and (about := [entry.name for entry in named if entry.geometry]):
        raise ConfigError(
            f"'{about[0]}' turns, crops or recolours pictures, and those of sound mean something else then; leave it "
            "out."
        )


def check_options(config: ArmsConfig, chosen: Sequence[Strategy], *, sound: bool) -> None:
    """Check the options given to strategies and generators.

    Raises:
        ConfigError: an unknown one, one out of range, or a generator that works in no space of ``chosen``.
    """
    entries = {entry.name: entry for entry in _generators(config, chosen)}
    for name, given in config.options.items():
        if name in entries:
            checked(f"generator '{name}'", entries[name].options, given)
        else:
            entry = strategies.get(name)
            build_options(entry, given, SOUND if sound else entry.space)


def _generators(config: ArmsConfig, chosen: Sequence[Strategy]) -> list[GeneratorEntry]:
    """The run's generator in each of its spaces, and those that arms name.

    Raises:
        ConfigError: one that is not known, or that works in none of the spaces in which arms generate.
    """
    own = [generators.get(entry.generator) for entry in chosen if entry.generator]
    generating = {entry.space for entry in chosen if entry.kind in ("gan", "control") and not entry.generator}
    spaces = generating or {entry.space for entry in chosen}
    return [*own, *(resolve_generator(config.generator, space) for space in sorted(spaces))]


def check_classifier(config: ArmsConfig, chosen: Sequence[Strategy], noun: str) -> None:
    """Refuse a classifier of vectors where arms learn from pictures; on features all arms have the usual one.

    Raises:
        ConfigError: there is none of that name, or it reads vectors alone.
    """
    if resolve_classifier(config.classifier).reads == "vectors" and any(entry.space == "pixels" for entry in chosen):
        raise ConfigError(
            f"--classifier {config.classifier} reads vectors, and {noun}s are learned from as pictures here; leave it "
            "out, or give --features efficientnet-lite0, where every arm has the usual classifier."
        )


def check_labels(config: ArmsConfig, chosen: Sequence[Strategy], noun: str) -> None:
    """Refuse arms that need labels where there are none, and arms that find clusters beside arms that have labels.

    Raises:
        ConfigError: such an arm; or a search, or one arm alone, where there are no labels.
    """
    if config.labels_per_class != 0:
        if names := [entry.name for entry in chosen if not entry.labels]:
            raise ConfigError(
                f"{', '.join(names)} finds clusters without any label, and is compared with its like alone: "
                "give --labels-per-class 0, or leave it out."
            )
        return
    if names := [entry.name for entry in chosen if entry.labels]:
        raise ConfigError(
            f"{', '.join(names)} needs labelled {noun}s and --labels-per-class 0 leaves none; "
            "give a larger number, or take strategies that 'ganlift list strategies' calls without labels."
        )
    if config.search:
        raise ConfigError("--search chooses options by validation labels, and --labels-per-class 0 leaves none to use.")
    if not isinstance(config, CompareConfig):
        raise ConfigError(
            "Clusters have no names, so that 'train' can lay no classifier ready without labels; "
            "compare them with 'ganlift compare DATA --labels-per-class 0'."
        )


def check_unlabelled(config: ArmsConfig, chosen: Sequence[Strategy], unlabelled: int, noun: str) -> None:
    """Refuse arms that need unlabelled examples where there are none.

    Raises:
        ConfigError: such an arm.
    """
    lacking = [entry.name for entry in chosen if entry.unlabelled == "required" and not unlabelled]
    if lacking and config.labels_per_class == 0:
        raise ConfigError(
            f"--labels-per-class 0 leaves no {noun} to learn from with --unlabelled none; leave that out."
        )
    if lacking:
        raise ConfigError(
            f"{', '.join(lacking)} needs unlabelled {noun}s and there are none; give --unlabelled PATH or "
            f"--labels-per-class N (the rest of the training {noun}s is then unlabelled), or leave it out."
        )
