"""What `ganlift check` can find: every kind with what it means and what to do, and those told by the files alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from PIL import Image

from ganlift.data.decode import FAULTS
from ganlift.data.reading import Fit
from ganlift.data.sizes import is_wide
from ganlift.data.sound import FORMATS as SOUND_FORMATS
from ganlift.data.types import FileFacts

Severity = Literal["error", "warning", "info"]
SHOWN = 3

_COUNTED = {"unused-folder", "no-class-folders", "unused-class"}
_WHAT = {**dict.fromkeys((*_COUNTED, "run-folder"), "folder(s)"), "unused-class": "class(es)"}


@dataclass(frozen=True)
class Kind:
    """A kind of finding: ``error`` where `compare` refuses, ``warning`` where a result suffers, ``info`` to know."""

    severity: Severity
    meaning: str
    advice: str


KINDS = {
    "empty-class": Kind(
        "error", "A class has no image.", "Add images, remove the folder, or leave the class out with --classes."
    ),
    "too-few-classes": Kind(
        "error",
        "Fewer than two classes have images.",
        "Images without any label can be learned from (--unlabelled), but nothing can be scored without the labels of "
        "some.",
    ),
    "class-not-in-train": Kind("error", "A class has no training image.", "Add some to train/."),
    "class-unreadable": Kind("error", "No image of a class can be read.", "Mend or replace its files."),
    "absent-label": Kind(
        "error",
        "A label that other programs write into empty cells: nan, NA, N/A, null, None.",
        "Leave the cell empty for an image without a label; give the class another name if it is one.",
    ),
    "cannot-split": Kind(
        "error", "Training, validation and test images cannot be drawn.", "Add images, or give the split yourself."
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
        "Sort the images into class folders; as they are, ganlift predict alone can use them.",
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
        "Names of classes that differ by upper and lower case, by spaces or by how accents are stored alone.",
        "Give them one name if they are one class.",
    ),
    "class-not-in-test": Kind(
        "warning", "A class has no test image, so that nothing is known about it.", "Add test images of it."
    ),
    "tiny-class": Kind("warning", "A class has fewer than 10 training images.", "Add images, or merge classes."),
    "imbalance": Kind(
        "warning",
        "The largest class has at least 5 times as many training images as the smallest.",
        "compare judges by macro recall; look at recall per class.",
    ),
    "small-test": Kind(
        "warning", "Fewer than 100 test images: chance moves accuracy by points.", "Add test images, or use more seeds."
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
        "Count them as one image when you judge how much data there is.",
    ),
    "near-duplicates-unsplit": Kind(
        "info",
        "Near copies in a set without a test part.",
        "compare draws them to one side together, as far as every class keeps images on each.",
    ),
    "near-duplicates-across-parts": Kind(
        "warning",
        "Near copies in several of training, validation and test, which flatter every arm.",
        "compare keeps your split, and says how every arm scores without them. Remove them from one side.",
    ),
    "near-conflicting-labels": Kind(
        "warning", "Near copies under several labels.", "Look at the pairs: a label may be wrong."
    ),
    "no-flips": Kind(
        "info", "A mirrored image may belong to another class.", "Give --flips on if a mirrored image keeps its class."
    ),
    "no-unlabelled": Kind(
        "info",
        "Strategies that learn from unlabelled images have none.",
        "Give --unlabelled PATH (rows: x_unlabelled in the .npz), or compare with --labels-per-class N: the rest is "
        "then unlabelled.",
    ),
    "few-for-generator": Kind(
        "warning",
        "A class has fewer training images than a generator needs not to copy or collapse.",
        "Look at the generated samples in the report; add images of the class.",
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
    """

    code: str
    message: str
    count: int
    examples: tuple[str, ...] = ()

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
        return f"{self.message} {self.kind.advice}"

    def to_json(self) -> dict[str, Any]:
        """Plain values: ``code``, ``severity``, ``count``, ``message``, ``advice``, ``examples``."""
        return {
            "code": self.code,
            "severity": self.kind.severity,
            "count": self.count,
            "message": self.message,
            "advice": self.kind.advice,
            "examples": list(self.examples[:SHOWN]),
        }


def shown(names: Sequence[object]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(str(name) for name in names[:SHOWN]) + more


def about_files(files: Sequence[FileFacts], size: int = 0, fit: Fit = "crop") -> list[Finding]:
    """What is told by the files alone.

    Args:
        size: the pixels that each side of an image will have; 0 where that is not known.
        fit: how images that are not square are made so.
    """
    whole = [file for file in files if not file.fault]
    used = [file for file in whole if not file.rate]  # most of what follows is about images
    heard = [file for file in whole if file.rate]
    side = max if fit == "pad" else min
    return [
        *_left_out(files),
        *_which("generated-image", used, lambda file: file.generated, "image(s) were generated by ganlift"),
        *_which("generated-image", heard, lambda file: file.generated, "clip(s) were generated by ganlift"),
        *_which("one-frame", used, lambda file: file.frames == 1, "clip(s) have one frame alone"),
        *_which("wrong-suffix", whole, _misnamed, "file(s) hold another format than the name says"),
        *_which("exif-rotated", used, lambda file: file.turned, "photograph(s) are stored turned"),
        *_converted(used),
        *_colours(used),
        *_cropped(used, fit),
        *_which("enlarged", used, lambda file: side(file.width, file.height) < size, f"image(s) are below {size} px"),
    ]


def _left_out(files: Sequence[FileFacts]) -> list[Finding]:
    found = []
    for code, words in FAULTS.items():
        own = [file for file in files if file.fault == code]
        if own:
            told = [f"{file.path} ({file.count} image(s))" if code in _COUNTED else str(file.path) for file in own]
            said = f"{len(own)} {_WHAT.get(code, 'file(s)')} left out, {words}: {shown(told)}."
            found.append(Finding(code, said, sum(file.count for file in own), tuple(str(file.path) for file in own)))
    return found


def _which(code: str, files: Sequence[FileFacts], holds: Callable[[FileFacts], bool], words: str) -> list[Finding]:
    names = [str(file.path) for file in files if holds(file)]
    return [Finding(code, f"{len(names)} {words}: {shown(names)}.", len(names), tuple(names))] if names else []


def _converted(files: Sequence[FileFacts]) -> list[Finding]:
    odd = [file for file in files if file.mode not in ("1", "L", "RGB")]
    modes = ", ".join(f"{count} {mode}" for mode, count in Counter(file.mode for file in odd).most_common())
    return _which("converted", odd, lambda file: True, f"image(s) are converted ({modes})")


def _colours(files: Sequence[FileFacts]) -> list[Finding]:
    grey = [file for file in files if file.grey]
    if len(grey) == len(files):
        stored = [file for file in grey if file.mode in ("RGB", "RGBA", "CMYK")]
        return _which("grey-as-rgb", stored, lambda file: True, "grey image(s) are stored in colour")
    return _which("grey-and-colour", grey, lambda file: True, f"of {len(files)} images are grey, the others in colour")


def _cropped(files: Sequence[FileFacts], fit: Fit) -> list[Finding]:
    wide = [file for file in files if fit == "crop" and is_wide(file.height, file.width)]
    return _which("wide-image", wide, lambda file: True, "image(s) lose more than half of their longer side")


def _misnamed(file: FileFacts) -> bool:
    suffix = file.path.suffix.lower()
    promised = SOUND_FORMATS.get(suffix) or (_formats().get(suffix, file.format),)
    return not file.frames and file.format not in promised


@cache
def _formats() -> dict[str, str]:
    """Pillow's formats by suffix."""
    return Image.registered_extensions()
