"""Generated images as files that say what they are, beside a manifest; never among the training images."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from ganlift import __version__
from ganlift.data.generated import SOUND_STATEMENT, STATEMENT
from ganlift.data.reading import Sound
from ganlift.data.walking import lies_in
from ganlift.errors import ConfigError, DataError, Interrupted
from ganlift.generators.trained import latents_of_seeds, truncated
from ganlift.inference.drawn import Log, sealed_file
from ganlift.inference.generator import KeptGenerator
from ganlift.inference.previews import sound_of, wav
from ganlift.runs.files import read_json, write_json, write_npz
from ganlift.training.grids import tile, write_png
from ganlift.training.pixels import to_uint8

BATCH = 64
MANIFEST = "manifest.json"
ARRAYS = "images.npz"


@dataclass(frozen=True)
class Picture:
    """One image to make: the latent's name and value (latent_size,), the class (None without classes), the fold."""

    name: str
    latent: Tensor
    label: int | None
    fold: int
    origin: dict[str, Any]


def plan_pictures(
    kept: KeptGenerator,
    labels: Sequence[int] | None,
    seeds: Sequence[int],
    between: int = 0,
    truncation: float | None = None,
) -> list[Picture]:
    """Every seed for every class, class by class; with ``between``, that many steps from each seed to the next.

    ``labels`` is None for a generator without classes; ``truncation`` is the threshold of `trained.truncated`.
    """
    facts = kept.trained.facts
    corners = latents_of_seeds(seeds, facts.latent_size)
    cut = {} if truncation is None else {"truncation": truncation}
    if truncation is not None:
        corners = truncated(corners, truncation)
    named = [(f"{seed:06d}", corners[index], {"latent_seed": seed}) for index, seed in enumerate(seeds)]
    if between:
        named = list(_path(seeds, corners, between))
    pictures = []
    for label in labels if labels is not None else [None]:
        word = "" if label is None else f"{label:03d}-{_slug(kept.class_names[label])}-"
        for index, (name, latent, origin) in enumerate(named):
            # along a path the fold stays: another one would be another condition, and a jump
            fold = 0 if between else seeds[index] % facts.folds
            pictures.append(Picture(f"{word}{name}.png", latent, label, fold, {**origin, **cut}))
    return pictures


def write_pictures(
    kept: KeptGenerator,
    pictures: Sequence[Picture],
    out: Path,
    *,
    columns: int | None,
    npz: bool = False,
    should_stop: Callable[[], int] = lambda: 0,
) -> list[Path]:
    """Write the pictures and ``manifest.json`` into ``out``; ``grid.png`` where ``columns`` is given; ``images.npz``.

    Beside a spectrogram goes a WAV file of the same name, as it may sound (`ganlift.inference.previews`). The manifest
    is there first, marked as incomplete, and what is written is logged a batch at a time: the same call again goes on
    after the last batch that is whole. Without a grid and ``npz`` only one batch is held.

    Raises:
        Interrupted: ``should_stop`` gave an exit code; what is written stays.
    """
    manifest = {"statement": STATEMENT, "ganlift": __version__, "generator": kept.record, "complete": False}
    write_json(out / MANIFEST, {**manifest, "images": []})
    listed, shown = list[dict[str, Any]](), list[NDArray[np.uint8]]()
    log = Log(out, [[picture.name, picture.origin, picture.label, kept.record] for picture in pictures])
    for start in range(0, len(pictures), BATCH):
        if code := should_stop():
            raise Interrupted(code)
        batch = pictures[start : start + BATCH]
        found = log.whole(start) or log.add(start, [_written(kept, out, *one) for one in _images(kept, batch)])
        listed += found
        if columns or npz:
            shown += [_read(out / one["file"]) for one in found]
    if columns:
        write_png(out / "grid.png", tile(_floats(shown), columns), _text({"generator": kept.key}))
    if npz:
        write_npz(out / ARRAYS, _arrays(kept, pictures, shown))
    write_json(out / MANIFEST, {**manifest, "images": listed, "complete": True})
    log.remove()
    return [out / one["file"] for one in listed]


def refuse_target(out: Path, data: str, pictures: Sequence[Picture]) -> None:
    """Raise where ``pictures`` would mix with training images, or with anything else.

    Raises:
        DataError: ``out`` lies in the folder that the generator learned from.
        ConfigError: ``out`` holds files that this verb did not write, or images of an earlier call that are not among
            ``pictures``: the manifest would no longer tell of them.
    """
    target = out.resolve()
    if lies_in(out, Path(data)):
        raise DataError(f"{out} lies in the training images' folder {data}; choose another folder with --out.")
    if target.is_file():
        raise ConfigError(f"{out} is a file; choose a folder with --out.")
    if not target.is_dir() or not any(target.iterdir()):
        return
    earlier = read_json(target / MANIFEST) if (target / MANIFEST).exists() else {}
    if earlier and not earlier.get("complete"):
        return
    images = {one["file"] for one in earlier.get("images", [])}
    sounds = {one["sound"]["file"] for one in earlier.get("images", []) if "sound" in one}
    others = sorted({path.name for path in target.iterdir()} - images - sounds - {MANIFEST, "grid.png", ARRAYS})
    if others or not earlier:
        raise ConfigError(f"{out} holds other files ({', '.join(others[:3])}); choose an empty folder with --out.")
    if left := sorted(images - {picture.name for picture in pictures}):
        raise ConfigError(
            f"{out} holds {len(left)} image(s) of an earlier call that this one does not make "
            f"({', '.join(left[:3])}); choose another folder with --out."
        )


def _images(kept: KeptGenerator, batch: Sequence[Picture]) -> Iterator[tuple[Picture, Tensor]]:
    labels = None if batch[0].label is None else torch.tensor([one.label for one in batch])
    folds = torch.tensor([one.fold for one in batch])
    images = kept.trained.of_latents(torch.stack([one.latent for one in batch]), labels, folds)
    return zip(batch, images, strict=True)


def _path(seeds: Sequence[int], corners: Tensor, steps: int) -> Iterator[tuple[str, Tensor, dict[str, Any]]]:
    """``steps`` latents from the first corner to the last on great circles: noise has its length, and keeps it.

    Spherical interpolation: White, Sampling Generative Networks, 2016, section 2.1.
    """
    for place in range(steps):
        along = place * (len(corners) - 1) / max(steps - 1, 1)
        index = min(int(along), len(corners) - 2)
        share = along - index
        a, b = corners[index], corners[index + 1]
        angle = torch.acos((torch.dot(a, b) / (a.norm() * b.norm())).clamp(-1, 1))
        latent = (torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b) / torch.sin(angle).clamp(min=1e-6)
        origin = {"between_latent_seeds": [seeds[index], seeds[index + 1]], "share": round(share, 6)}
        yield f"path-{place:04d}", latent, origin


def _arrays(kept: KeptGenerator, pictures: Sequence[Picture], images: Sequence[NDArray[np.uint8]]) -> dict[str, Any]:
    """``images`` (n, h, w, c) uint8, ``labels`` (n,), -1 without classes, in the order of the manifest; what it is.

    The names are not those of a data set that can be trained on, so that nobody takes it for one by mistake.
    """
    labels = [-1 if picture.label is None else picture.label for picture in pictures]
    return {
        "images": np.stack(images),
        "labels": np.array(labels, np.int64),
        "class_names": np.array(kept.class_names, dtype=str),
        "statement": np.array(f"{STATEMENT} {kept.key}"),
    }


def _written(kept: KeptGenerator, out: Path, picture: Picture, image: Tensor) -> dict[str, Any]:
    """Write one picture, and its sound where it has one; its line of the manifest."""
    about = {**picture.origin, "generator": kept.key, "data_hash": kept.record["data_hash"]}
    if picture.label is not None:
        about["class"] = kept.class_names[picture.label]
    line = {**sealed_file(out / picture.name, _png(image, about)), **about}
    if kept.sound:
        line["sound"] = sealed_file((out / picture.name).with_suffix(".wav"), _preview(image, kept.sound))
    return line


def _read(path: Path) -> NDArray[np.uint8]:
    """A picture as it was written, (h, w, c)."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _floats(images: Sequence[NDArray[np.uint8]]) -> Tensor:
    """(n, c, h, w) in [-1, 1]."""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2) / 127.5 - 1


def _preview(image: Tensor, sound: Sound) -> bytes:
    """A WAV file; its phases are drawn alike for every picture."""
    shown = to_uint8(image.mean(0)[None])[0].cpu().numpy()
    return wav(sound_of(shown, sound, np.random.default_rng(0)), sound.rate, SOUND_STATEMENT)


def _png(image: Tensor, about: dict[str, Any]) -> bytes:
    array = to_uint8(image[None])[0].permute(1, 2, 0).cpu().numpy()
    buffer = io.BytesIO()
    picture = Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array)
    picture.save(buffer, format="PNG", pnginfo=_text(about))
    return buffer.getvalue()


def _text(about: dict[str, Any]) -> PngInfo:
    text = PngInfo()
    text.add_text("Software", f"ganlift {__version__}")
    text.add_text("Comment", STATEMENT)
    text.add_itxt("ganlift", json.dumps(about, ensure_ascii=False))
    return text


def _slug(name: str) -> str:
    """A class name as part of a file name; its number before it keeps two apart."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:40] or "class"
