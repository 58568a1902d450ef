"""What arms cost: the schedule played through, a duration turned into steps, equal time turned into steps."""

from __future__ import annotations

import pytest

from ganlift.comparison.costs import Cost, budget_for, equal_time, estimate, steps_for, steps_in_time, steps_of_time
from ganlift.config import build_config
from ganlift.config_values import Seconds, Steps
from ganlift.errors import ConfigError

COSTS = [Cost("augment", 0.01, 0.0, 1.0), Cost("gan-augment", 0.02, 0.05, 2.0), Cost("synthetic-only", 0.01, 0.05, 1.0)]
"""The generators of the last two are not shared: one is of half the images a condition."""


def test_estimate_by_hand() -> None:
    # one worker: 2 seeds × (10·0.01+1  +  10·0.02+20·0.05+2  +  10·0.01+20·0.05+1)
    assert estimate(COSTS, [0, 1], steps=10, generator_steps=20, jobs=1) == pytest.approx(2 * (1.1 + 3.2 + 2.1))
    both = [*COSTS, Cost("fixmatch-generated", 0.02, 0.05, 1.0)]  # 10·0.02+1: synthetic-only's generator is there
    assert estimate(both, [0], steps=10, generator_steps=20, jobs=1) == pytest.approx(1.1 + 3.2 + 2.1 + 1.2)
    # two workers take turns: 1.1 | 3.2, then 1.1 goes to the first; and so on
    assert estimate(COSTS[:2], [0], steps=10, generator_steps=20, jobs=2) == pytest.approx(3.2)
    own = [*COSTS, Cost("dpt", 0.01, 0.05, 1.0)]  # its generator learns its own pseudo-labels: nobody else's serves
    assert estimate(own, [0], steps=10, generator_steps=20, jobs=1) == pytest.approx(1.1 + 3.2 + 2.1 + 2.1)


def test_an_estimate_takes_each_arms_own_steps() -> None:
    # augment 300·0.01+1 = 4, gan-augment 10·0.02+40·0.05+2 = 4.2
    found = estimate(COSTS[:2], [0], 10, 20, 1, {"gan-augment": 40}, {"augment": 300})
    assert found == pytest.approx(4.0 + 4.2)


def test_arms_on_features_alone_get_300_steps_unasked() -> None:
    unasked, asked = build_config({"data": "photos"}), build_config({"data": "photos", "budget": 40})
    features = ["sgan@efficientnet-lite0", "gda@efficientnet-lite0"]
    assert budget_for(unasked, features) == Steps(300)
    assert budget_for(unasked, ["augment", *features]) == Steps(500)
    assert budget_for(asked, features) == Steps(40)
    assert budget_for(build_config({"data": "photos", "budget": "5m"}), features) == Seconds(300)


def test_a_duration_becomes_as_many_steps_as_fit() -> None:
    config = build_config({"data": "digits", "budget": "60s", "seeds": 2})
    costs = [Cost("augment", 0.1, 0.0, 0.0)]
    assert steps_for(config, costs, jobs=1, seeds=[0, 1]) == 300  # 2 seeds × 300 × 0.1 s
    assert steps_for(config, costs, jobs=2, seeds=[0, 1]) == 600
    short = build_config({"data": "digits", "budget": "1s", "seeds": 2})
    with pytest.raises(ConfigError, match="at least 4 s"):
        steps_for(short, costs, jobs=1, seeds=[0, 1])


def test_a_duration_holds_all_looks() -> None:
    config = build_config({"data": "digits", "budget": "70s"})
    assert steps_for(config, [Cost("augment", 0.1, 0.0, 0.0)], jobs=1, seeds=config.seed_list()) == 100  # 7 × 100 × 0.1


def test_equal_time_gives_cheap_arms_the_costliest_ones_seconds() -> None:
    costs = [Cost("augment", 0.01, 0.0, 9.0), Cost("sgan", 0.04, 0.0, 1.0), Cost("gan-augment", 0.02, 0.05, 1.0)]
    # 100 steps train 1 s, 4 s and 2+5 = 7 s; what lies beside the steps is no training and counts for nothing
    assert steps_of_time(costs, 100, 100) == {"augment": 700, "sgan": 175, "gan-augment": 100}
    # a generator that gets 40 steps of its own: 4 s of sgan are the most, and leave gan-augment 2 s, so 100 steps
    assert steps_of_time(costs, 100, 100, {"gan-augment": 40}) == {"augment": 400, "sgan": 100, "gan-augment": 100}
    # 200 of its own take 10 s, and its 100 steps 2 s
    assert steps_of_time(costs, 100, 100, {"gan-augment": 200}) == {"augment": 1200, "sgan": 300, "gan-augment": 100}


def test_an_arm_without_steps_is_given_none_for_its_time() -> None:
    assert steps_of_time([Cost("kmeans-pixels", 0.0, 0.0, 3.0), Cost("sgan", 0.1, 0.0, 0.0)], 50, 50) == {
        "kmeans-pixels": 50,
        "sgan": 50,
    }


def test_a_duration_with_equal_time_is_shared_out_evenly() -> None:
    costs = [Cost("augment", 0.01, 0.0, 0.0), Cost("sgan", 0.04, 0.0, 0.0)]
    asked = {"data": "digits", "budget": "240s", "seeds": 3}
    config = build_config({**asked, "equal": "time"})
    assert equal_time(config)
    # 240 s for 3 seeds × 2 arms: 40 s each, in which the costliest does 1,000 steps
    assert steps_for(config, costs, jobs=1, seeds=[0, 1, 2]) == 1000
    assert steps_of_time(costs, 1000, 1000) == {"augment": 4000, "sgan": 1000}
    # at equal steps both share 80 s a seed: 80 / 0.05
    assert steps_for(build_config(asked), costs, jobs=1, seeds=[0, 1, 2]) == 1600


def test_a_duration_with_equal_time_counts_a_generators_own_time() -> None:
    config = build_config({"data": "digits", "budget": "24s", "generator_budget": "10s", "seeds": 1, "equal": "time"})
    costs = [Cost("augment", 0.01, 0.0, 0.0), Cost("gan-augment", 0.02, 0.05, 0.0)]
    own = steps_in_time(config, costs)
    assert own == {"gan-augment": 200}
    # 12 s each: 10 s of the generator leave 2 s, 100 steps; 12 s of augment are 1,200
    assert steps_for(config, costs, jobs=1, seeds=[0]) == 100
    assert steps_of_time(costs, 100, 100, own) == {"augment": 1200, "gan-augment": 100}
