"""What models give away: a line an attack, which of them beats chance, and what was left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ganlift.report.page import render
from ganlift.report.privacy import privacy
from ganlift.report.read import read_run
from ganlift.report.words import NONE


def attack(name: str, low: float) -> dict[str, Any]:
    found = {"0.1": 0.25, "0.01": None}
    figures = {"members": 1200, "others": 300, "auc": low + 0.04, "low": low, "high": low + 0.08, "found": found}
    return {"model": "<b>augment", "kind": "classifier", "name": name, "others": "photos", "figures": figures}


def write(run: Path, *attacks: dict[str, Any]) -> None:
    kept = {"attacks": attacks, "left_out": ["discriminator: it has none."], "notes": ["A note."], "noun": "image"}
    (run / "privacy.json").write_text(json.dumps(kept))


def test_a_line_an_attack_and_those_that_beat_chance_by_name(bare_run: Path) -> None:
    write(bare_run, attack("loss", 0.51), attack("nearest", 0.49))
    found = privacy(read_run(bare_run))
    assert found is not None
    assert found.answer == "Beyond chance by its 95 % interval: loss."
    assert (found.lines[0].auc, found.lines[0].interval) == ("0.550", "0.510 to 0.590")
    assert (found.lines[0].members, found.lines[0].found) == ("1,200", ["25.0 %", NONE])
    assert found.notes == ["Left out: discriminator: it has none.", "A note."]
    text = render(bare_run).read_text("utf-8")
    assert '<section id="privacy">' in text
    assert '<a href="#privacy">' in text
    assert "<b>augment" not in text
    assert "a generated image lies near it" in text
    write(bare_run, attack("loss", 0.49))
    assert "None surely beats chance." in render(bare_run).read_text("utf-8")


def test_without_attacks_or_with_a_damaged_record_there_is_no_section(bare_run: Path) -> None:
    assert privacy(read_run(bare_run)) is None
    (bare_run / "privacy.json").write_text("{")
    run = read_run(bare_run)
    assert privacy(run) is None
    assert any("privacy.json" in one for one in run.damaged)
    (bare_run / "privacy.json").write_text('{"attacks": [{"name": 3, "figures": []}, 5]}')
    assert '<section id="privacy">' in render(bare_run).read_text("utf-8")
