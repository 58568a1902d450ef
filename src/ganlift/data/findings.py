"""What `ganlift check` can find: every kind with what it means and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ganlift.data.decode import FAULTS
from ganlift.nouns import IMAGE, with_article

Severity = Literal["error", "warning", "info"]
SHOWN = 3


@dataclass(frozen=True)
class Kind:
    """A kind of finding: ``error`` where `compare` refuses, ``warning`` where a result suffers, ``info`` to know.

    ``advice`` has ``{noun}`` for what an example is called, and ``{one}`` for that with its article.
    """

    severity: Severity
    meaning: str
    advice: str


KINDS = {
    "empty-class": Kind(
        "error", "A class has no image.", "Add {noun}s, remove the folder, or leave the class out with --classes."
    ),
    "too-few-classes": Kind(
        "error",
        "Fewer than two classes have images.",
        "{Noun}s without any label can be learned from (--unlabelled), but nothing can be scored without the labels of "
        "some.",
    ),
    "class-not-in-train": Kind("error", "A class has no training image.", "Add some to train/."),
    "class-unreadable": Kind("error", "No image of a class can be read.", "Mend or replace its files."),
    "absent-label": Kind(
        "error",
        "A label that other programs write into empty cells: nan, NA, N/A, null, None.",
        "Leave the cell empty for {one} without a label; give the class another name if it is one.",
    ),
    "cannot-split": Kind(
        "error", "Training, validation and test images cannot be drawn.", "Add {noun}s, or give the split yourself."
    ),
    "empty-file": Kind("warning", "Files of no bytes.", "Copy or download them again, or remove them."),
    "truncated": Kind("warning", "Files that end before the image does.", "Copy or download them again."),
    "unreadable": Kind(
        "warning", "Damaged files, or files that may not be opened.", "Replace them; check permissions."
    ),
    "huge-image": Kind("warning", "Pictures of more than 100 million pixels.", "Shrink or tile them."),
    "animated": Kind("warning", "Files with several frames.", "Save the frames that you want as images."),
    "not-an-image": Kind(
        "warning", "Files that are images by name or content, and no PNG, JPEG, WebP or BMP.", "Convert or remove them."
    ),
    "not-a-sound": Kind("warning", "Files that are no WAV, FLAC, OGG or MP3.", "Convert or remove them."),
    "not-a-clip": Kind(
        "warning", "Files among clips that are no film or animation that can be read.", "Convert or remove them."
    ),
    "no-picture": Kind("warning", "Films of sound alone.", "Remove them, or replace them by films with pictures."),
    "no-frames": Kind("warning", "Films, or folders of frames, without any frame.", "Copy or download them again."),
    "missing-file": Kind("warning", "Files that the manifest lists and that do not exist.", "Mend their paths."),
    "other-file": Kind("info", "Files that are no images, by name or content.", "Nothing, if none of them is one."),
    "loose-image": Kind("warning", "Images beside the class folders.", "Move each into the folder of its class."),
    "unused-folder": Kind(
        "warning",
        "Folders beside those of the parts, of which nobody said what they are.",
        "Say so with --parts FOLDER=PART,...: train, val, test, unlabelled, or skip.",
    ),
    "no-class-folders": Kind(
        "warning",
        "A folder for validation or test without class folders.",
        "Sort the {noun}s into class folders; as they are, ganlift predict alone can use them.",
    ),
    "unused-class": Kind("info", "Classes that --classes does not name.", "Nothing, if they are not meant to be used."),
    "unmatched-file": Kind(
        "info", "Images whose names --files does not match.", "Nothing, if they are not meant to be used."
    ),
    "run-folder": Kind("info", "Run folders of ganlift among the images.", "Keep runs elsewhere, with --out."),
    "generated-image": Kind(
        "warning",
        "Images or clips that ganlift generated, as their metadata say; here they count as real ones.",
        "Move them out, unless they are meant to be learned from and tested on.",
    ),
    "one-frame": Kind(
        "info", "Clips of one frame, which show no movement.", "Nothing, if still pictures are meant to be among them."
    ),
    "wrong-suffix": Kind(
        "info",
        "Content of another format than the name says.",
        "ganlift goes by content; rename them for other programs.",
    ),
    "exif-rotated": Kind(
        "info", "Photographs stored turned.", "ganlift sets them upright; turn the files for programs that do not."
    ),
    "converted": Kind(
        "info",
        "Pixels that are neither 8-bit grey nor RGB; transparency is laid on white.",
        "Look at some of them if transparency or 16 bits matter.",
    ),
    "grey-as-rgb": Kind(
        "info", "Grey images stored in colour, in a set that is all grey.", "Nothing: one channel is used."
    ),
    "grey-and-colour": Kind(
        "info",
        "Some images are grey and others in colour, and a class may be told by that.",
        "See whether the share of grey images differs between classes.",
    ),
    "wide-image": Kind(
        "warning",
        "One side is more than twice the other; the middle square is used and more than half is lost.",
        "Give --fit pad or --fit stretch to keep all of each, or crop them to what matters.",
    ),
    "enlarged": Kind("info", "Images smaller than the size that is used.", "Give --image-size, or leave them out."),
    "alike-names": Kind(
        "warning",
        "Names of classes that a person would read as one: they differ by case, spaces, how accents are stored, "
        "letters that look alike (Latin and Cyrillic a) or how a number is written (1 and 1.0) alone.",
        "Give them one name if they are one class.",
    ),
    "alike-files": Kind(
        "warning",
        "Names of files of one folder that a person, or a disk that does not tell case, would read as one.",
        "Rename one of each, or a copy of the folder elsewhere may lack it.",
    ),
    "class-not-in-test": Kind(
        "warning", "A class has no test image, so that nothing is known about it.", "Add test {noun}s of it."
    ),
    "tiny-class": Kind("warning", "A class has fewer than 10 training images.", "Add {noun}s, or merge classes."),
    "imbalance": Kind(
        "warning",
        "The largest class has at least 5 times as many training images as the smallest.",
        "compare judges by macro recall; look at recall per class.",
    ),
    "small-test": Kind(
        "warning",
        "Fewer than 100 test images: chance moves accuracy by points.",
        "Add test {noun}s, or use more seeds.",
    ),
    "constant-image": Kind(
        "warning", "Images of one colour throughout, or silent clips.", "Remove them: they teach nothing."
    ),
    "clipped-sound": Kind(
        "warning", "Clips with more than one sample in a thousand at full scale.", "Record them again, softer."
    ),
    "mixed-rates": Kind(
        "info",
        "Clips of several sample rates, and a class may be told by that.",
        "See whether the rates differ between classes; all are brought to one.",
    ),
    "constant-column": Kind("info", "Columns of rows that never change.", "Leave them out: they teach nothing."),
    "unequal-scales": Kind(
        "info", "Columns of rows whose spreads are far apart.", "Nothing: columns are standardised."
    ),
    "duplicates": Kind(
        "info",
        "Exact copies on one side; where the test images are drawn, copies stay together.",
        "Keep one of each, for honest counts.",
    ),
    "duplicates-across-parts": Kind(
        "warning",
        "Exact copies in several of training, validation and test.",
        "compare mends this: it keeps no copy on two sides. Remove them for other programs.",
    ),
    "conflicting-labels": Kind(
        "warning", "Exact copies under several labels; one at least is wrong.", "Mend the labels."
    ),
    "near-duplicates": Kind(
        "info",
        "Near copies on one side: re-encoded, resized, brightened, cropped a little, mirrored or turned.",
        "Count them as one {noun} when you judge how much data there is.",
    ),
    "near-duplicates-unsplit": Kind(
        "info",
        "Near copies in a set without a test part.",
        "compare draws them to one side together, as far as every class keeps {noun}s on each.",
    ),
    "near-duplicates-across-parts": Kind(
        "warning",
        "Near copies in several of training, validation and test, which flatter every arm.",
        "compare keeps your split, and says how every arm scores without them. Remove them from one side.",
    ),
    "near-conflicting-labels": Kind(
        "warning", "Near copies under several labels.", "Look at the pairs: a label may be wrong."
    ),
    "label-errors": Kind(
        "warning",
        "Labels look wrong, more of them than hard examples explain.",
        "Look at those told first and mend what is wrong; ganlift check lists more with --html or --json.",
    ),
    "test-label-errors": Kind(
        "warning",
        "Labels of test images are among those that look wrong.",
        "Look at these first: the verdict is about agreement with them.",
    ),
    "unclear-labels": Kind(
        "info",
        "Whether labels are wrong cannot be told by what is looked at.",
        "Look at some labels yourself; ganlift check --features NETWORK judges images by a network's features.",
    ),
    "no-flips": Kind(
        "info", "A mirrored image may belong to another class.", "Give --flips on if a mirrored image keeps its class."
    ),
    "no-unlabelled": Kind(
        "info",
        "Strategies that learn from unlabelled images have none.",
        "Give --unlabelled PATH (rows: an empty label, or x_unlabelled in an .npz), or compare with "
        "--labels-per-class N: the rest is then unlabelled.",
    ),
    "few-for-generator": Kind(
        "warning",
        "A class has fewer training images than a generator needs not to copy or collapse.",
        "Look at the generated samples in the report; add {noun}s of the class.",
    ),
}
"""Every kind by its code, in the order of `docs/check.md`."""


@dataclass(frozen=True)
class Finding:
    """Something found in a set of images.

    Attributes:
        code: a key of `KINDS`.
        message: what, how many and where, as a sentence.
        count: how many images, files or classes.
        examples: names of all of them, or the first few.
        noun: what one example of the set is called.
    """

    code: str
    message: str
    count: int
    examples: tuple[str, ...] = ()
    noun: str = IMAGE

    @property
    def kind(self) -> Kind:
        return KINDS[self.code]

    @property
    def left_out(self) -> bool:
        """Whether it is about files that are not used."""
        return self.code in FAULTS

    @property
    def noted(self) -> bool:
        """Whether whoever reads the images is told, and not `check` alone."""
        return self.left_out or self.code == "generated-image"

    @property
    def sentence(self) -> str:
        return f"{self.message} {self.advice}"

    @property
    def advice(self) -> str:
        """What to do, in the words of the set."""
        return self.kind.advice.format(one=with_article(self.noun), noun=self.noun, Noun=self.noun.capitalize())

    def to_json(self) -> dict[str, Any]:
        """Plain values: ``code``, ``severity``, ``count``, ``message``, ``advice``, ``examples``."""
        return {
            "code": self.code,
            "severity": self.kind.severity,
            "count": self.count,
            "message": self.message,
            "advice": self.advice,
            "examples": list(self.examples[:SHOWN]),
        }


def shown(names: Sequence[object]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(str(name) for name in names[:SHOWN]) + more
