"""What a comparison starts from: images read, splits drawn, every name and option checked; nothing of it written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganlift.comparison import label_errors
from ganlift.comparison.auto import AUTO
from ganlift.comparison.features import networks_of
from ganlift.comparison.hands import check_executor
from ganlift.comparison.images import load_images, split_of
from ganlift.comparison.looking import question
from ganlift.comparison.plan import resolve_arms
from ganlift.comparison.spaces import spaces_for
from ganlift.config import ArmsConfig
from ganlift.data import Check, check_survey
from ganlift.data.survey import survey_images
from ganlift.data.types import Examples, ImageSet, SoundSet, Split, VectorSet
from ganlift.events import Listener
from ganlift.features import Network
from ganlift.looks import Looks, one_look
from ganlift.verdict import Question
from ganlift.yardstick import Yardstick, choose_yardstick

SEEDS_WITHOUT_VERDICT = 5
"""Seeds where no arm has a GAN and none were asked for by number."""


@dataclass(frozen=True)
class Prepared:
    """What a comparison starts from; nothing of it is written yet, so bad input leaves nothing behind."""

    config: ArmsConfig
    images: ImageSet | VectorSet
    check: Check
    splits: list[Split]
    strategies: list[str]
    measure: Yardstick
    looks: Looks
    networks: dict[str, Network]

    @property
    def seeds(self) -> list[int]:
        """The seeds that the last look takes."""
        return self.config.seed_list()[: self.looks.seeds[-1]]

    def question(self, run: Path) -> Question:
        """What the verdicts are about, from the rows in ``run``."""
        return question(run, self.config, self.images, self.splits[0], self.looks, self.seeds, self.measure)


def prepare(config: ArmsConfig, tell: Listener) -> Prepared:
    """Load the images, draw every seed's split, check every name and option.

    Of a run that began in ``config.out``, images come in its order, and splits as it wrote them.

    Raises:
        GanliftError: bad data or a bad option, or the run there is another one; the message says what to do.
    """
    check_executor(config)
    asked_for = [] if config.features == [AUTO] else config.features
    networks = networks_of(asked_for, config.device)  # before images are read: a slip in a name is told at once
    images = load_images(config, tell)
    splits = [split_of(config, images, seed) for seed in config.seed_list()]
    spaces, why_spaces = spaces_for(config, images, splits[0])
    entries, notes = resolve_arms(
        config,
        spaces,
        labelled_per_class(images, splits[0]),
        len(splits[0].unlabelled),
        sound=isinstance(images, SoundSet),
        blocks=[name for name, _ in images.blocks] if isinstance(images, VectorSet) else [],
        noun=images.noun,
    )
    wanted = {entry.features for entry in entries}
    networks = networks if asked_for else networks_of(spaces, config.device)
    networks = {label: one for label, one in networks.items() if label in wanted}
    check = _checked(images, splits, networks)
    measure, why = choose_yardstick(config.measure, labelled_per_class(images, splits[0]))
    for note in [*check.sentences(), *splits[0].notes, *filter(None, [why_spaces]), *notes, *filter(None, [why])]:
        tell({"type": "note", "message": note})
    looks = config.looks() if any(entry.kind == "gan" for entry in entries) else nothing_to_settle(config)
    names = [entry.name for entry in entries]
    return Prepared(config, images, check, splits[: looks.seeds[-1]], names, measure, looks, networks)


def _checked(images: ImageSet | VectorSet, splits: Sequence[Split], networks: Mapping[str, Network]) -> Check:
    """What is in the images; their labels are judged later where a network's features are to come."""
    found = survey_images(images)
    check = check_survey(found)
    return check if networks else check.with_labels(images, label_errors.of_looks(found, splits))


def nothing_to_settle(config: ArmsConfig) -> Looks:
    """One look: without a GAN arm there is no verdict that seeds could be saved for or spent on."""
    planned = config.looks()
    return planned if len(planned.seeds) == 1 else one_look(SEEDS_WITHOUT_VERDICT)


def labelled_per_class(images: Examples, split: Split) -> list[int]:
    """Labelled images of each class."""
    counts: list[int] = np.bincount(images.labels[split.labelled], minlength=len(images.class_names)).tolist()
    return counts
