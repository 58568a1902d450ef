"""Which labels are probably wrong, and how many: a simple classifier's answers about examples it did not learn from.

Which ones, by confident learning (Northcutt, Jiang, Chuang, "Confident Learning: Estimating Uncertainty in Dataset
Labels", JAIR 2021): those that the classifier gives to another class, with at least the confidence that this class's
own examples have on average, by the margin.

How many, by the shape of its disagreement with the labels, since confident learning's own count takes hard examples for
wrong labels. A classifier errs the less the surer it is, while a wrong label that has nothing to do with how hard its
example is stays wrong. So the chance that answer and label differ is a logistic curve of the answer's log odds that
falls not to 0 but to a floor, as the curve of an observer who now and then looks away does (Wichmann, Hill, "The
psychometric function: I", Perception & Psychophysics 63, 2001; its lapse rate). The floor is the share of wrong labels.
Where a classifier is never sure there is no telling the floor, and the interval is wide. Where it tells the classes
badly, as coarse looks tell photographs, its surest answers err too, more often than it says, which looks like a floor:
there a curve that falls more slowly, along the root of the log odds, has to find a floor as well.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.special import expit
from scipy.stats import chi2

FOLDS = 5
FEWEST = 100
"""Examples below which nothing is said."""
MOST = 10_000
"""Examples that are looked at: of more, a fixed draw."""
FEWEST_A_CLASS = 10
"""Examples of a class, copies and groups counted once, below which it is not looked at."""

_AXES, _FOR_AN_AXIS = 64, 10  # at most so many, and examples for each
_SHRINKAGE = 0.1  # scikit-learn's C
_PLACES, _SLOPES = (-10.0, 5.0), (0.5, 8.0)  # a shrunken classifier is seldom twice too sure
_SLOPES_OF_ROOTS = (0.1, 16.0)
_STARTS = ((0.0, 0.0), (-2.0, 0.0), (0.5, 1.0), (2.0, 2.0))  # steep curves have ledges on which a search may stop
_WELL = 0.4  # of the disagreement by chance
_TINY = 1e-9
_HIGHEST = 0.9

Index = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LabelErrors:
    """What the classifier says of m labels.

    Attributes:
        share: the estimated share of wrong labels.
        low, high: its 95 % interval, by the profile of the likelihood.
        differ: the share of labels that differ from the classifier's answer, as a part of what chance would make it.
        suspects: (s,) int64, which of the m labels look wrong, worst first: as many as ``share`` says, at most.
        likely: (s,) int64, the class that each of them looks like.
        confidence: (s,) the classifier's probability of that class.
    """

    share: float
    low: float
    high: float
    differ: float
    suspects: Index
    likely: Index
    confidence: Floats


def to_look_at(labels: Index, units: NDArray[np.str_], among: Index) -> Index:
    """Those of ``among`` (m,) whose labels can be judged, sorted; none where there are too few.

    Args:
        labels: (n,) class of each example.
        units: (n,) names, equal where examples must stay together (`ganlift.data.kin.units`).
    """
    if len(among) > MOST:
        among = np.sort(np.random.default_rng(0).choice(among, MOST, replace=False))
    _, first = np.unique(units[among], return_index=True)
    classes, counts = np.unique(labels[among[first]], return_counts=True)
    known = classes[counts >= FEWEST_A_CLASS]
    kept = among[np.isin(labels[among], known)]
    return kept if len(known) > 1 and len(kept) >= FEWEST else kept[:0]


def find_label_errors(vectors: NDArray[np.floating], labels: Index, units: NDArray[np.str_]) -> LabelErrors:
    """Judge the labels of examples that `to_look_at` chose.

    Args:
        vectors: (m, d) finite numbers that say what each is like, all on one scale.
        labels: (m,) class of each.
        units: (m,) names, equal where examples must be in one fold.
    """
    classes, own = np.unique(labels, return_inverse=True)
    told = _out_of_fold(_axes(vectors), own, _folds(own, units))
    answer, ordered = told.argmax(1), np.sort(np.maximum(told, _TINY), axis=1)
    odds, differs = np.log(ordered[:, -1] / ordered[:, -2]), answer != own
    differ = float(differs.mean()) / (1 - float(np.sum((np.bincount(own) / len(own)) ** 2)))
    share, low, high = floor(odds, differs)
    if differ > _WELL:  # its surest answers may be wrong as well: a curve that falls more slowly has to say so, too
        low = min(low, floor(np.sqrt(odds), differs, _SLOPES_OF_ROOTS)[1])
    worst, likely = _suspects(told, own)
    worst = worst[: round(share * len(own))]
    return LabelErrors(share, low, high, differ, worst, classes[likely[worst]], told[worst, likely[worst]])


def _suspects(told: Floats, own: Index) -> tuple[Index, Index]:
    """Candidates of confident learning, by the margin, and the class (m,) that each example looks like."""
    every = np.arange(len(own))
    usual = np.array([told[own == k, k].mean() for k in range(told.shape[1])])
    confident = np.where(told >= usual, told, 0.0)
    confident[every, own] = 0.0
    likely = confident.argmax(1)
    candidate = (confident.max(1) > 0) & (told.argmax(1) != own)
    worst = np.argsort(told[every, own] - confident.max(1), kind="stable")
    return worst[candidate[worst]], likely


def floor(
    odds: Floats, differs: NDArray[np.bool_], slopes: tuple[float, float] = _SLOPES
) -> tuple[float, float, float]:
    """The share of disagreement that stays however sure the classifier is, and the ends of its 95 % interval.

    Args:
        odds: (m,) the answer's log odds against the next best class, 0 or more.
        differs: (m,) whether the label is another than the answer.
        slopes: the least and the steepest of a curve.
    """
    bounds = (_PLACES, (np.log(slopes[0]), np.log(slopes[1])))

    def misfit(height: float) -> float:
        """Minus the log likelihood of the best curve with that floor."""
        told = (height, odds, differs)
        begun = [minimize(_misfit, start, told, jac=True, bounds=bounds) for start in _STARTS]
        return min(float(one.fun) for one in begun)

    best = minimize_scalar(misfit, bounds=(0.0, _HIGHEST), method="bounded", options={"xatol": 1e-5})
    share = min((0.0, misfit(0.0)), (float(best.x), float(best.fun)), key=lambda one: one[1])
    reach = share[1] + float(chi2.ppf(0.95, 1)) / 2

    def beyond(height: float) -> float:
        return misfit(height) - reach

    low = brentq(beyond, 0.0, share[0], xtol=1e-5) if beyond(0.0) > 0 else 0.0
    high = brentq(beyond, share[0], _HIGHEST, xtol=1e-5) if beyond(_HIGHEST) > 0 else _HIGHEST
    return share[0], low, high


def _misfit(curve: Floats, height: float, odds: Floats, differs: NDArray[np.bool_]) -> tuple[float, Floats]:
    """Minus the log likelihood, and its gradient, of a curve's place and the logarithm of its slope."""
    slope = np.exp(curve[1])
    falls = expit(curve[0] - slope * odds)
    chance = np.clip(height + (1 - height) * falls, _TINY, 1 - _TINY)
    pull = np.where(differs, -1 / chance, 1 / (1 - chance)) * (1 - height) * falls * (1 - falls)
    fit = np.where(differs, np.log(chance), np.log1p(-chance)).sum()
    return -float(fit), np.array([pull.sum(), -(pull * slope * odds).sum()])


def _folds(labels: Index, units: NDArray[np.str_]) -> Index:
    """The fold of each example (m,): units are dealt out, those of a class one after another."""
    _, first, which = np.unique(units, return_index=True, return_inverse=True)
    order = np.lexsort([np.random.default_rng(0).random(len(first)), labels[first]])
    dealt = np.empty(len(first), np.int64)
    dealt[order] = np.arange(len(first)) % FOLDS
    return dealt[which]


def _axes(vectors: NDArray[np.floating]) -> Floats:
    """(m, at most 64): the directions in which ``vectors`` vary most, standardised."""
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    found = vectors.astype(np.float64)
    axes = min(_AXES, len(found) // _FOR_AN_AXIS)
    if found.shape[1] > axes:
        found = PCA(axes, random_state=0).fit_transform(found)
    return np.asarray(StandardScaler().fit_transform(found), np.float64)


def _out_of_fold(vectors: Floats, labels: Index, folds: Index) -> Floats:
    """(m, K): a linear classifier's probabilities, each example's by one that its fold was kept from."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import PredefinedSplit, cross_val_predict

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # its answers are good long before the last digit
        model = LogisticRegression(C=_SHRINKAGE, max_iter=200)
        told = cross_val_predict(model, vectors, labels, cv=PredefinedSplit(folds), method="predict_proba")
    return np.asarray(told, np.float64)
