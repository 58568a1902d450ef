"""Can somebody who has a run's models tell what they were trained on? Membership inference attacks, with intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from ganlift.data.listing import alike
from ganlift.data.reading import Reading
from ganlift.data.types import UNLABELLED, Examples, ImageSet
from ganlift.data.visible import load_run
from ganlift.errors import DataError, GanliftError, RunFolderError
from ganlift.events import Listener
from ganlift.inference.attacks import by_discriminator, by_loss, by_nearest, own_probabilities, why_no_discriminator
from ganlift.inference.evaluate import choose_part, given_of, match_classes
from ganlift.inference.facts import ClassifierFacts, Probabilities, read_facts
from ganlift.inference.generator import KeptGenerator, generator_keys, load_generator
from ganlift.inference.members import Outside, run_examples, sides, split_of
from ganlift.inference.model import load_model
from ganlift.inference.side import Index, Side
from ganlift.measures.membership import Floats, Separation, separation
from ganlift.nouns import IMAGE
from ganlift.runs import layout
from ganlift.runs.files import read_json, write_json
from ganlift.runs.folder import run_config
from ganlift.training.precision import pick_device
from ganlift.training.rng import Rng

IMAGES, SHORT = 2000, 1000
"""Members, and others, at most: asked for, and at the end of a comparison."""

CLASSIFIER, GENERATOR = "classifier", "generator"
"""The kinds of a model."""

DRAWN = 2
"""Generated images a member, for the nearest of them."""

LEAST_DRAWN = 1000


@dataclass(frozen=True)
class Attack:
    """One attack on one model.

    Attributes:
        model: the strategy and seed of a classifier, or the name of a generator; ``kind`` says which.
        name: ``loss``, ``discriminator`` or ``nearest`` (`ganlift.inference.attacks`).
        others: the examples that were not trained on, in words.
        figures: what it reaches.
    """

    model: str
    kind: str
    name: str
    others: str
    figures: Separation


@dataclass(frozen=True)
class PrivacyEvaluation:
    """What `evaluate_privacy` found.

    Attributes:
        left_out: sentences about attacks that were not made, and why.
        notes: sentences that belong to the figures.
        noun: what one example is called: "image", "clip" or "row".
    """

    attacks: list[Attack]
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    noun: str = IMAGE


@dataclass(frozen=True)
class _Asked:
    """What an evaluation is made of, besides the run and its examples."""

    data: str | None
    part: str | None
    most: int
    data_dir: Path | None
    device: str


def evaluate_privacy(
    run: Path,
    data: str | None,
    part: str | None,
    key: str | None,
    *,
    most: int,
    data_dir: Path | None,
    device: str,
) -> PrivacyEvaluation:
    """See `ganlift.api.evaluate_privacy`."""
    run_config(run)
    if _is_empty(run):
        raise RunFolderError(
            f"{run} holds neither a finished classifier nor a generator; run the command that made it again, and it "
            "continues."
        )
    return _evaluate(run, run_examples(run, data_dir), key, _Asked(data, part, most, data_dir, device))


def measure_privacy(run: Path, examples: Examples, device: str, tell: Listener) -> None:
    """Attack the winner and a generator of a comparison by `SHORT` examples a side, and write ``privacy.json``.

    What can't be attacked is told as a note; a run goes on without it. What was written of this winner stays.
    """
    if _is_empty(run) or _is_kept(run):
        return
    layout.privacy_file(run).unlink(missing_ok=True)
    try:
        found = _evaluate(run, examples, None, _Asked(None, None, SHORT, None, device))
    except GanliftError as fault:
        tell({"type": "note", "message": f"Membership inference was not tried. {fault}"})
        return
    write_json(layout.privacy_file(run), asdict(found))


def _is_kept(run: Path) -> bool:
    """Whether ``privacy.json`` is whole and of the classifier that is the winner now, or there is none."""
    try:
        kept = {one["model"] for one in read_json(layout.privacy_file(run))["attacks"] if one["kind"] == CLASSIFIER}
    except (GanliftError, OSError, KeyError, TypeError):
        return False
    winner = layout.winner_folder(run)
    return kept == ({_named(read_facts(winner))} if layout.model_file(winner).exists() else set())


def _is_empty(run: Path) -> bool:
    return not (layout.model_file(layout.winner_folder(run)).exists() or layout.generator_folders(run))


def _named(facts: ClassifierFacts) -> str:
    return f"{facts.strategy}, seed {facts.seed}"


def _evaluate(run: Path, examples: Examples, key: str | None, asked: _Asked) -> PrivacyEvaluation:
    found = PrivacyEvaluation([], noun=examples.noun)
    if layout.model_file(layout.winner_folder(run)).exists():
        found.attacks.append(_on_classifier(run, examples, asked, found.notes))
    else:
        found.left_out.append("loss: the run has no finished classifier.")
    if key is not None or layout.generator_folders(run):
        assert isinstance(examples, ImageSet)
        _on_generator(run, examples.stills, load_generator(run, key), asked, found)
    else:
        found.left_out.append("discriminator, nearest: the run kept no generator.")
    return found


def _on_classifier(run: Path, examples: Examples, asked: _Asked, notes: list[str]) -> Attack:
    model = load_model(run, asked.device)
    split, data = split_of(run, model.facts.seed, examples), None
    if not len(split.labelled):
        raise DataError(f"The classifier of {run} learned from no label, so that its loss tells of no member.")
    inside: Callable[[Index], Probabilities] = partial(own_probabilities, model, examples, run)
    outside = inside
    if asked.data is not None:
        pool, given = given_of(model, asked.data, model.facts.reading(), asked.data_dir)
        outside = partial(model.probabilities_of, given)
        data = _outside(pool, model.facts.class_names, asked, CLASSIFIER)
    two = sides(run, examples, split, data, asked.most, split.seed)
    _add(notes, two.notes)
    members = by_loss(inside(two.members.index), two.members.labels)
    others = by_loss(outside(two.others.index), two.others.labels)
    return Attack(_named(model.facts), CLASSIFIER, "loss", two.about, separation(members, others, two.weights))


def _on_generator(run: Path, images: ImageSet, kept: KeptGenerator, asked: _Asked, found: PrivacyEvaluation) -> None:
    """Add the attacks on ``kept`` to ``found``, with what was left out."""
    split, data, rng = split_of(run, int(kept.record["seed"]), images), None, _rng(kept, asked.device)
    if asked.data is not None:
        reading = alike(Reading(learned=images.scale), images)
        data = _outside(load_run(asked.data, "none", reading, asked.data_dir), images.class_names, asked, GENERATOR)
    two = sides(run, images, split, data, asked.most, split.seed)
    _add(found.notes, two.notes)
    kept.trained.module.to(rng.device)
    both, attacks = (two.members, two.others), dict[str, list[Floats]]()
    if why := why_no_discriminator(kept, run):
        found.left_out.append(f"discriminator: of {kept.key}, {why}.")
    else:
        attacks["discriminator"] = by_discriminator(kept, run, both, rng)
    count = max(LEAST_DRAWN, DRAWN * len(two.members.index))
    attacks["nearest"] = by_nearest(kept, both, count, rng)
    for name, scores in attacks.items():
        figures = separation(scores[0], scores[1], two.weights)
        found.attacks.append(Attack(kept.key, GENERATOR, name, two.about, figures))
    if others := [one for one in generator_keys(run) if one != kept.key]:
        found.notes.append(f"Attacked was one generator; the run also has {', '.join(others)} (--generator).")


def _outside(pool: Examples, class_names: tuple[str, ...], asked: _Asked, model: str) -> Outside:
    """The part of ``pool`` that was asked for, with labels as the ``model`` (its kind) numbers classes."""
    notes, known = list(pool.notes), len(class_names) > 0
    to_own = match_classes(pool, class_names, notes, model) if known else None
    part, chosen = choose_part(pool, asked.part) if known else ("all", np.arange(len(pool)))
    labels = np.full(len(chosen), UNLABELLED) if to_own is None else to_own[pool.labels[chosen]]
    return Outside(Side(pool, chosen, labels), f"{asked.data}, part '{part}'", notes)


def _rng(kept: KeptGenerator, device: str) -> Rng:
    return Rng(int(kept.record["seed"]), "privacy", pick_device(device))


def _add(notes: list[str], more: list[str]) -> None:
    """Add what is not there yet: attacks on several models say the same of the same examples."""
    notes += [note for note in more if note not in notes]
