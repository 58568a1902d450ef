"""What will be run: which arms, how many steps, how long it should take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ganlift.classifiers.base import DEFAULTS, classifiers
from ganlift.classifiers.resolve import resolve
from ganlift.comparison.auto import ALL, AUTO, choose, generator_warning
from ganlift.comparison.costs import Cost
from ganlift.comparison.features import labels_of
from ganlift.comparison.refusals import (
    check_classifier,
    check_labels,
    check_options,
    check_unlabelled,
    refuse_geometry_of_sound,
)
from ganlift.config import ArmsConfig, CompareConfig
from ganlift.config_values import PIXELS, ROWS
from ganlift.data.types import Examples, VectorSet
from ganlift.errors import ConfigError
from ganlift.features import DEFAULT
from ganlift.generators.base import generators, name_in
from ganlift.nouns import IMAGE
from ganlift.strategies.base import Strategy, on_rows, on_vectors, strategies
from ganlift.strategies.options import is_untuned

PROBE = "linear-probe"
UNTUNED = (
    "{}: on vectors their settings are the first that were tried, tuned on no other data yet; --search 8 tunes each "
    "arm on your validation set."
)


@dataclass(frozen=True)
class Plan:
    """Fixed once, before the first arm, and recorded: a continued run keeps it.

    ``estimate_s`` is the most that all looks may take, ``least_s`` what the first one takes;
    ``core_share`` is what jobs got of a core while they were timed, 1 where no other work held them up.
    """

    strategies: list[str]
    seeds: list[int]
    steps: int
    generator_steps: int
    device: str
    precision: str
    threads: int
    costs: list[Cost]
    estimate_s: float
    own_generator_steps: dict[str, int] = field(default_factory=dict)
    own_steps: dict[str, int] = field(default_factory=dict)
    least_s: float = 0.0
    core_share: float = 1.0

    def steps_of(self, strategy: str) -> int:
        """Its classifier's steps: the same for all, or as many as fill the same time."""
        return self.own_steps.get(strategy, self.steps)

    def seconds_of(self, strategy: str) -> float:
        """What one seed of it is estimated to take."""
        cost = next(one for one in self.costs if one.strategy == strategy)
        return cost.seconds(self.steps_of(strategy), self.generator_steps_of(strategy))

    def generator_steps_of(self, strategy: str) -> int:
        """Steps of its generator's own phase: the same for all, or as many as a time holds."""
        return self.own_generator_steps.get(strategy, self.generator_steps)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read_plan(facts: Mapping[str, Any]) -> Plan:
    """The plan that `Plan.to_json` wrote; further keys are passed over."""
    known = {name: facts[name] for name in Plan.__dataclass_fields__ if name in facts}
    return Plan(**{**known, "costs": [Cost(**cost) for cost in known["costs"]]})


def resolve_arms(
    config: ArmsConfig,
    spaces: Sequence[str],
    labelled_per_class: Sequence[int],
    unlabelled: int,
    *,
    sound: bool = False,
    blocks: Sequence[str] = (),
    noun: str = IMAGE,
) -> tuple[list[Strategy], list[str]]:
    """The strategies to compare, and sentences about those picked or added and what is to be expected of them.

    Args:
        spaces: what they learn from: pixels, and names of networks; or rows of numbers.
        labelled_per_class: labelled training images of each class.
        unlabelled: training images without labels.
        sound: whether the pictures are of sound.
        blocks: what the sources of rows are called that lie side by side.
        noun: what one example is called.

    Raises:
        ConfigError: an unknown name or option, a strategy that needs unlabelled images where there are none, or one,
            or an option, that is about what pictures show where they are of sound.
    """
    rows = ROWS in spaces
    picked, named, notes = _asked_for(config, spaces, labelled_per_class, unlabelled, sound, blocks, noun)
    refuse_geometry_of_sound(named, sound=sound)
    chosen = list({entry.name: entry for entry in [*picked, *named]}.values())
    check_options(config, chosen, sound=sound)
    check_labels(config, chosen, noun)
    check_unlabelled(config, chosen, unlabelled, noun)
    if isinstance(config, CompareConfig):
        added = _references(config, chosen, rows=rows)
        chosen = [*reversed(added), *chosen]
        notes += [f"'{one.name}' is added: a gain needs an arm without a GAN to be measured against." for one in added]
    check_classifier(config, chosen, noun)
    return chosen, [*notes, *_expectations(config, chosen, labelled_per_class, unlabelled, noun)]


def _asked_for(
    config: ArmsConfig,
    spaces: Sequence[str],
    labelled_per_class: Sequence[int],
    unlabelled: int,
    sound: bool,
    blocks: Sequence[str],
    noun: str,
) -> tuple[list[Strategy], list[Strategy], list[str]]:
    """The strategies that were picked, those that were named, and sentences about both."""
    notes = [*strategies.problems(), *generators.problems(), *classifiers.problems()]
    names, picked = config.strategy_list(), list[Strategy]()
    if AUTO in names:
        picked, why = _picked(spaces, labelled_per_class, unlabelled, sound=sound, noun=noun)
        notes += why
    if ALL in names:
        possible = _possible(config, spaces, unlabelled, sound=sound)
        notes.append(f"Compared are all {len(possible)} strategies that these {noun}s allow.")
        names = [*possible, *names]
    names = [one for name in names if name not in (AUTO, ALL) for one in with_every_generator(name, spaces)]
    names = list(dict.fromkeys(names))
    if blocks and isinstance(config, CompareConfig):
        plain = _as_they_are(config)
        names += [plain, *(alone := [f"{plain}@{block}" for block in blocks])]
        notes.append(f"Beside '{plain}' of all blocks stands what each alone gives: {', '.join(alone)}.")
    named = all_on_rows(names, config, blocks) if ROWS in spaces else in_spaces(names, spaces)
    return picked, named, notes


def _references(config: CompareConfig, chosen: Sequence[Strategy], *, rows: bool) -> list[Strategy]:
    """An arm without a GAN for each space of ``chosen`` that has none."""
    added = list[Strategy]()
    for space in dict.fromkeys(entry.features for entry in chosen):
        if not any(entry.kind in ("baseline", "rival") and entry.features == space for entry in chosen):
            plain, probe = "kmeans-pixels" if config.labels_per_class == 0 else "augment", _as_they_are(config)
            added.append(entry_of(probe if rows else f"{probe}@{space}" if space else plain, rows=rows))
    return added


def _as_they_are(config: ArmsConfig) -> str:
    """The strategy without a GAN that takes vectors as they are."""
    return "kmeans" if config.labels_per_class == 0 else PROBE


def _expectations(
    config: ArmsConfig, chosen: Sequence[Strategy], labelled_per_class: Sequence[int], unlabelled: int, noun: str
) -> list[str]:
    """What generates where, which settings nobody has tuned, and what so few examples let a generator do."""
    notes = list[str]()
    if names := [one.name for one in chosen if one.space == "vectors" and one.needs_generator and not one.generator]:
        notes.append(f"{', '.join(names)}: features are generated by '{name_in('vectors', config.generator)}'.")
    untuned = [entry.name for entry in chosen if is_untuned(entry)]
    if untuned and not config.search:
        notes.append(UNTUNED.format(", ".join(untuned)))
    of_labels_alone = [entry.name for entry in chosen if entry.kind == "gan" and entry.unlabelled == "never"]
    generating = [entry.name for entry in chosen if entry.needs_generator or entry.name in of_labels_alone]
    warning = generator_warning(generating, labelled_per_class, unlabelled, noun)
    return [*notes, *([warning] if warning else [])]


def _picked(
    spaces: Sequence[str], labelled_per_class: Sequence[int], unlabelled: int, *, sound: bool, noun: str
) -> tuple[list[Strategy], list[str]]:
    """The strategies that suit each of ``spaces``, and a sentence for each."""
    entries, sentences = list[Strategy](), list[str]()
    labels = {network: label for label, network in labels_of(spaces).items()}
    for space in spaces:
        choice = choose(labelled_per_class, unlabelled, on_pixels=space == PIXELS, rows=space == ROWS, noun=noun)
        names = [f"{name}@{labels[space]}" if space in labels else name for name in choice.names]
        suited = [entry_of(name, rows=space == ROWS) for name in names]
        suited = [entry for entry in suited if not (sound and entry.geometry)]
        entries, names = [*entries, *suited], [entry.name for entry in suited]
        sentences.append(f"Picked {', '.join(names)}: {'; '.join(choice.reasons)}.")
    return entries, sentences


def in_spaces(names: Sequence[str], features: Sequence[str]) -> list[Strategy]:
    """The strategies called ``names``, each in every space of ``features`` where its name does not say which.

    One that is about pictures stays with pixels where these are among several spaces; one that learns from features
    alone leaves them out.

    Raises:
        ConfigError: an unknown name, or one that learns in none of the spaces.
    """
    labels, chosen = labels_of(features), list[Strategy]()
    for name in names:
        entry = strategies.get(name)
        if entry.features and entry.features not in labels:
            raise ConfigError(f"'{name}' needs --features {entry.features}; name the network there.")
        if entry.features or (PIXELS in features and entry.spaces == ("pixels",)):
            chosen.append(entry)
            continue
        if labels and "vectors" not in entry.spaces:
            both = ",".join((PIXELS, *features))
            raise ConfigError(f"'{name}' learns from pixels alone; give --features {both}, or leave it out.")
        if not labels and "pixels" not in entry.spaces:
            raise ConfigError(f"'{name}' learns from the features of a frozen network: give --features {DEFAULT}.")
        chosen += [entry] if PIXELS in features and "pixels" in entry.spaces else []
        chosen += [strategies.get(f"{name}@{label}") for label in labels]
    return chosen


def with_every_generator(name: str, features: Sequence[str]) -> list[str]:
    """``gan-augment-*`` is `gan-augment` with each generator that works in one of ``features``; else ``name`` alone."""
    if not name.endswith("-*"):
        return [name]
    spaces = {"pixels" if one == PIXELS else "vectors" for one in features}
    return [f"{name[:-1]}{own}" for own, entry in generators if spaces & set(entry.spaces)]


def all_on_rows(names: Sequence[str], config: ArmsConfig, blocks: Sequence[str] = ()) -> list[Strategy]:
    """The strategies called ``names`` as they learn from rows of numbers, as `on_rows` has each.

    Raises:
        ConfigError: an unknown name or block, one that is about pictures, or something is asked for that needs
            pictures.
    """
    if networks := [name for name in config.features if name not in (AUTO, PIXELS)]:
        raise ConfigError(
            f"--features {','.join(networks)} looks at pictures, and {config.data} has rows of numbers, which arms "
            "learn from as they are; leave it out."
        )
    if "classifier" in config.model_fields_set and resolve(config.classifier).reads != "vectors":
        raise ConfigError(
            f"--classifier {config.classifier} reads pixels, and {config.data} has rows of numbers; give mlp or "
            "linear, or leave it out."
        )
    return [on_rows(name, blocks, config.data) for name in names]


def entry_of(name: str, *, rows: bool) -> Strategy:
    """The strategy called ``name``; where ``rows``, as it learns from rows of numbers; raises as `on_vectors`."""
    entry = strategies.get(name)
    return on_vectors(entry) if rows else entry


def classifier_on(examples: Examples, asked: str, space: str) -> str:
    """The architecture of an arm in ``space``: the one that was ``asked`` for, else the usual one on vectors.

    On features of images all arms have the usual one; on rows another one may be asked for.
    """
    if space == "pixels" or (isinstance(examples, VectorSet) and resolve(asked).reads == "vectors"):
        return asked
    return DEFAULTS["vectors"]


def _possible(config: ArmsConfig, features: Sequence[str], unlabelled: int, *, sound: bool) -> list[str]:
    """Every registered strategy that has what it needs; where no label is used, those that find clusters."""
    spaces = {"pixels" if name == PIXELS else "vectors" for name in features}
    entries = [entry for _, entry in strategies if spaces & set(entry.spaces) and not (sound and entry.geometry)]
    labels = config.labels_per_class != 0
    return [one.name for one in entries if one.labels == labels and (unlabelled or one.unlabelled != "required")]
