"""What the report shows of a generator: variety, nearest real images, a grid of real images beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganlift.layers.at_once import at_once
from ganlift.measures.diversity import diversity
from ganlift.measures.neighbours import neighbours
from ganlift.nouns import IMAGE
from ganlift.strategies.base import Outcome
from ganlift.strategies.setup import Setup
from ganlift.training.grids import tile, write_png
from ganlift.training.pixels import Held, Pixels, to_uint8
from ganlift.training.rng import Rng

COLUMNS = 8
A_CLASS = 50
"""Generated images a class that are looked at."""

LACKING = 0.5
"""Share of the real images' variety below which what passed a filter lacks diversity: fresh real images reach 0.7."""

MOST_COPIES = 0.05
"""Share of exact copies among the images that passed, above which it is worth an alarm."""

COLLAPSED = 0.2
"""Share of the real images' variety below which a class's samples count as collapsed."""

NAMED = 5
"""Classes that an alarm names, at most."""

COMPARED = 200
"""Real images a class whose variety is held against that of generated ones, at most."""

REAL = 2000
"""Real training images, at most, among which neighbours are sought."""


@torch.no_grad()
def arm_facts(setup: Setup, outcome: Outcome, folder: Path) -> dict[str, Any]:
    """Pictures and figures of the arm's generator for ``facts.json``; empty for an arm without one."""
    if not (folder / "samples").is_dir():
        return {}
    rng = Rng(setup.rng.seed, f"{setup.rng.owner}/facts", setup.device)
    generator = outcome.generator
    conditional = generator is not None and generator.facts.classes > 0
    _real_grid(setup, folder, conditional=conditional)
    facts: dict[str, Any] = {"real_png": "real.png", "conditional": conditional}
    if generator is None or not conditional:
        return facts
    labels = torch.arange(setup.task.classes, device=setup.device).repeat_interleave(A_CLASS)
    generated = generator.sample(labels, len(labels), rng.generator("samples"))
    facts["diversity"] = [_diversity(setup, generated[labels == label], label) for label in range(setup.task.classes)]
    first = torch.arange(min(REAL, len(setup.labelled)), device=setup.device)
    parts = [_as_bytes(setup, setup.labelled, first), _some_unlabelled(setup, rng)]
    real = Pixels(torch.cat(parts)[:REAL], setup.device)
    every = torch.arange(len(real), device=setup.device)
    of_generated = _features(outcome, generated)
    of_real = torch.cat([_features(outcome, real.take(some)) for some in torch.split(every, at_once(real.shape[1:]))])
    found = neighbours(of_generated, of_real)
    facts["neighbours"] = found.facts()
    shown = torch.arange(0, len(generated), A_CLASS, device=setup.device)
    rows = [torch.cat([generated[i, None], real.take(found.index[i])]) for i in shown]
    write_png(folder / "neighbours.png", tile(torch.cat(rows), columns=1 + found.index.shape[1]))
    facts["neighbours_png"] = "neighbours.png"
    return facts


def collapse_alarms(
    facts: dict[str, Any], class_names: Sequence[str], step: int, noun: str = IMAGE
) -> list[dict[str, Any]]:
    """An alarm for each class whose samples vary less than `COLLAPSED` of what its real images do."""
    return [
        {
            "phase": "samples",
            "step": step,
            "name": "collapse",
            "message": f"samples of class '{name}' vary only {share:.0%} as much as real {noun}s: mode collapse",
        }
        for name, share in zip(class_names, facts.get("diversity", []), strict=False)
        if share is not None and share < COLLAPSED
    ]


def pool_alarms(
    facts: dict[str, Any], class_names: Sequence[str], step: int, noun: str = IMAGE
) -> list[dict[str, Any]]:
    """At most one alarm a kind about generated images beside real ones: of another class, too alike, copies."""
    chance = 1.0 / len(class_names)
    refused = _classes(facts.get("acceptance", []), class_names, lambda share: share <= chance)
    alike = _classes(facts.get("pool_diversity", []), class_names, lambda share: share < LACKING)
    copies = facts.get("pool_duplicates", 0.0)
    found = []
    if refused:
        found.append(("off-class", f"{refused}: no more of the generated {noun}s passed the filter than by chance"))
    if alike:
        found.append(
            ("lacks-diversity", f"{alike}: what passed the filter varies less than half as much as real {noun}s")
        )
    if copies > MOST_COPIES:
        found.append(("copies", f"{copies:.0%} of the generated {noun}s used are exact copies of others"))
    return [{"phase": "filter", "step": step, "name": name, "message": message} for name, message in found]


def _classes(values: Sequence[float | None], names: Sequence[str], is_bad: Callable[[float], bool]) -> str:
    """The classes whose value is bad, in words; nothing where none is."""
    bad = [f"'{name}'" for name, value in zip(names, values, strict=False) if value is not None and is_bad(value)]
    more = f" and {len(bad) - NAMED} more" if len(bad) > NAMED else ""
    return f"{'class' if len(bad) == 1 else 'classes'} {', '.join(bad[:NAMED])}{more}" if bad else ""


def _features(outcome: Outcome, images: Tensor) -> Tensor:
    outcome.classifier.eval()
    parts = [outcome.classifier.features(part) for part in torch.split(images, at_once(images.shape[1:]))]  # type: ignore[operator]
    return torch.cat(parts)


def _some_unlabelled(setup: Setup, rng: Rng) -> Tensor:
    order = torch.randperm(len(setup.unlabelled), generator=rng.generator("unlabelled"), device=setup.device)
    return _as_bytes(setup, setup.unlabelled, order[:REAL])


def _as_bytes(setup: Setup, images: Held, index: Tensor) -> Tensor:
    """The images at ``index`` as uint8, a part of which is floats at once."""
    return torch.cat(
        [to_uint8(setup.space.unchanged(images.take(some))) for some in torch.split(index, at_once(images.shape[1:]))]
    )


def _diversity(setup: Setup, generated: Tensor, label: int) -> float | None:
    """`diversity` of one class's images beside the first of its real ones."""
    real = setup.space.unchanged(setup.labelled.take((setup.labels == label).nonzero().squeeze(1)[:COMPARED]))
    of_one = [torch.zeros(len(one), dtype=torch.int64, device=setup.device) for one in (generated, real)]
    [ratio] = diversity(generated, of_one[0], real, of_one[1], 1, most=COMPARED)
    return ratio


def _real_grid(setup: Setup, folder: Path, *, conditional: bool) -> None:
    """Real training images laid out as the samples are: a class a row, or as they come."""
    if conditional:
        labels = setup.labels.cpu()
        members = [(labels == label).nonzero().squeeze(1) for label in range(setup.task.classes)]
        index = torch.cat([own[torch.arange(COLUMNS) % len(own)] for own in members]).to(setup.device)
        images = setup.space.unchanged(setup.labelled.take(index))
    else:
        first = torch.arange(min(64, len(setup.unlabelled)), device=setup.device)
        images = setup.space.unchanged(setup.unlabelled.take(first))
    write_png(folder / "real.png", tile(images, COLUMNS))
