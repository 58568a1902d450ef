"""From rows and correctness to verdicts: references, failures, sentences, bad input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from ganlift.errors import ConfigError, RunFolderError
from ganlift.verdict import compare_pair
from ganlift.yardstick import ACCURACY, MACRO_RECALL

from .conftest import BASE, CLASSES, KINDS, LABELS, Run, plus


def test_the_four_answers() -> None:
    quiet, loud = (0.002, -0.002, 0.001, -0.001, 0.0), (0.02, -0.02, 0.01, -0.01, 0.0)
    answers = ((5, quiet, "helps"), (-5, quiet, "hurts"), (0.1, quiet, "no gain worth having"), (1, loud, "undecided"))
    for points, wobble, said in answers:
        (found,) = Run().arm("augment", BASE).arm("gan-augment", plus(points, wobble), elapsed_s=31.0).judge()
        assert found.verdict == said
        assert found.reference == "augment"
        assert found.gain == pytest.approx(points / 100)
        assert found.gain_over_augment == pytest.approx(points / 100)
        assert found.cost_ratio == pytest.approx(3.1)
        assert found.ci_low is not None
        assert found.ci_high is not None
        assert found.gain is not None
        assert found.ci_low < found.gain < found.ci_high
        assert (found.ci_low > 0) == (said == "helps")
        assert (found.ci_high < 0) == (said == "hurts")
        assert (found.ci_high < found.margin) == (said in ("hurts", "no gain worth having"))
        assert (found.rivals, found.looks) == (1, (1, 1))


def test_sentences() -> None:
    (found,) = Run().arm("augment", BASE).arm("gan-augment", plus(5), elapsed_s=31.0).judge()
    assert found.sentence == (
        f"gan-augment helps: +5.0 points of accuracy over augment (95 % interval +{100 * (found.ci_low or 0):.1f} to "
        f"+{100 * (found.ci_high or 0):.1f}, 5 seeds), at 3.1 times the cost."
    )
    (found,) = Run().arm("augment", BASE).arm("gan-augment", plus(-5)).judge()
    assert found.sentence.startswith("gan-augment hurts: −5.0 points of accuracy against augment (95 % interval −")
    (found,) = Run().arm("augment", BASE).arm("gan-augment", plus(0.1)).judge()
    assert found.sentence.startswith(
        "gan-augment: no gain worth having: +0.1 points of accuracy against augment (95 % interval −"
    )
    assert found.sentence.endswith("; a gain of 1.0 point or more is ruled out.")


def test_undecided_states_power_and_seeds() -> None:
    spread = (0.02, -0.02, 0.01, -0.01, 0.0)
    (found,) = Run().arm("augment", BASE).arm("gan-augment", plus(1, spread)).judge()
    assert found.sentence.startswith("gan-augment: undecided: +1.0 point of accuracy against augment (95 % interval −")
    assert [one["gain"] for one in found.power] == pytest.approx([0.01, 0.02, 0.03])
    shares = [one["found"] for one in found.power]
    assert 0 < shares[0] < shares[1] < shares[2] < 1
    assert f"a true gain of 2.0 points would have been found in {100 * shares[1]:.0f} of 100 such" in found.sentence
    assert found.seeds_to_find is not None
    assert found.seeds_to_find > 5
    assert f"about {found.seeds_to_find} seeds find a gain of 1.0 point 8 times in 10" in found.sentence


def test_too_few_images_are_named() -> None:
    """110 images of 1,000 won and 100 lost, the same in every seed: 1.96 √(0.21 / 1000) is 2.8 points, the gain 1."""
    run = Run().arm("augment", [0.7] * 5).arm("gan-augment", [0.7] * 5)
    right = run.correct["augment", 0]
    flips = [*np.flatnonzero(right)[:100], *np.flatnonzero(~right)[:110]]
    for seed in range(5):
        run.correct["gan-augment", seed] = right.copy()
        run.correct["gan-augment", seed][flips] ^= True
    (found,) = run.judge()
    assert found.ci_low == pytest.approx(0.01 - 0.028, abs=1e-3)
    assert (found.verdict, found.seeds_to_find) == ("undecided", None)
    assert "takes more test images, not more seeds" in found.sentence


def test_reference_is_chosen_on_validation_and_saw_the_same_images() -> None:
    run = Run().arm("augment", BASE, validation=0.70).arm("fixmatch", plus(1), validation=0.72)
    run.arm("rotation", plus(4), validation=0.71)  # the best on test, which must not count
    run.arm("synthetic-only", plus(2), validation=0.99).arm("sgan", plus(3)).arm("gan-augment", plus(3))
    by_name = {found.strategy: found for found in run.judge()}
    assert by_name["sgan"].reference == "fixmatch"
    assert by_name["gan-augment"].reference == "augment"
    assert by_name["sgan"].gain_over_augment == pytest.approx(0.03)
    assert set(by_name) == {"sgan", "gan-augment"}


def test_the_gain_over_augment_is_over_that_on_the_same_features() -> None:
    run = Run().arm("augment", plus(-20)).arm("sgan", plus(3))
    features = Run().arm("augment", BASE).arm("sgan", plus(1))
    run.rows += [row | {"strategy": f"{row['strategy']}@net", "features": "net"} for row in features.rows]
    run.correct |= {(f"{name}@net", seed): right for (name, seed), right in features.correct.items()}
    gains = {found.strategy: found.gain_over_augment for found in run.judge()}
    assert gains == {"sgan": pytest.approx(0.23), "sgan@net": pytest.approx(0.01)}


def test_a_reference_that_saw_more_is_named_as_such() -> None:
    (found,) = Run().arm("fixmatch", BASE).arm("gan-augment", plus(0)).judge()
    assert found.reference == "fixmatch"
    assert "fixmatch saw unlabelled images that gan-augment did not" in found.sentence
    assert found.gain_over_augment is None


def test_a_candidate_does_not_win_by_missing_the_hard_seed() -> None:
    run = Run()
    for name, validation in (("sgan", (0.5, 0.8, 0.8)), ("augment", (0.6, 0.8, 0.8))):
        for seed, value in enumerate(validation):
            run.arm(name, [0.7], validation=value, first=seed)
    run.arm("fixmatch", [0.7, 0.7], validation=0.79, first=1).failed("fixmatch", 0)
    (found,) = run.judge()
    assert found.reference == "augment"


def test_missing_seeds_are_left_out_and_named() -> None:
    run = Run().arm("augment", BASE).arm("gan-augment", plus(5)[:4]).failed("gan-augment", 4)
    (found,) = run.judge()
    assert (found.seeds, found.seeds_missing) == (4, (4,))
    assert found.sentence.endswith("; seed 4 missing.")
    (found,) = Run().arm("augment", BASE[:4]).arm("gan-augment", plus(5)[2:], first=2).judge()
    assert (found.seeds, found.seeds_missing) == (2, (0, 1, 4))
    assert found.sentence.endswith("; seeds 0, 1, 4 missing.")


def test_an_arm_that_failed_on_a_seed_is_not_said_to_help_on_the_others() -> None:
    """The seeds that it survived may be its better ones; that it hurts on them may be said."""
    whole = Run().arm("augment", BASE).arm("gan-augment", plus(9))
    assert whole.only().verdict == "helps"
    found = Run().arm("augment", BASE).arm("gan-augment", plus(9)[:4]).failed("gan-augment", 4).only()
    assert (found.verdict, found.seeds) == ("undecided", 4)
    assert "on the seeds that gan-augment did not fail on, which may be its better ones" in found.sentence
    assert found.sentence.endswith("; seed 4 missing.")
    worse = Run().arm("augment", BASE).arm("gan-augment", plus(-9)[:4]).failed("gan-augment", 4).only()
    assert worse.verdict == "hurts"
    again = Run().failed("gan-augment", 4).arm("augment", BASE).arm("gan-augment", plus(9)).only()
    assert again.verdict == "helps"


def test_nothing_is_claimed_in_favour_of_a_reference_that_failed_on_a_seed() -> None:
    for gain, whole in ((-9, "hurts"), (0, "no gain worth having")):
        run = Run().arm("gan-augment", plus(gain))
        assert Run().arm("augment", BASE).arm("gan-augment", plus(gain)).only(margin=0.03).verdict == whole
        found = run.arm("augment", BASE[:4]).failed("augment", 4).only(margin=0.03)
        assert found.verdict == "undecided"
        assert ("on the seeds that augment did not fail on" in found.sentence) == (gain == -9)
    over = Run().arm("gan-augment", plus(9)).arm("augment", BASE[:4]).failed("augment", 4).only()
    assert over.verdict == "helps"


def test_a_repeated_arm_counts_once() -> None:
    run = Run().failed("gan-augment", 0).arm("augment", BASE).arm("gan-augment", plus(5))
    (found,) = run.judge()
    assert (found.seeds, found.seeds_missing) == (5, ())


def test_arms_that_learned_from_different_images_are_not_compared() -> None:
    run = Run().arm("augment", BASE).arm("gan-augment", plus(5))
    unknown = run.only()
    for row in run.rows[1:]:  # the first is from before rows said so
        row["data_hash"] = "0123456789abcdef"
    assert run.only() == unknown
    run.rows[7]["data_hash"] = "another"
    with pytest.raises(RunFolderError) as refused:
        run.judge()
    assert str(refused.value).startswith("augment, seed 1, and gan-augment, seed 2, learned from different images")
    with pytest.raises(RunFolderError, match="learned from different images"):
        compare_pair(run.rows, run.correct, "gan-augment", "augment")


def test_one_seed_cannot_tell() -> None:
    (found,) = Run().arm("augment", BASE[:1]).arm("gan-augment", plus(9)[:1]).judge()
    assert found.verdict == "undecided"
    assert (found.ci_low, found.ci_high, found.p, found.p_corrected, found.smallest_detectable) == (None,) * 5
    assert "one seed cannot tell" in found.sentence
    assert found.gain == pytest.approx(0.092)


def test_nothing_to_judge_against() -> None:
    (found,) = Run().arm("sgan", BASE).judge()
    assert (found.reference, found.gain, found.verdict) == (None, None, "undecided")
    assert found.sentence == "sgan: not judged: it shares no finished seed with an arm without a GAN."
    (found,) = Run().arm("augment", BASE[:1]).failed("sgan", 0, "it diverged.").judge()
    assert found.sentence == "sgan: not judged: none of its seeds finished (it diverged)."
    assert Run().judge() == []


def test_family_is_corrected_and_said() -> None:
    """Two arms alike, at p between 0.025 and 0.05: neither is a claim."""
    wobble = (0.011, -0.008, 0.010, -0.004, 0.004)
    alone = Run().arm("augment", BASE).arm("gan-augment", plus(1, wobble))
    run = Run().arm("augment", BASE).arm("gan-augment", plus(1, wobble)).arm("sgan", plus(1, wobble))
    (single,) = alone.judge()
    assert single.p == single.p_corrected
    for found in run.judge():
        assert found.p_corrected == pytest.approx(min(1.0, 2 * (found.p or 1)), rel=1e-6)
        assert (found.smallest_detectable or 0) > (single.smallest_detectable or 1)
        assert (found.seeds_to_find or 0) > (single.seeds_to_find or 1000)
    p = single.p or 1.0
    (alone_at_p,) = alone.judge(alpha=1.5 * p)
    assert alone_at_p.verdict == "helps"
    among = run.judge(alpha=1.5 * p)[0]
    assert among.verdict == "undecided"
    assert "does not hold after the correction for 2 GAN arms" in among.sentence


def test_a_loss_that_the_correction_takes_away_is_said_where_a_gain_is_ruled_out() -> None:
    wobble = (0.011, -0.008, 0.010, -0.004, 0.004)
    alone = Run().arm("augment", BASE).arm("gan-augment", plus(-1, wobble))
    run = Run().arm("augment", BASE).arm("gan-augment", plus(-1, wobble)).arm("sgan", plus(-1, wobble))
    (single,) = alone.judge()
    alpha = 1.5 * (single.p or 1.0)
    (hurting,) = alone.judge(alpha=alpha)
    assert hurting.verdict == "hurts"
    among = run.judge(alpha=alpha)[0]
    assert (among.verdict, among.ci_high is not None and among.ci_high < 0) == ("no gain worth having", True)
    assert "), a loss that does not hold after the correction for 2 GAN arms (p = " in among.sentence
    (level,) = Run().arm("augment", BASE).arm("gan-augment", plus(0)).judge(margin=0.2)
    assert level.verdict == "no gain worth having"
    assert "a loss" not in level.sentence


def test_shared_labels_are_said() -> None:
    (found,) = Run().arm("augment", BASE).arm("gan-augment", plus(5)).judge(overlap=1.0)
    assert "not of new labels" in found.sentence
    (partly,) = Run().arm("augment", BASE).arm("gan-augment", plus(5)).judge(overlap=0.3)
    assert partly.ci_low is not None
    assert found.ci_low is not None
    assert partly.ci_low < found.ci_low


def test_worst_class_by_hand() -> None:
    """The arm gains on all classes but "cat", where it loses 10 of 250 images."""
    run = Run().arm("augment", [0.5, 0.5]).arm("gan-augment", [0.5, 0.5])
    for seed in (0, 1):
        right = run.correct["augment", seed].copy()
        right[np.flatnonzero(~right & (LABELS != 2))[:60]] = True
        right[np.flatnonzero(right & (LABELS == 2))[:10]] = False
        run.correct["gan-augment", seed] = right
    (found,) = run.judge()
    assert found.worst_class == {"name": "cat", "gain": pytest.approx(-10 / 250)}


def test_class_without_test_images_is_not_the_worst() -> None:
    run = Run().arm("augment", BASE).arm("gan-augment", plus(2))
    (found,) = run.judge(labels=np.minimum(LABELS, 2))
    assert found.worst_class is not None
    assert found.worst_class["name"] in CLASSES[:3]


def test_json_has_the_documented_keys() -> None:
    (found,) = Run().arm("augment", BASE).arm("gan-augment", plus(5)).judge()
    assert ", ".join(found.to_json()) == (
        "strategy, verdict, reference, gain, ci_low, ci_high, nearest, in_time, ruled_out, rivals, p, p_corrected, "
        "margin, seeds, seeds_missing, looks, gain_over_augment, power, smallest_detectable, seeds_to_find, "
        "worst_class, cost_ratio, sentence, measure"
    )
    assert found.to_json()["seeds_missing"] == []


def test_what_both_arms_share_does_not_matter() -> None:
    """Images that a seed makes hard for both arms leave the verdict as it is."""
    run = Run().arm("augment", BASE).arm("gan-augment", plus(5))
    before = run.judge()[0]
    for seed in range(5):
        both = run.correct["augment", seed] & run.correct["gan-augment", seed]
        hard = np.flatnonzero(both)[: 40 * seed]
        for name in ("augment", "gan-augment"):
            run.correct[name, seed] = run.correct[name, seed].copy()
            run.correct[name, seed][hard] = False
    assert run.judge()[0].to_json() == before.to_json()


def test_labels_by_seed_tell_whether_the_images_are_the_same() -> None:
    run = Run().arm("augment", BASE).arm("gan-augment", plus(1))
    same: Mapping[int, Any] = dict.fromkeys(range(5), LABELS)
    own = {seed: np.roll(LABELS, seed) for seed in range(5)}
    first = run.judge()[0]
    assert run.judge(labels=same)[0].p == first.p
    assert run.judge(labels=own)[0].p != first.p


def test_compare_pair() -> None:
    run = Run().arm("augment", BASE).arm("fixmatch", plus(3)[:4]).failed("fixmatch", 4)
    found = compare_pair(run.rows, run.correct, "fixmatch", "augment")
    assert (found.seeds, found.seeds_missing) == ((0, 1, 2, 3), (4,))
    assert found.estimate is not None
    assert found.estimate.gain == pytest.approx(0.03)
    back = compare_pair(run.rows, run.correct, "augment", "fixmatch")
    assert back.estimate is not None
    assert back.estimate.low == pytest.approx(-(found.estimate.high or 0))
    apart = Run().arm("augment", BASE[:1]).arm("fixmatch", BASE[:1], first=1)
    assert compare_pair(apart.rows, apart.correct, "fixmatch", "augment").estimate is None
    with pytest.raises(RunFolderError, match="no row of 'sgan'"):
        compare_pair(run.rows, run.correct, "sgan", "augment")


def test_bad_input_is_named() -> None:
    run = Run().arm("augment", BASE).arm("gan-augment", plus(5))
    with pytest.raises(ConfigError, match="overlap"):
        run.judge(overlap=1.2)
    with pytest.raises(ConfigError, match="alpha"):
        run.judge(alpha=0.0)
    with pytest.raises(RunFolderError, match="Seed 0 has 10 test labels"):
        run.judge(labels=LABELS[:10])
    with pytest.raises(RunFolderError, match="labels of seed 0 are missing"):
        run.judge(labels={})
    del run.correct["augment", 2]
    with pytest.raises(RunFolderError, match="predictions of augment, seed 2, are missing"):
        run.judge()
    run.correct["augment", 2] = np.ones(7, bool)
    with pytest.raises(RunFolderError, match="cannot be paired"):
        run.judge()
    run.rows[0]["validation_accuracy"] = None
    with pytest.raises(RunFolderError, match="no validation_accuracy"):
        run.judge()


RARE = np.repeat([0, 1], [900, 100])
"""Two classes, one with nine times the images of the other."""


def unequal(common: Sequence[float], rare: Sequence[float], name: str, run: Run | None = None) -> Run:
    """An arm that is right on the shares ``common`` and ``rare`` of the two classes, by seed."""
    run = run or Run()
    kind, uses = KINDS[name]
    for seed, shares in enumerate(zip(common, rare, strict=True)):
        right = np.concatenate([np.arange(n) < round(n * share) for n, share in zip((900, 100), shares, strict=True)])
        run.correct[name, seed] = right
        row = {"strategy": name, "kind": kind, "seed": seed, "status": "done", "uses_unlabelled": uses}
        scores = {"validation_accuracy": 0.9 * shares[0] + 0.1 * shares[1], "validation_macro_recall": sum(shares) / 2}
        run.rows.append({**row, **scores, "elapsed_s": 10.0})
    return run


def test_macro_recall_weighs_every_class_the_same() -> None:
    """The rare class gains 20 points and the common one loses 2: +9 of macro recall, +0.2 of accuracy."""
    run = unequal([0.9, 0.9, 0.9], [0.5, 0.5, 0.5], "augment")
    unequal([0.88, 0.88, 0.88], [0.7, 0.7, 0.7], "gan-augment", run)
    (by_image,) = run.judge(labels=RARE, class_names=["common", "rare"])
    assert by_image.gain == pytest.approx(0.002)
    assert (by_image.measure, by_image.verdict) == ("accuracy", "undecided")
    (by_class,) = run.judge(labels=RARE, class_names=["common", "rare"], measure=MACRO_RECALL)
    assert by_class.gain == by_class.gain_over_augment == pytest.approx(0.09)
    assert (by_class.measure, by_class.verdict) == ("macro-recall", "helps")
    assert by_class.sentence.startswith("gan-augment helps: +9.0 points of macro recall over augment (95 % interval +")
    pair = compare_pair(run.rows, run.correct, "gan-augment", "augment", labels=RARE, measure=MACRO_RECALL)
    assert pair.estimate is not None
    assert pair.estimate.low == pytest.approx(by_class.ci_low)


def test_the_reference_is_chosen_by_what_arms_are_judged_by() -> None:
    run = unequal([0.9, 0.9], [0.4, 0.4], "augment")  # the better of the two by accuracy
    unequal([0.8, 0.8], [0.8, 0.8], "rotation", run)
    unequal([0.8, 0.8], [0.8, 0.8], "sgan", run)
    for measure, reference in ((ACCURACY, "augment"), (MACRO_RECALL, "rotation")):
        (found,) = run.judge(labels=RARE, class_names=["common", "rare"], measure=measure)
        assert found.reference == reference


def test_macro_recall_needs_labels_and_its_own_score_on_validation() -> None:
    run = unequal([0.9, 0.9], [0.4, 0.4], "augment")
    unequal([0.9, 0.9], [0.4, 0.4], "gan-augment", run)
    with pytest.raises(RunFolderError, match="test labels of seed 0 are missing"):
        compare_pair(run.rows, run.correct, "gan-augment", "augment", measure=MACRO_RECALL)
    for row in run.rows:
        del row["validation_macro_recall"]
    with pytest.raises(RunFolderError, match="has no validation_macro_recall, which chooses the reference"):
        run.judge(labels=RARE, class_names=["common", "rare"], measure=MACRO_RECALL)
