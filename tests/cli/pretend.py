"""The command line with a comparison that trains nothing: it notes what it was asked for, and ends as DATA says."""

import json
import os
import sys
import time
import types
from pathlib import Path
from typing import Any

from ganlift.cli.main import main
from ganlift.config import CompareConfig
from ganlift.errors import DataError, Interrupted


class Verdict:
    def to_json(self) -> dict[str, Any]:
        return {
            "strategy": "sgan",
            "verdict": "helps",
            "reference": "augment",
            "gain": 0.034,
            "ci_low": 0.012,
            "ci_high": 0.056,
            "sentence": "sgan helps: 3.4 points more than augment (1.2 to 5.6, corrected p 0.003, 2 seeds), for 6 "
            "times the training time.",
        }


def row(strategy: str, seed: int, accuracy: float) -> dict[str, Any]:
    shared = {"kind": "gan", "status": "done", "elapsed_s": 12.3, "generator_elapsed_s": 3.0 * (strategy == "sgan")}
    return {"strategy": strategy, "seed": seed, "test_accuracy": accuracy, "ece": float("nan"), **shared}


def compare(config: CompareConfig, *, on_event: Any = None) -> Any:
    endings: dict[str, BaseException] = {
        "refuse": DataError("Class 'a\x1b[31m' of photos/\nhas no image; add some."),
        "interrupt": Interrupted(130),
        "terminate": Interrupted(143),
        "crash": RuntimeError("kaboom"),
    }
    Path(os.environ.get("ASKED", os.devnull)).write_text(json.dumps(config.model_dump(mode="json")))
    on_event({"type": "download", "name": "cifar-10.tar.gz", "done": 0, "total": 170_498_071})
    on_event({"type": "download", "name": "cifar-10.tar.gz", "done": 170_498_071, "total": 170_498_071})
    plan = {
        "data": config.data,
        "classes": ["T-shirt", "\x1b[31mred", "[bold]x"],
        "image": "28×28 grey",
        "labelled": 100,
    }
    plan |= {"unlabelled": 5800, "device": "cpu", "precision": "bf16", "jobs": 2, "strategies": ["augment", "sgan"]}
    plan |= {"seeds": [0, 1], "steps": 500, "batch_size": 64, "generator_steps": 1000, "arms": 4, "arms_left": 4}
    on_event({"type": "plan", **plan, "validation": 100, "test": 2000, "estimate_s": 540})
    if config.data in endings:
        raise endings[config.data]
    rows = []
    for number, (strategy, seed) in enumerate([("augment", 0), ("sgan", 0), ("augment", 1), ("sgan", 1)]):
        for step in (0, 250, 500):
            place = {"strategy": strategy, "seed": seed, "phase": "classifier", "step": step, "steps": 500}
            on_event({"type": "progress", **place, "images_per_s": 5432.1})
            time.sleep(float(os.environ.get("PAUSE", "0")))
        rows.append(row(strategy, seed, 0.70 + 0.01 * number))
        on_event({"type": "arm", "row": rows[-1]})
    rows.append({"strategy": "sgan", "kind": "gan", "seed": 2, "status": "failed", "reason": "out of memory"})
    on_event({"type": "arm", "row": rows[-1]})
    on_event({"type": "note", "message": "Skipped bad\x07.png."})
    best = {"strategy": "sgan", "seed": 1, "classifier": str(config.out / "classifier")}
    report, verdicts = config.out / "report.html", [Verdict()]
    return types.SimpleNamespace(
        rows=rows, verdicts=verdicts, best=best, report_path=report, run=config.out, measure="accuracy"
    )


sys.modules["ganlift.api"] = types.SimpleNamespace(compare=compare)  # type: ignore[assignment]

if __name__ == "__main__":
    main()
