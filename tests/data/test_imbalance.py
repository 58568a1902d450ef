"""Long tails: the paper's counts, and values that are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganlift.config import CompareConfig, GeneratorConfig, TrainConfig, build_config
from ganlift.data.imbalance import tail_counts, thinned
from ganlift.errors import ConfigError


def test_counts_of_the_paper() -> None:
    """CIFAR-10-LT at 100: the 12,406 images that everyone trains on."""
    assert tail_counts("exp:100", 5000, 10) == [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    assert tail_counts("step:10", 5000, 10) == [5000] * 5 + [500] * 5
    assert tail_counts("exp:10", 100, 2) == [100, 10]
    assert tail_counts("step:4", 10, 3) == [10, 10, 2]
    assert tail_counts("exp:1", 7, 3) == [7, 7, 7]


@given(st.sampled_from(["exp", "step"]), st.integers(1, 999), st.integers(1, 500), st.integers(1, 12))
def test_no_class_is_emptied_and_none_grows(kind: str, ratio: int, most: int, classes: int) -> None:
    counts = tail_counts(f"{kind}:{ratio}", most, classes)
    assert counts[0] == most
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] >= 1


def test_a_class_that_has_fewer_keeps_all_it_has() -> None:
    labels = np.repeat([0, 1, 2], [3, 20, 20])
    kept = thinned(np.arange(100, 143), labels, 3, "exp:4", np.random.default_rng(0))
    assert np.bincount(labels[kept - 100]).tolist() == [3, 10, 5]


@pytest.mark.parametrize("model", [CompareConfig, TrainConfig])
def test_what_is_asked_for_is_part_of_what_the_run_is(model: type[CompareConfig]) -> None:
    plain, tailed = (build_config({"data": "x", **given}, model) for given in ({}, {"imbalance": " EXP:100"}))
    assert (plain.imbalance, tailed.imbalance) == (None, "exp:100")
    assert plain.identity() != tailed.identity()


@pytest.mark.parametrize("text", ["exp:0.5", "foo:3", "exp:", "exp", "step:-2", "step:nan", "exp:1e9", "100", "", 100])
def test_odd_values_are_refused_in_a_sentence(text: object) -> None:
    with pytest.raises(ConfigError, match=r"^Configuration key 'imbalance' = .*: expected exp:RATIO .*\.$"):
        build_config({"data": "x", "imbalance": text})
    with pytest.raises(ConfigError, match="expected exp:RATIO or step:RATIO"):
        tail_counts(str(text), 10, 3)


def test_a_generator_alone_knows_no_tail() -> None:
    with pytest.raises(ConfigError, match="no configuration key 'imbalance'"):
        build_config({"data": "x", "imbalance": "exp:10"}, GeneratorConfig)
