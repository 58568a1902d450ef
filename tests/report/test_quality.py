"""How good generated images are: means over seeds, the floor, arms that share a generator."""

from __future__ import annotations

import json
from pathlib import Path

from ganlift.report.quality import quality
from ganlift.report.read import read_run
from ganlift.report.words import NONE


def test_means_over_seeds_with_real_images_last(bare_run: Path) -> None:
    (found,) = quality(read_run(bare_run))
    assert [name for name, _ in found.head][:2] == ["Fréchet (own)", "in a class"]
    generator, real = found.lines
    assert (generator.name, real.is_real) == ("gan-augment", True)
    # 10 · (2 + seed / 4) over the seeds 0 to 4
    assert generator.cells[0] == ("25.0", "20.0 to 30.0")
    assert generator.cells[2][0] == "25000.0"
    assert generator.cells[-2] == ("-4.50", "-4.50 to -4.50")
    assert generator.cells[-1] == (NONE, "")
    assert real.cells[0] == ("2.50", "2.00 to 3.00")
    assert real.cells[-2] == (NONE, "")
    assert (found.images, found.features) == (1000, 64)
    assert all(len(line.cells) == len(found.head) for line in found.lines)


def test_arms_that_share_a_generator_stand_together_with_the_accuracy_of_synthetic_only(bare_run: Path) -> None:
    for file in (bare_run / "arms" / "sgan").glob("*/facts.json"):
        facts = json.loads(file.read_text())
        file.write_text(json.dumps({**facts, "generator": f"sngan-{file.parent.name}"}))
    (bare_run / "arms" / "sgan").rename(bare_run / "arms" / "synthetic-only")
    lines = (bare_run / "results.jsonl").read_text().replace('"sgan"', '"synthetic-only"')
    (bare_run / "results.jsonl").write_text(lines)
    (found,) = quality(read_run(bare_run))
    assert len(found.lines) == 2
    assert found.lines[0].name == "gan-augment and synthetic-only"
    assert found.lines[0].cells[-1][0].endswith("%")


def test_generators_of_images_and_of_vectors_have_tables_of_their_own(bare_run: Path) -> None:
    name, rows = "sgan@efficientnet-lite0", (bare_run / "results.jsonl").read_text()
    (bare_run / "arms" / "sgan").rename(bare_run / "arms" / name)
    (bare_run / "results.jsonl").write_text(rows.replace('"sgan"', f'"{name}"'))
    for file in (bare_run / "arms" / name).glob("*/facts.json"):
        key = f"{name}-{file.parent.name}"
        file.write_text(json.dumps({"generator": key}))
        measured = next(bare_run.glob("generators/*/measures.json"))
        own = bare_run / "generators" / key / "measures.json"
        own.parent.mkdir()
        own.write_text(json.dumps({**json.loads(measured.read_text()), "network": "directions", "about": "64 of them"}))
    images, vectors = quality(read_run(bare_run))
    assert (images.made, vectors.made, vectors.space) == ("image", "vector", "efficientnet-lite0")
    assert [line.name for line in vectors.lines] == [name, "real training vectors"]
    assert [line.name for line in images.lines] == ["gan-augment", "real training images"]


def test_without_measures_or_with_damaged_ones_there_is_no_table(bare_run: Path) -> None:
    for file in bare_run.glob("generators/*/measures.json"):
        file.write_text("{")
    run = read_run(bare_run)
    assert quality(run) == []
    assert any("measures.json" in one for one in run.damaged)
