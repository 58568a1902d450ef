"""The report's section of what models give away of their training, as attacked when all arms were done."""

from __future__ import annotations

from dataclasses import dataclass

from ganlift.report import words
from ganlift.report.read import Row, Run, mapping, sequence

ABOUT = {
    "loss": "the classifier is surer of it (Yeom et al. 2018)",
    "discriminator": "the discriminator takes it for real (LOGAN, Hayes et al. 2019)",
    "nearest": "a generated {made} lies near it (GAN-Leaks, Chen et al. 2020)",
}
"""What speaks for a member, by the attack's name."""

RATES = ("0.1", "0.01")


@dataclass(frozen=True)
class Line:
    """One attack on one model, in words; ``found`` at each of `RATES`."""

    model: str
    attack: str
    about: str
    members: str
    others: str
    auc: str
    interval: str
    found: list[str]


@dataclass(frozen=True)
class Privacy:
    """``answer`` says in a sentence which attacks beat chance; ``notes`` belong to the figures."""

    answer: str
    lines: list[Line]
    notes: list[str]


def privacy(run: Run) -> Privacy | None:
    """The attacks of ``privacy.json``; None where a run has none."""
    attacks = [mapping(one) for one in sequence(run.privacy.get("attacks"))]
    told = [str(one.get("name", "")) for one in attacks if (_figure(one, "low") or 0) > 0.5]
    answer = f"Beyond chance by its 95 % interval: {words.listed(told)}." if told else "None surely beats chance."
    left_out = [f"Left out: {one}" for one in map(str, sequence(run.privacy.get("left_out")))]
    notes = [*left_out, *map(str, sequence(run.privacy.get("notes")))]
    return Privacy(answer, [_line(run, one) for one in attacks], notes) if attacks else None


def _line(run: Run, attack: Row) -> Line:
    name, figures = str(attack.get("name", "")), mapping(attack.get("figures"))
    found = mapping(figures.get("found"))
    return Line(
        model=f"{attack.get('kind', '')} {attack.get('model', '')}",
        attack=name,
        about=ABOUT.get(name, "").format(made=run.made),
        members=words.count(figures.get("members")),
        others=words.count(figures.get("others")),
        auc=words.decimal(figures.get("auc")),
        interval=f"{words.decimal(figures.get('low'))} to {words.decimal(figures.get('high'))}",
        found=[words.percent(found.get(rate)) for rate in RATES],
    )


def _figure(attack: Row, name: str) -> float | None:
    return words.number(mapping(attack.get("figures")).get(name))
