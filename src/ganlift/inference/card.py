"""The model card that lies beside an exported file, made of the run's records."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ganlift import __version__
from ganlift.data.sizes import preparation
from ganlift.data.sound import preparation as sound_words
from ganlift.errors import GanliftError
from ganlift.features import licence_of
from ganlift.inference.evaluate import Evaluation, evaluate_recorded
from ganlift.inference.exported import Exported
from ganlift.inference.facts import ClassifierFacts
from ganlift.inference.model import Model
from ganlift.nouns import with_article
from ganlift.runs import layout
from ganlift.runs.files import read_json

WEAK_RECALL, FEW_IMAGES = 0.7, 200
"""A class below this recall, and a test set below this size, is named as a limit."""


def card(model: Model, folder: Path, run: Path | None, form: str, made: Exported) -> str:
    """Markdown (Mitchell et al. 2019, Model Cards for Model Reporting); what the records lack is left out."""
    words = Environment(
        loader=PackageLoader("ganlift.inference", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_escaped,
        autoescape=False,
    )
    words.filters["percent"] = lambda value: f"{100 * value:.1f} %"
    words.filters["with_article"] = with_article
    tested = _tested(run)
    return words.get_template("card.md.j2").render(
        facts=model.facts,
        licence=licence_of(model.facts.features.network) if model.facts.features else "",
        noun=model.facts.noun,
        waves=model.facts.sound is not None and form != "safetensors",
        preparation=_prepared(model.facts),
        record=read_json(layout.model_file(folder)),
        form=form,
        made=made,
        version=__version__,
        tested=tested,
        weak=[one for one in tested.per_class if (one["recall"] or 0.0) < WEAK_RECALL] if tested else [],
        few_images=FEW_IMAGES,
        **_of_run(model, run),
    )


def _prepared(facts: ClassifierFacts) -> str:
    if facts.sound:
        return sound_words(facts.sound, facts.image_size)
    return f"{preparation(facts.fit, facts.image_size)} (bicubic)"


def _of_run(model: Model, run: Path | None) -> dict[str, Any]:
    """The arm's row, the sentences of the verdicts, and the sizes of the split's parts."""
    if run is None:
        return {"row": {}, "sentences": [], "counts": {}}
    facts = model.facts
    verdicts = read_json(layout.verdict_file(run)) if layout.verdict_file(run).exists() else []
    own = [one["sentence"] for one in verdicts if one["strategy"] == facts.strategy]
    parts = read_json(layout.split_file(run, facts.seed))["parts"]
    return {
        "row": read_json(layout.row_file(run, facts.strategy, facts.seed)),
        "sentences": own or [one["sentence"] for one in verdicts],
        "counts": {name: len(part["index"]) for name, part in parts.items()},
    }


def _tested(run: Path | None) -> Evaluation | None:
    try:
        return evaluate_recorded(run) if run else None
    except GanliftError:  # a run without test images
        return None


def _escaped(value: Any) -> Any:
    """Text from data as Markdown shows it: no markup, no HTML, one line."""
    if not isinstance(value, str):
        return value
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|#])", r"\\\1", line)
