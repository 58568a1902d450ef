"""All measures at once: what copies, collapse, noise and honest images look like beside real ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from ganlift.measures.generation import LEAST, Side, intra_class, measure, per_class, quality

CLASSES = 3


def side(n: int, seed: int, scale: float = 1.0) -> Side:
    """Three classes, 6 apart."""
    rng = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % CLASSES
    return Side(scale * torch.randn(n, 4, generator=rng) + 6 * labels[:, None], labels.numpy())


TRAINING, HELD_OUT = side(600, 0), side(300, 1)


def measured(features: torch.Tensor, **settings: bool) -> dict[str, Any]:
    made = Side(features, HELD_OUT.labels)
    return measure(made, HELD_OUT, TRAINING, CLASSES, np.random.default_rng(0), **settings)


def value(found: dict[str, Any], name: str, of: str = "generated") -> float:
    return float(found[of][name]["value"])


def test_honest_images_are_as_good_as_real_ones() -> None:
    found = measured(side(300, 2).features, at_infinity=True)
    assert (found["images"], found["training_images"], found["features"]) == (300, 600, 4)
    for name in ("precision", "recall", "coverage"):
        assert value(found, name) == pytest.approx(value(found, name, "real"), abs=0.1)
    assert value(found, "frechet") < 0.5
    assert abs(value(found, "frechet_at_infinity")) < 0.3
    assert value(found, "diversity") == pytest.approx(1, abs=0.1)
    assert abs(found["copying"]["statistic"]) < 3
    assert 0 < found["generated"]["frechet"]["spread"] < 1
    assert found["real"]["frechet"]["spread"] is None


def test_planted_failures_show() -> None:
    honest = measured(side(300, 2).features, spreads=False)
    copied = measured(TRAINING.features[:300] + 1e-3, spreads=False)
    constant = measured(TRAINING.features[:1].repeat(300, 1) + 1e-3 * side(300, 3).features, spreads=False)
    one_mode = measured(side(300, 3).features[torch.arange(300) // 3 * 3], spreads=False)
    noise = measured(100 * torch.randn(300, 4, generator=torch.Generator().manual_seed(0)), spreads=False)
    assert copied["copying"]["statistic"] < -5 < honest["copying"]["statistic"]
    assert value(constant, "recall") < 0.05
    assert value(constant, "diversity") < 0.05
    assert value(one_mode, "coverage") < 0.5 < value(honest, "coverage")
    assert value(one_mode, "frechet") > 10 * value(honest, "frechet")
    assert value(noise, "precision") < 0.1 < value(honest, "precision")
    assert noise["copying"]["statistic"] > 5


def test_within_a_class_images_of_another_are_seen_where_all_together_hide_them() -> None:
    right, swapped = side(300, 2), side(300, 2)
    wrong = Side(swapped.features, (swapped.labels + 1) % CLASSES)
    of_right, of_wrong = (intra_class(per_class(one, HELD_OUT, CLASSES))["frechet"] for one in (right, wrong))
    assert of_wrong > 50 * of_right
    rng = np.random.default_rng(0)
    together = quality(wrong.features, HELD_OUT.features, rng, spreads=False)["frechet"]["value"]
    assert together == pytest.approx(value(measured(right.features, spreads=False), "frechet"))


def test_a_class_with_few_images_is_counted_and_not_measured() -> None:
    labels = np.repeat([0, 1], [LEAST, LEAST - 1])
    few = Side(torch.randn(len(labels), 2, generator=torch.Generator().manual_seed(0)), labels)
    lines = per_class(few, few, 3)
    assert [line["images"] for line in lines] == [LEAST, LEAST - 1, 0]
    assert ["frechet" in line for line in lines] == [True, False, False]
    assert intra_class(lines)["frechet"] == lines[0]["frechet"]
    assert intra_class(lines[1:]) == {}


def test_the_spread_is_that_of_repeated_draws() -> None:
    rng = torch.Generator().manual_seed(0)
    real = torch.randn(200, 3, generator=rng)
    draws = [torch.randn(200, 3, generator=rng) + 1 for _ in range(40)]
    numbers = np.random.default_rng(0)
    truth = np.std([quality(one, real, numbers, spreads=False)["frechet"]["value"] for one in draws], ddof=1)
    said = np.mean([quality(one, real, numbers)["frechet"]["spread"] for one in draws[:8]])
    assert truth < said < 3 * truth  # it counts the draw of the real images too
