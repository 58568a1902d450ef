"""What ``evaluate --what generator`` shows: tables of generated images beside real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ganlift.cli.tables import table
from ganlift.cli.words import safe, some

if TYPE_CHECKING:
    from rich.table import Table

    from ganlift.inference.generator_quality import GeneratorEvaluation

_SHOWN = {
    "kernel": ("kernel distance × 1000", "lower"),
    "precision": ("precision", "higher"),
    "recall": ("recall", "higher"),
    "density": ("density", "higher"),
    "coverage": ("coverage", "higher"),
    "diversity": ("diversity, held-out ones being 1", "near 1"),
}
_CLASSES = 20


def head(found: GeneratorEvaluation) -> list[str]:
    """What was measured, against what, through what."""
    measures, others = found.measures, f" The run also has: {some(found.others)}." if found.others else ""
    return [
        f"{measures['images']} {found.noun}s by {safe(found.generator)} against as many of {safe(found.data)}.{others}",
        f"Features: {safe(found.network)}, {measures['features']} of them ({safe(found.about)}).",
        f"Real {found.noun}s are those that the generator learned from, against the same held-out ones: the floor.",
    ]


def tables(found: GeneratorEvaluation) -> list[Table]:
    """The measures, those within each class, and copying."""
    shown = [table(["measure", "generated", "± s.e.", "real", "better"], _lines(found))]
    if found.measures["intra_class"]:
        head = ["class", f"{found.noun}s", "Fréchet", "of real", "precision", "recall", "coverage", "diversity"]
        shown.append(table(head, _classes(found)))
    copied = found.measures["copying"]
    if copied:
        shown.append(
            table(
                ["copying", "value", "without copies"],
                [
                    ["C_T of the three-sample test", f"{copied['statistic']:.2f}", "above -3"],
                    ["p, of so small a C_T", f"{copied['p']:.2g}", ""],
                    ["nearer than 95 % of held-out", f"{100 * copied['near']:.1f} %", "about 5 %"],
                ],
            )
        )
    return shown


def _lines(found: GeneratorEvaluation) -> list[list[str]]:
    names = {"frechet": (found.distance, "lower"), "frechet_at_infinity": ("the same, at infinity", "lower"), **_SHOWN}
    made, real = found.measures["generated"], found.measures["real"]
    lines = []
    for name, (words, better) in names.items():
        if name in made:
            factor = 1000 if name == "kernel" else 1
            spread = made[name]["spread"]
            shown = [_number(value, factor) for value in (made[name]["value"], spread, real[name]["value"])]
            lines.append([words, *shown, better])
    within, floor = found.measures["intra_class"], found.measures["real_intra_class"]
    if within:
        shown = [_number(within["frechet"]), "-", _number(floor.get("frechet"))]
        lines.append([f"{found.distance}, in a class", *shown, "lower"])
    if found.cas:
        made, real = found.cas["generated"], found.cas["real"]
        spread = f"{50 * (made['high'] - made['low']) / 1.96:.1f} %"
        shown = [f"{100 * made['value']:.1f} %", spread, f"{100 * real['value']:.1f} %"]
        lines.append(["CAS: accuracy when trained on it alone", *shown, "higher"])
    return lines


def _classes(found: GeneratorEvaluation) -> list[list[str]]:
    """Each class, or the `_CLASSES` farthest from their held-out images; the mean last."""
    measures = found.measures
    pairs = list(zip(found.class_names, measures["per_class"], measures["real_per_class"], strict=True))
    if len(pairs) > _CLASSES:
        pairs = sorted(pairs, key=lambda pair: -pair[1].get("frechet", 0.0))[:_CLASSES]
    pairs.append(("mean", {**measures["intra_class"], "images": ""}, measures["real_intra_class"]))
    names = ("precision", "recall", "coverage", "diversity")
    return [
        [
            name,
            str(made["images"]),
            _number(made.get("frechet")),
            _number(real.get("frechet")),
            *(_number(made.get(one)) for one in names),
        ]
        for name, made, real in pairs
    ]


def _number(value: Any, factor: float = 1) -> str:
    """Three digits that count."""
    if value is None:
        return "-"
    scaled = value * factor
    return f"{scaled:.0f}" if abs(scaled) >= 100 else f"{scaled:#.3g}" if abs(scaled) >= 1 else f"{scaled:.3f}"
