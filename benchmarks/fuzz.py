"""Every reader over damaged and hostile files: it reads them, or refuses them in a sentence, and does nothing else.

    python benchmarks/fuzz.py --seconds 600 --out benchmarks/results/fuzz.json

Each target writes real files, then over and over damages one of them (bits, bytes, numbers at their limits, parts cut,
doubled, moved or put in from another file, words of the format) and has it read through the door that a user comes in
by. What is no answer and no `GanliftError` is a finding, and so is what takes over ten seconds or more than four
gigabytes: the file is kept in ``--keep``, from where it may go to ``tests/reliability/found``. Every target runs in a
process of its own, so that a crash of a library ends one. ``--only NAME[,NAME]`` takes some, ``--again FOLDER`` reads
what was found.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import pickle
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np

from ganlift.errors import GanliftError

LIMIT_S, LIMIT_BYTES = 10, 4 << 30
FRESH = 20
"""Files after which the cache is emptied."""
WORDS = [b"", b"0", b"-1", b"nan", b"1e999", b"null", b"[]", b"{}", b'"', b"\n", b"\0", b"\xff", b"../../x", b"{" * 200]
NUMBERS = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]


@dataclass(frozen=True)
class Target:
    """``make`` writes real files into a folder, ``read`` reads that folder, ``files`` are those that are damaged."""

    make: Callable[[Path], None]
    read: Callable[[Path], object]
    files: str = "**/*"


def damaged(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """``data`` with one to four changes."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(changed) + 1)
        length = min(len(changed) - place, chance.choice([1, 2, 4, 16, 256, 4096]))
        kind = chance.randrange(8)
        if kind == 0 and place < len(changed):
            changed[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            changed[place : place + length] = chance.randbytes(length)
        elif kind == 2:
            size = chance.choice([1, 2, 4, 8])
            number = chance.choice(NUMBERS) & ((1 << 8 * size) - 1)
            changed[place : place + size] = number.to_bytes(size, chance.choice(["little", "big"]))
        elif kind == 3:
            del changed[place : place + length]
        elif kind == 4:
            changed[place:place] = changed[place : place + length]
        elif kind == 5:
            changed[place : place + length] = other[chance.randrange(len(other) + 1) :][:length]
        elif kind == 6:
            changed[place:place] = chance.choice(WORDS)
        elif chance.random() < 0.3:
            del changed[place:]
    return bytes(changed)


def fuzz(target: Target, seconds: float, seed: int, keep: Path, limit: int | None = None) -> Counter[str]:
    """Damage and read until ``seconds`` are over; how often each answer came, findings by their kind among them."""
    chance, told = random.Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory() as place, patch.dict(os.environ, GANLIFT_DATA=f"{place}/cache"):  # none is kept
        whole = Path(place) / "whole"
        whole.mkdir()
        target.make(whole)
        target.read(whole)
        files = [file for file in sorted(whole.glob(target.files)) if file.is_file()]
        contents = [file.read_bytes() for file in files]
        end = time.monotonic() + seconds
        while time.monotonic() < end and told.total() != limit:
            if told.total() % FRESH == 0:  # a cache of very many sets takes longer to look through than they to read
                shutil.rmtree(f"{place}/cache", ignore_errors=True)
            tried = Path(place) / "tried"
            shutil.copytree(whole, tried)
            chosen = chance.randrange(len(files))
            path = tried / files[chosen].relative_to(whole)
            path.write_bytes(damaged(contents[chosen], chance.choice(contents), chance))
            shutil.copyfile(path, keep / "last")  # what a crash of this process leaves to be seen
            answer = answer_of(target, tried)
            told[answer] += 1
            if answer not in ("read", "refused") and told[answer] == 1:
                shutil.copytree(tried, keep / f"{told.total()}-{answer.partition(':')[0]}", dirs_exist_ok=True)
            shutil.rmtree(tried)
    return told


def answer_of(target: Target, folder: Path) -> str:
    """``"read"``, ``"refused"``, or what went wrong: the error, and the line of ours that it came from."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            target.read(folder)
        return "read"
    except GanliftError:
        return "refused"
    except BaseException as fault:
        lines, step = list[str](), fault.__traceback__
        while step:
            if "ganlift" in step.tb_frame.f_code.co_filename:
                lines.append(f"{Path(step.tb_frame.f_code.co_filename).name}:{step.tb_lineno}")
            step = step.tb_next
        return f"{type(fault).__name__}: {fault} [{' '.join(lines[-3:])}]"[:300]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _too_long(number: int, frame: object) -> None:
    raise TimeoutError(f"over {LIMIT_S} s")


def _images(folder: Path) -> None:
    from PIL import Image
    from sklearn.datasets import load_digits

    found = load_digits()
    for index, suffix in enumerate(["png", "jpg", "webp", "bmp", "png", "jpg", "gif", "png"]):
        (folder / str(index % 2)).mkdir(exist_ok=True)
        image = Image.fromarray(np.uint8(found.images[index] * 15)).resize((24, 24))
        image = image.convert(["L", "RGB", "RGBA", "P"][index % 4] if suffix in ("png", "webp") else "RGB")
        image.save(folder / str(index % 2) / f"{index}.{suffix}")


def _digits(count: int = 24) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    from sklearn.datasets import load_digits

    found = load_digits()
    return {"images": np.uint8(found.images[:count] * 15), "labels": np.int64(found.target[:count] % 3)}


def _npz(folder: Path) -> None:
    made = _digits()
    np.savez_compressed(folder / "x.npz", x_train=made["images"], y_train=made["labels"])


def _idx(folder: Path) -> None:
    made = _digits()
    for part in ("train", "t10k"):
        head = b"\0\0\x08\x03" + b"".join(size.to_bytes(4, "big") for size in made["images"].shape)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(head + made["images"].tobytes())
        head = b"\0\0\x08\x01" + len(made["labels"]).to_bytes(4, "big")
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(head + np.uint8(made["labels"]).tobytes())


def _cifar(folder: Path) -> None:
    rng = np.random.default_rng(0)
    data = np.uint8(rng.integers(0, 256, (20, 3072)))
    for name in ("data_batch_1", "test_batch"):
        batch = {b"data": data, b"labels": [number % 10 for number in range(20)], b"filenames": [b"x.png"] * 20}
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))


def _table(folder: Path) -> None:
    rng = np.random.default_rng(0)
    lines = [
        f"{number % 2},{a:.4f},{b:.4f},{'train' if number % 3 else 'test'}"
        for number, (a, b) in enumerate(rng.normal(size=(30, 2)))
    ]
    (folder / "x.csv").write_text("label,width,height,split\n" + "\n".join(lines) + "\n")


def _parquet(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    pq.write_table(
        pa.table({"label": ["a", "b"] * 15, "x": rng.normal(size=30), "y": rng.normal(size=30)}), folder / "x.parquet"
    )


def _manifest(folder: Path) -> None:
    _images(folder)
    lines = [f"{file.relative_to(folder)},{file.parent.name}" for file in sorted(folder.glob("*/*.png"))]
    (folder / "x.csv").write_text("path,label\n" + "\n".join(lines) + "\n")


def _yaml(folder: Path) -> None:
    (folder / "x.yaml").write_text(
        "data: digits\nlabels_per_class: 10\nseeds: [1, 2]\nbudget: 5m\nstrategies: [augment, sgan]\n"
        "options:\n  augment: {policy: light}\n  sgan: {unlabelled_ratio: 2}\nmargin: 1.0\nequal: both\n"
    )


def _run(folder: Path) -> None:
    import ganlift

    ganlift.compare(
        "digits",
        labels_per_class=5,
        strategies=["augment", "gan-augment"],
        seeds=1,
        budget=6,
        jobs=1,
        out=folder / "run",
    )


def _checkpoint(folder: Path) -> None:
    import torch

    from ganlift.training.checkpoint import Store

    store = Store(folder, "phase")
    for step in (1, 2):
        store.save(step, {"weights": torch.arange(40.0), "step": step, "rng": [step, 2.5], "keys": {3: "three"}})


def _onnx(folder: Path) -> None:
    import ganlift

    run = folder / "run"
    ganlift.train("digits", strategy="augment", budget=6, out=run)
    ganlift.export(run, "onnx", folder / "x.onnx")
    shutil.rmtree(run)


def _sounds(folder: Path) -> None:
    import soundfile

    rng = np.random.default_rng(0)
    for index, suffix in enumerate(["wav", "flac", "ogg", "mp3", "wav", "wav"]):
        (folder / str(index % 2)).mkdir(exist_ok=True)
        tone = np.sin(np.arange(4000) * (0.1 + 0.05 * (index % 2))) * 0.5 + rng.normal(size=4000) * 0.01
        soundfile.write(folder / str(index % 2) / f"{index}.{suffix}", tone, 8000)


def _clips(folder: Path) -> None:
    import av
    from PIL import Image

    rng = np.random.default_rng(0)
    for index, suffix in enumerate(["mp4", "gif", "mkv", "gif"]):
        (folder / str(index % 2)).mkdir(exist_ok=True)
        path, frames = folder / str(index % 2) / f"{index}.{suffix}", np.uint8(rng.integers(0, 256, (6, 32, 32, 3)))
        if suffix == "gif":
            first, *others = map(Image.fromarray, frames)
            first.save(path, save_all=True, append_images=others)
            continue
        with av.open(str(path), "w") as film:
            stream = film.add_stream("mpeg4", rate=5)
            stream.width = stream.height = 32
            for frame in frames:
                film.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            film.mux(stream.encode())


def _saved(folder: Path) -> None:
    """What ``save_to_disk`` of `datasets` writes, without that package, which few have."""
    import pyarrow as pa

    made, root = _digits(), folder / "x"
    root.mkdir()
    images = [{"bytes": _png(image), "path": None} for image in made["images"]]
    table = pa.table({"image": images, "label": made["labels"].tolist()})
    with pa.OSFile(str(root / "data-00000-of-00001.arrow"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table)
    kinds = {"image": {"_type": "Image"}, "label": {"names": ["a", "b", "c"], "_type": "ClassLabel"}}
    (root / "dataset_info.json").write_text(json.dumps({"features": kinds}))
    (root / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}))


def _png(image: np.ndarray) -> bytes:  # type: ignore[type-arg]
    from PIL import Image

    Image.fromarray(image).save(held := io.BytesIO(), format="PNG")
    return held.getvalue()


def load(name: str) -> Callable[[Path], object]:
    """The reader of a source, by what a user would type."""

    def read(folder: Path) -> object:
        from ganlift.data.load import load_examples

        return load_examples(str(folder / name) if name else str(folder))

    return read


def _read_cifar(folder: Path) -> object:
    """As if the official files were these: a checksum stands before the reader."""
    from ganlift.data.cifar10 import load_cifar10
    from ganlift.data.download import md5_of

    return load_cifar10(folder, {}, {file.name: md5_of(file) for file in sorted(folder.iterdir())})


def _read_config(folder: Path) -> object:
    from ganlift.config import load_config

    return load_config(folder / "x.yaml")


def _read_run(folder: Path) -> object:
    from ganlift.api.looking import report as write_report

    return write_report([folder / "run"], folder / "page.html")


def _read_generator(folder: Path) -> object:
    import ganlift

    with tempfile.TemporaryDirectory() as out:
        return ganlift.generate(folder / "run", Path(out) / "made", latent_seeds=[0])


def _read_classifier(folder: Path) -> object:
    from ganlift.inference.model import load_model

    found = load_model(folder / "run" if (folder / "run").exists() else folder / "x.onnx")
    return found.predict(np.zeros((1, *found.image_shape), np.uint8)) if hasattr(found, "image_shape") else found


def _read_checkpoint(folder: Path) -> object:
    from ganlift.training.checkpoint import Store

    return Store(folder, "phase").load()


TARGETS = {
    "images": Target(_images, load("")),
    "npz": Target(_npz, load("x.npz")),
    "idx": Target(_idx, load("")),
    "cifar": Target(_cifar, _read_cifar),
    "csv": Target(_table, load("x.csv")),
    "parquet": Target(_parquet, load("x.parquet")),
    "manifest": Target(_manifest, load("x.csv"), "x.csv"),
    "yaml": Target(_yaml, _read_config),
    "sound": Target(_sounds, load("")),
    "video": Target(_clips, load("")),
    "saved": Target(_saved, load("x")),
    "report": Target(_run, _read_run, "run/**/*.json*"),
    "predictions": Target(_run, _read_run, "run/**/*.npz"),
    "classifier": Target(_run, _read_classifier, "run/classifier/*"),
    "generator": Target(_run, _read_generator, "run/generators/*/model.*"),
    "checkpoint": Target(_checkpoint, _read_checkpoint),
    "onnx": Target(_onnx, _read_classifier),
}


def _alone(name: str, seconds: float, seed: int, keep: Path) -> dict[str, object]:
    """Fuzz one target in a process of its own."""
    keep.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, __file__, "--target", name, "--seconds", str(seconds), "--seed", str(seed)]
    ended = subprocess.run([*words, "--keep", str(keep)], capture_output=True, text=True)
    if ended.returncode:
        return {"tried": 0, f"ended with {ended.returncode}: {ended.stderr[-200:]}": 1}
    (keep / "last").unlink(missing_ok=True)
    told = json.loads(ended.stdout.splitlines()[-1])
    return {"tried": sum(told.values()), **told}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-found"))
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default=",".join(TARGETS))
    parser.add_argument("--target", help=argparse.SUPPRESS)
    return parser


def main() -> None:
    asked = _parser().parse_args()
    if asked.target:
        warnings.simplefilter("ignore")
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        resource.setrlimit(resource.RLIMIT_DATA, (LIMIT_BYTES, LIMIT_BYTES))
        print(json.dumps(fuzz(TARGETS[asked.target], asked.seconds, asked.seed, asked.keep)))
        return
    found = json.loads(asked.out.read_text()) if asked.out and asked.out.exists() else {}
    for name in asked.only.split(","):
        found[name] = _alone(name, asked.seconds, asked.seed, asked.keep / name)
        print(name, json.dumps(found[name])[:600], flush=True)
        if asked.out:
            asked.out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
