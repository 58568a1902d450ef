"""The verbs that use what a run made: `predict`, `export`, `generate`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from ganlift.api.answers import Generated, Predictions
from ganlift.config import nearest
from ganlift.errors import ConfigError

if TYPE_CHECKING:
    from ganlift.data.recordings import Stream
    from ganlift.data.types import FileFacts
    from ganlift.inference.exported import Exported


def generate(
    run: Path,
    out: Path,
    *,
    generator: str | None = None,
    classes: Sequence[str] = (),
    latent_seeds: Sequence[int] = tuple(range(16)),
    path: int = 0,
    grid: bool = False,
    npz: bool = False,
    truncation: float | None = None,
) -> Generated:
    """Draw images from a generator of a run into the folder ``out``, each marked as generated, with a manifest.

    Beside spectrograms, of a run on sound, go WAV files: previews of what they may sound like.

    Args:
        run: a run folder of `compare`, `train` or `train_generator`.
        out: a new or empty folder, outside of the training images.
        generator: its name in the run; the first that knows classes where None.
        classes: names; all where empty.
        latent_seeds: one image a class each; the same seed gives the same image.
        path: make this many steps on the way from each latent seed to the next, in place of an image a seed.
        grid: write all images as ``grid.png`` too, one class a row.
        npz: write ``images.npz`` too: ``images`` (n, h, w, c) uint8, ``labels`` (n,), ``class_names``, ``statement``.
        truncation: latents of a normal cut off at ± this: less variety, more typical images; whole where None.

    Raises:
        ConfigError: ``truncation`` is not above 0.
        GanliftError: no such run, generator or class, or a folder in the way; the message says what to do.
        Interrupted: a stop was asked for; the same call again goes on after the last batch that is whole.
    """
    from ganlift.comparison.stopping import stop_requested
    from ganlift.inference.generate import plan_pictures, refuse_target, write_pictures
    from ganlift.inference.generator import generator_keys, load_generator

    if truncation is not None and not 0 < truncation < float("inf"):
        raise ConfigError(f"--truncation {truncation}: give a threshold above 0, such as 0.7.")
    kept = load_generator(run, generator)
    labels = [_index(name, kept.class_names) for name in classes] or list(range(len(kept.class_names))) or None
    pictures = plan_pictures(kept, labels, latent_seeds, path, truncation)
    refuse_target(out, str(kept.record["data"]), pictures)
    columns = len(pictures) // len(labels) if labels else 8
    with stop_requested() as should_stop:
        files = write_pictures(kept, pictures, out, columns=columns if grid else None, npz=npz, should_stop=should_stop)
    sounds = [file.with_suffix(".wav") for file in files] if kept.sound else []
    return Generated(kept.key, files, [key for key in generator_keys(run) if key != kept.key], sounds, kept.noun)


def predict(
    run: str | Path,
    images: str | Path | Iterable[str | Path | Stream],
    *,
    batch: int = 64,
    every: float | None = None,
    value_range: tuple[float, float] | None = None,
    column: Sequence[str] | None = None,
    leave_out: Sequence[str] | None = None,
    device: str = "auto",
) -> Predictions:
    """Calibrated class probabilities of image files, decoded as the training images were; of clips; or of rows.

    Args:
        run: a run folder, its ``classifier/``, or an exported ``.onnx`` or ``.safetensors`` file.
        images: a path, or several: files, folders and patterns such as ``"photos/*.png"``; for a classifier of clips,
            films and folders of frames, or folders of these; for a classifier of rows, ``.npz`` files with rows (n, d)
            as ``x`` (or ``x_test``, ...), ``.npy`` files, and tables of numbers (CSV, Parquet), without labels or with;
            folders that `datasets` saved, of what the classifier takes.
            With ``every``, long recordings, and binary streams of 16-bit mono samples at the classifier's rate.
        batch: files that are read and held at once, or windows; 1 answers each as soon as it is there.
        every: of recordings: a window of the length that the classifier takes begins every so many seconds, and each
            is an answer, with its ``span``. One answer a file where None.
        value_range: the values of black and white in 16-bit files; those of the training images where None.
        column: of tables and saved data sets, as `ganlift.data.Reading` has it; the columns that the classifier learned
            from, by their names, where None.
        leave_out: columns of these that are not taken, in the same way.

    Raises:
        GanliftError: there is no usable classifier; the message says what to do. A file that is no image is an
            `Unreadable` among the answers.
    """
    from ganlift.data.film_folder import clips_at
    from ganlift.data.reading import Reading
    from ganlift.data.saved_files import files_below
    from ganlift.inference.model import load_model
    from ganlift.inference.predict import find_images, predictions
    from ganlift.inference.predict_rows import row_predictions
    from ganlift.inference.predict_windows import window_predictions

    model = load_model(Path(run), device)
    if isinstance(images, str | Path):
        images = [images]
    passed: list[FileFacts] = []
    if every is not None and (column or leave_out):
        raise ConfigError(
            "--column and --leave-out are about tables and saved data sets, and --every about recordings."
        )
    if every is not None:
        windows = window_predictions(model, images, every, batch, passed)
        return Predictions(model.facts.class_names, model.facts.temperature, windows, passed)
    named = cast("Iterable[str | Path]", images)
    asked = Reading(
        column=None if column is None else tuple(column), leave_out=None if leave_out is None else tuple(leave_out)
    )
    if model.facts.columns:
        if value_range:
            raise ConfigError(f"--value-range is about images, and {run} takes rows of numbers; leave it out.")
        rows = row_predictions(model, named, batch, asked)
        return Predictions(model.facts.class_names, model.facts.temperature, rows, noun=model.facts.noun)
    kind: Literal["Audio", "Image"] = "Audio" if model.facts.sound else "Image"
    below = clips_at if model.facts.frames else files_below(kind, model.facts.reading(asked))
    found = predictions(model, find_images(named, passed, below, asked), batch, value_range)
    return Predictions(model.facts.class_names, model.facts.temperature, found, passed, model.facts.noun)


def export(run: str | Path, format: str = "onnx", out: Path | None = None) -> Exported:
    """Write a classifier as one file that stands alone, and a model card beside it.

    The file takes uint8 images (n, c, h, w) and gives calibrated probabilities; it is compared with the original on
    real images before it is kept.

    Args:
        run: a run folder or its ``classifier/``.
        format: ``onnx``, ``torchscript`` or ``safetensors`` (weights and facts alone).
        out: the file; in the run's folder ``export`` where None.

    Raises:
        GanliftError: there is no usable classifier, a library is missing, or the two differ by more than 1e-5
            (`ParityError`; nothing is written).
    """
    from ganlift.inference.export import export_model

    return export_model(Path(run), format, out)


def _index(name: str, class_names: Sequence[str]) -> int:
    if name not in class_names:
        known = f"Its classes: {', '.join(class_names)}." if class_names else "It was trained without classes."
        raise ConfigError(f"The generator has no class '{name}'.{nearest(name, class_names)} {known}")
    return class_names.index(name)
