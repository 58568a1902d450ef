"""What `ganlift check` finds of wrong labels that were planted, and what it finds where none were.

    python benchmarks/label_noise.py --photos FOLDER --cifar10 FOLDER --out benchmarks/results/label-noise.json
    python benchmarks/label_noise.py --table benchmarks/results/label-noise.json

Each set is drawn anew with every seed. A share of the labels is replaced: by any other class (`any`), or each class's
by the next one's (`next`). Told are in how many seeds there was a finding, the estimated share, and how many of the
listed examples were planted (precision) and of the planted ones listed (recall; 0 where there was no finding).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.comparison.label_errors import of_set
from ganlift.data import ImageSet, VectorSet, load_examples
from ganlift.data.imbalance import thinned
from ganlift.data.label_findings import Evidence, about_labels, by_looks
from ganlift.data.reading import AS_FOUND
from ganlift.data.survey import survey_images

Index = NDArray[np.int64]
Given = ImageSet | VectorSet
NOISE = [("any", 0.0), *((kind, share) for kind in ("any", "next") for share in (0.05, 0.1, 0.3))]
NETWORK = "efficientnet-lite0"


@dataclass(frozen=True)
class Case:
    """A set under one name, how many of its examples are drawn of each class, and what judges them."""

    name: str
    examples: Given
    a_class: int
    features: str = "pixels"
    imbalance: str = ""


def cases(photos: Path | None, cifar10: Path | None, quick: bool) -> Iterator[Case]:
    """All that is measured."""
    clothes, digits = load_examples("fashion-mini"), load_examples("digits")
    yield Case("fashion-mini", clothes, 100)
    if quick:
        return
    yield Case("fashion-mini", clothes, 20)
    yield Case("fashion-mini", clothes, 800)
    yield Case("fashion-mini, shirts alone", _of_classes(clothes, ("Pullover", "Coat", "Shirt")), 800)
    yield Case("fashion-mini, shirts alone", _of_classes(clothes, ("Pullover", "Coat", "Shirt")), 100)
    yield Case("fashion-mini, long tail", clothes, 800, imbalance="exp:20")
    yield Case("fashion-mini", clothes, 100, NETWORK)
    yield Case("digits", digits, 20)
    yield Case("digits", digits, 170)
    yield Case("breast cancer, 30 columns", _rows(), 200)
    if photos is not None:
        yield Case("photographs", load_examples(str(photos)), 190)
        yield Case("photographs", load_examples(str(photos)), 100, NETWORK)
        yield Case("photographs", load_examples(str(photos)), 190, NETWORK)
    if cifar10 is not None:
        small = load_examples(f"cifar10:{cifar10}")
        yield Case("CIFAR-10", small, 100)
        yield Case("CIFAR-10", small, 1000)
        yield Case("CIFAR-10, frogs and ships", _of_classes(small, ("frog", "ship")), 1000)
        yield Case("CIFAR-10, frogs and cars", _of_classes(small, ("frog", "automobile")), 2500)
        yield Case("CIFAR-10", small, 100, NETWORK)


def measured(case: Case, seeds: int) -> list[dict[str, Any]]:
    """A line for each kind and share of noise."""
    runs: dict[tuple[str, float], list[dict[str, Any]]] = {}
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        drawn = case.examples.at(_draw(case, rng))
        if isinstance(drawn, ImageSet):
            drawn = replace(drawn, files=())
        found = survey_images(drawn)
        seen = by_looks(found) if case.features == "pixels" else of_set(found, AS_FOUND, case.features, _silent)
        for kind, share in NOISE:
            runs.setdefault((kind, share), []).append(_one(found.images, seen, kind, share, rng))
    return [
        {"set": case.name, "examples": own[0]["examples"], "told_by": own[0]["told_by"], "noise": kind, "share": share}
        | _summary(own)
        for (kind, share), own in runs.items()
    ]


def _one(examples: Given, seen: Evidence, kind: str, share: float, rng: np.random.Generator) -> dict[str, Any]:
    classes, n = len(examples.class_names), len(examples)
    planted = rng.choice(n, round(share * n), replace=False)
    labels = examples.labels.copy()
    labels[planted] = (labels[planted] + (1 if kind == "next" else rng.integers(1, classes, len(planted)))) % classes
    findings, facts = about_labels(replace(examples, labels=labels), seen)
    listed = {one["name"] for one in facts["labels"]["suspects"]} if facts else set()
    right = len(listed & set(examples.names[planted].tolist()))
    return {
        "examples": n,
        "told_by": seen.told_by,
        "finding": any(one.code == "label-errors" for one in findings),
        "unclear": any(one.code == "unclear-labels" for one in findings),
        "estimate": facts["labels"]["share"] if facts else None,
        "listed": len(listed),
        "right": right,
        "planted": len(planted),
    }


def _summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    listed, planted, right = (sum(one[name] for one in runs) for name in ("listed", "planted", "right"))
    return {
        "seeds": len(runs),
        "findings": sum(one["finding"] for one in runs),
        "unclear": sum(one["unclear"] for one in runs),
        "estimates": [one["estimate"] for one in runs],
        "listed": listed,
        "precision": round(right / listed, 3) if listed else None,
        "recall": round(right / planted, 3) if planted else None,
    }


def _draw(case: Case, rng: np.random.Generator) -> Index:
    labels = case.examples.labels
    order = rng.permutation(len(labels))
    drawn = np.concatenate([order[labels[order] == k][: case.a_class] for k in np.unique(labels)])
    if case.imbalance:
        drawn = thinned(drawn, labels[drawn], len(case.examples.class_names), case.imbalance, rng)
    return np.sort(drawn)


def _of_classes(images: Given, names: tuple[str, ...]) -> Given:
    kept = [images.class_names.index(name) for name in names]
    chosen = images.at(np.flatnonzero(np.isin(images.labels, kept)))
    return replace(chosen, labels=np.searchsorted(np.sort(kept), chosen.labels), class_names=names)


def _rows() -> Given:
    from sklearn.datasets import load_breast_cancer

    rows, labels = load_breast_cancer(return_X_y=True)
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "rows.npz", x_train=rows, y_train=labels)
        return load_examples(f"{folder}/rows.npz")


def _silent(event: object) -> None:
    pass


def table(lines: list[dict[str, Any]]) -> str:
    """A row a set, as Markdown: for each noise the findings, the precision and the recall."""
    noise = [_noise(kind, share) for kind, share in NOISE]
    rows: dict[tuple[str, int, str], dict[str, str]] = {}
    for one in lines:
        cells = rows.setdefault((one["set"], one["examples"], one["told_by"]), {})
        cells[_noise(one["noise"], one["share"])] = _cell(one)
    head = ["set", "examples", "told by", *noise]
    shown = [[name, f"{count:,}", by, *(cells[one] for one in noise)] for (name, count, by), cells in rows.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *shown])


def _noise(kind: str, share: float) -> str:
    return f"{100 * share:.0f} % {kind}" if share else "none"


def _cell(one: dict[str, Any]) -> str:
    """Findings of seeds, precision and recall; in brackets in how many seeds nothing could be told."""
    unclear = f" ({one['unclear']})" if one["unclear"] else ""
    found = f"{one['findings']} of {one['seeds']}{unclear}"
    return (
        found if None in (one["precision"], one["recall"]) else f"{found}: {one['precision']:.2f}, {one['recall']:.2f}"
    )


def _line(one: dict[str, Any]) -> str:
    ends = [f"{100 * end(one['estimates']):.1f}" for end in (min, max)] if None not in one["estimates"] else ["–"]
    about = f"{one['set']}, {one['examples']:,}, by {one['told_by']}; {_noise(one['noise'], one['share'])}"
    return f"{about}: {_cell(one)}; estimated {' to '.join(ends)} %"


def main(words: list[str] | None = None, say: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--photos", type=Path, help="a folder of photographs in class folders")
    parser.add_argument("--cifar10", type=Path, help="the folder cifar-10-batches-bin")
    parser.add_argument("--quick", action="store_true", help="one set alone")
    parser.add_argument("--out", type=Path, help="write the figures here as well")
    parser.add_argument("--table", type=Path, help="print the table of figures that were written, and measure nothing")
    given = parser.parse_args(words)
    if given.table:
        say(table(json.loads(given.table.read_text(encoding="utf-8"))))
        return
    lines: list[dict[str, Any]] = []
    for case in cases(given.photos, given.cifar10, given.quick):
        own = measured(case, given.seeds)
        lines += own
        say("\n".join(map(_line, own)))
    if given.out:
        given.out.write_text("[\n" + ",\n".join(map(json.dumps, lines)) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
