"""A run's images, from where they lie into its folder: read, those of the run and no others, split, written once."""

from __future__ import annotations

from pathlib import Path

from ganlift.comparison.search import SEARCH_SEEDS
from ganlift.config import ArmsConfig, RunConfig
from ganlift.data import draw_split, load_examples, write_split
from ganlift.data.cache import save_cache
from ganlift.data.decode import OnProgress
from ganlift.data.decoded import PHASES
from ganlift.data.kin import COMPARING, LOOKING, with_near
from ganlift.data.reading import asked
from ganlift.data.recorded import as_recorded, record_images, recorded_split
from ganlift.data.types import Examples, ImageSet, Split, VectorSet
from ganlift.data.walking import lies_in
from ganlift.events import Listener
from ganlift.runs import folder as run_folder
from ganlift.runs import layout
from ganlift.runs.files import writing


def load_images(config: ArmsConfig, tell: Listener) -> ImageSet | VectorSet:
    """The images, or rows of numbers, that ``config`` names, unlabelled ones too, in the order of a run that began.

    Their near copies are looked up, for the splits and the check.

    Raises:
        DataError: they can't be used.
        RunFolderError: ``config.out`` holds a run of another configuration, or on other images.
    """
    run_folder.refuse_other(config.out, config.identity())
    extra = config.unlabelled if config.unlabelled not in ("rest", "none") else None
    tell_progress = progress_of(tell)
    images = load_examples(
        config.data,
        asked(config.identity()),
        unlabelled=extra,
        data_dir=config.data_dir,
        on_progress=tell_progress,
    )
    warn_of_place(config, tell)
    return with_near(as_recorded(config.out, images), tell_progress)


def warn_of_place(config: RunConfig, tell: Listener) -> None:
    """Say so where the run folder lies among the images."""
    if lies_in(config.out, Path(config.data)):
        said = f"The run folder {config.out} lies in {config.data}, and is passed over when images are read; "
        tell({"type": "note", "message": f"{said}give --out a folder outside of it to keep the two apart."})


def progress_of(tell: Listener) -> OnProgress:
    """Turns a loader's progress into events."""

    def progress(name: str, done: int, total: int) -> None:
        if name in (*PHASES, LOOKING, COMPARING):
            tell({"type": "reading", "what": name, "done": done, "total": total})
        else:
            tell({"type": "download", "name": name, "done": done, "total": total})

    return progress


def split_of(config: ArmsConfig, images: Examples, seed: int) -> Split:
    """The split that the run wrote, or a new one where it wrote none."""
    return recorded_split(config.out, seed, images) or draw_split(
        images,
        seed,
        labels_per_class=config.labels_per_class,
        imbalance=config.imbalance,
        use_rest=config.unlabelled == "rest",
        test_fraction=config.test_share(),
    )


def write_images(run: Path, config: ArmsConfig, images: ImageSet | VectorSet, splits: list[Split]) -> None:
    """What the images are and their splits where ``run`` has them not yet, and the images for its workers."""
    record_images(run, images)
    for split in [*splits, *(split_of(config, images, seed) for seed in (SEARCH_SEEDS if config.search else ()))]:
        if not layout.split_file(run, split.seed).exists():
            write_split(split, images, layout.split_file(run, split.seed))
    folder = layout.cache_folder(run)
    with writing(folder):
        save_cache(images, folder)
