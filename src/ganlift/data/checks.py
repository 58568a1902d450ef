"""What is in a set of images, or of rows, that a user should know before believing a result."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.column_findings import about_columns
from ganlift.data.copies import about_copies
from ganlift.data.file_findings import about_files
from ganlift.data.findings import KINDS, Finding, shown
from ganlift.data.fitness import unfit
from ganlift.data.flips import flips_safe, why_no_flips
from ganlift.data.label_findings import Evidence, about_labels, by_looks
from ganlift.data.names import alike_files, alike_names
from ganlift.data.split import draw_split
from ganlift.data.survey import Survey, survey_images
from ganlift.data.types import UNLABELLED, Examples, FileFacts, ImageSet, SoundSet, VectorSet, VideoSet
from ganlift.errors import DataError

TINY = 10
IMBALANCE = 5
FEW_TESTS = 100
TEST_FRACTION = 0.2

Counts = dict[str, NDArray[np.int64]]


@dataclass(frozen=True)
class Check:
    """What `check` says of a set of images.

    Attributes:
        facts: counts, sizes and formats, as plain values (`docs/run-folder.md`).
        findings: errors first, then warnings; empty for a clean set.
        notes: conversions that the source made, and nothing that is a finding.
        strategies: what each strategy needs that is missing; empty where that was not looked at.
    """

    facts: dict[str, Any]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    strategies: tuple[dict[str, Any], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is neither an error nor a warning."""
        return all(finding.kind.severity == "info" for finding in self.findings)

    def sentences(self) -> list[str]:
        """The notes, and of the findings the errors, the warnings and what is left out, as sentences."""
        told = [finding for finding in self.findings if finding.kind.severity != "info" or finding.left_out]
        return [*self.notes, *(finding.sentence for finding in told)]

    def to_json(self) -> dict[str, Any]:
        """Plain values: the facts, ``findings``, ``notes`` and, where looked at, ``strategies``."""
        told = {"findings": [finding.to_json() for finding in self.findings], "notes": list(self.notes)}
        return {**self.facts, **told, **({"strategies": list(self.strategies)} if self.strategies else {})}

    def with_labels(self, images: Examples, seen: Evidence) -> Check:
        """This check with what `ganlift.data.label_findings` says of the labels of ``images``."""
        more, facts = about_labels(images, seen)
        more = [replace(one, noun=images.noun) for one in more]
        return replace(self, facts={**self.facts, **facts}, findings=_ordered([*self.findings, *more]))

    def with_more(self, findings: list[Finding], strategies: list[dict[str, Any]]) -> Check:
        """This check with what strategies lack."""
        more = [replace(one, noun=self.facts["noun"]) for one in findings]
        return replace(self, findings=_ordered([*self.findings, *more]), strategies=tuple(strategies))


def check_images(images: ImageSet | VectorSet) -> Check:
    """Check images, or rows, that are in memory already."""
    found = survey_images(images)
    return check_survey(found).with_labels(found.images, by_looks(found))


def check_survey(found: Survey) -> Check:
    """All that is told by the images, their labels and parts."""
    images = found.images
    counts = class_counts(images)
    copies, copy_facts = about_copies(found)
    about = [*_about_classes(found, counts), *alike_names(images.class_names), *copies]
    if isinstance(images, VectorSet):
        about += about_columns(images)
    else:
        about += [
            *_about_images(images, found.constant),
            *about_files(images.files, images.size, images.fit, images.noun),
            *alike_files(images.files),
        ]
    findings = _ordered([replace(one, noun=images.noun) for one in about])
    messages = {finding.message for finding in findings}
    notes = tuple(note for note in images.notes if note not in messages)
    return Check({**_facts(images, counts), **copy_facts}, findings, notes)


def class_counts(images: Examples) -> Counts:
    """Labelled images a class (K,) in each part."""
    return {
        str(part): np.bincount(
            images.labels[(images.parts == part) & (images.labels != UNLABELLED)], minlength=len(images.class_names)
        )
        for part in np.unique(images.parts)
    }


def training_counts(counts: Counts) -> NDArray[np.int64]:
    """Labelled images a class (K,) that can be trained on: those of a part named train, or of no part."""
    pool = [of_part for part, of_part in counts.items() if part in ("", "train")]
    return np.sum(pool, axis=0, dtype=np.int64) if pool else np.zeros(0, np.int64)


def _facts(images: ImageSet | VectorSet, counts: Counts) -> dict[str, Any]:
    per_class = sum(counts.values(), np.zeros(len(images.class_names), np.int64))
    facts = {
        "source": images.source,
        "noun": images.noun,
        "images": len(images),
        **_form(images),
        "classes": list(images.class_names),
        "per_part": {str(name): int(np.sum(images.parts == name)) for name in np.unique(images.parts)},
        "per_class": per_class.tolist(),
        "per_class_and_part": {part: of_part.tolist() for part, of_part in counts.items() if of_part.any()},
        "training_per_class": training_counts(counts).tolist(),
        "unlabelled": int(np.sum(images.labels == UNLABELLED)),
        "guesses": [guess.to_json() for guess in images.guesses],
    }
    return facts | ({"files": _file_facts(images)} if isinstance(images, ImageSet) and images.files else {})


def _form(images: ImageSet | VectorSet) -> dict[str, Any]:
    """What images look like, and whether they are mirrored; how many columns rows have."""
    if isinstance(images, VectorSet):
        return {"columns": images.width}
    return {"image_size": images.size, "channels": images.channels, "flips": flips_safe(images)}


def _file_facts(images: ImageSet) -> dict[str, Any]:
    """Formats and modes with their counts; least, median and greatest width, height and longer over shorter side."""
    used = [file for file in images.files if not file.fault]
    widths, heights = (np.array([getattr(file, side) for file in used], np.int64) for side in ("width", "height"))
    aspects = np.maximum(widths, heights) / np.minimum(widths, heights)
    if isinstance(images, SoundSet):
        return {
            "used": len(used),
            "left_out": sum(file.count for file in images.files if file.fault),
            "formats": _tally([file.format for file in used]),
            "modes": _tally([file.mode for file in used]),
            "seconds": _spread(np.array([round(file.seconds, 3) for file in used])),
        }
    return {
        "used": len(used),
        "left_out": sum(file.count for file in images.files if file.fault),
        "formats": _tally([file.format for file in used]),
        "modes": _tally([file.mode for file in used]),
        "width": _spread(widths),
        "height": _spread(heights),
        "aspect": _spread(aspects.round(3)),
        **(_clip_facts(used) if isinstance(images, VideoSet) else {}),
    }


def _clip_facts(used: list[FileFacts]) -> dict[str, Any]:
    """Least, median and greatest number of frames; of those that tell it, of seconds, and of frames a second."""
    timed = [file for file in used if file.seconds]
    return {
        "frames": _spread(np.array([file.frames for file in used], np.int64)),
        "seconds": _spread(np.array([round(file.seconds, 3) for file in timed])),
        "frame_rate": _spread(np.array([round(file.frames / file.seconds, 2) for file in timed])),
    }


def _tally(values: list[str]) -> dict[str, int]:
    names, counts = np.unique(np.array(values, np.str_), return_counts=True)
    return {str(names[place]): int(counts[place]) for place in np.argsort(-counts, kind="stable")}


def _spread(values: NDArray[Any]) -> list[float]:
    return [values.min().item(), float(np.median(values)), values.max().item()] if len(values) else []


def _about_classes(found: Survey, counts: Counts) -> list[Finding]:
    images, names = found.images, np.array(found.images.class_names)
    if findings := unfit(images, found.refused):
        return findings  # what follows would only say the same in other words
    try:
        split = draw_split(images, 0, test_fraction=TEST_FRACTION)
    except DataError as fault:
        return [Finding("cannot-split", str(fault), 1)]
    training = training_counts(counts)
    tested = np.bincount(images.labels[split.test], minlength=len(names))
    return [
        *_some_classes("class-not-in-test", names[tested == 0], f"class(es) have no test {images.noun}"),
        *_some_classes(
            "tiny-class", names[training < TINY], f"class(es) have fewer than {TINY} training {images.noun}s"
        ),
        *_imbalance(names, training, images.noun),
        *_few_tests(len(split.test), images.noun),
    ]


def _some_classes(code: str, names: NDArray[np.str_], words: str) -> list[Finding]:
    if not len(names):
        return []
    examples = tuple(str(name) for name in names)
    return [Finding(code, f"{len(examples)} {words}: {shown(examples)}.", len(examples), examples)]


def _imbalance(names: NDArray[np.str_], training: NDArray[np.int64], noun: str) -> list[Finding]:
    largest, smallest = int(training.argmax()), int(training.argmin())
    if training[largest] < IMBALANCE * training[smallest]:
        return []
    said = (
        f"Class '{names[largest]}' has {training[largest]} training {noun}s and '{names[smallest]}' has "
        f"{training[smallest]}, {training[largest] / training[smallest]:.0f} times fewer."
    )
    return [Finding("imbalance", said, int(training[largest]), (str(names[largest]), str(names[smallest])))]


def _few_tests(count: int, noun: str) -> list[Finding]:
    if count >= FEW_TESTS:
        return []
    points = 100 * 1.96 * np.sqrt(0.25 / count)
    said = f"{count} test {noun}s: an accuracy near 50 % is known to ±{points:.0f} points, whatever the training."
    return [Finding("small-test", said, count)]


def _about_images(images: ImageSet, constant: NDArray[np.bool_]) -> list[Finding]:
    findings, plain = [], [str(name) for name in images.names[constant]]
    if plain:
        what = "are silent" if isinstance(images, SoundSet) else "are of one colour throughout"
        said = f"{len(plain)} {images.noun}(s) {what}: {shown(plain)}."
        findings.append(Finding("constant-image", said, len(plain), tuple(plain)))
    if isinstance(images, SoundSet):
        return [*findings, *_about_sound(images)]
    reason = why_no_flips(images.class_names)
    if reason and not flips_safe(images):
        findings.append(Finding("no-flips", f"Mirroring is switched off: {reason}.", len(images)))
    return findings


def _about_sound(clips: SoundSet) -> list[Finding]:
    findings, used = list[Finding](), [file for file in clips.files if not file.fault]
    clipped = [str(file.path) for file in used if file.clipped]
    if clipped:
        said = f"{len(clipped)} clip(s) have many samples at full scale: {shown(clipped)}."
        findings.append(Finding("clipped-sound", said, len(clipped), tuple(clipped)))
    rates = Counter(file.rate for file in used)
    if len(rates) > 1:
        said = ", ".join(f"{count} at {rate:,} Hz" for rate, count in rates.most_common(5))
        others = len(used) - max(rates.values())
        findings.append(Finding("mixed-rates", f"Clips have {len(rates)} sample rates: {said}.", others))
    return findings


def _ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    codes, severities = list(KINDS), ["error", "warning", "info"]
    return tuple(sorted(findings, key=lambda one: (severities.index(one.kind.severity), codes.index(one.code))))
