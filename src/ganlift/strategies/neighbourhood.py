"""What neighbours in the space of the vectors teach: they are to be of one class, or of one cluster.

Van Gansbeke et al. 2020 (SCAN), eq. 2. With p(x) the classifier's softmax, N(x) the nearest neighbours of x by the
cosine, p̄ the mean of p over the batch and H the entropy,

    −mean log ⟨p(x), p(x′)⟩ − β · H(p̄),      x′ drawn from N(x).

Without the entropy every example would soon be of one class; with it classes are about as large as one another. Where
the labelled examples, n_k of class k, are of unequal number, those of the data will be too, and in place of −H(p̄)
stands KL(p̄ ‖ π) with π_k ∝ n_k + 10, as labels are few and say little about sizes; with equal n_k that is the same.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganlift.losses import divergence_of_mean, entropy_of_mean, neighbours_agree
from ganlift.strategies.base import Setup, search
from ganlift.strategies.terms import Moment, Term, TermOptions
from ganlift.training.pixels import Batch, Held

AT_ONCE, MOST = 1024, 10_000
"""Rows of the table of likenesses that are held at once, and examples that neighbours are looked for among."""

AS_LARGE = 10
"""Examples of each class that are taken to be there beside the labelled ones: few labels say little about sizes."""


class NeighbourOptions(TermOptions):
    neighbours: int = Field(20, ge=1, description="of each example; half a mean class's where they are fewer")
    neighbour_weight: float = Field(
        0.3, ge=0, description="weight of the neighbours' loss", json_schema_extra=search(0.1, 3.0, log=True)
    )
    evenness: float = Field(
        5.0, ge=0, description="β: weight of classes of those sizes", json_schema_extra=search(1.0, 10.0, log=True)
    )

    class_sizes: Literal["labelled", "even"] = Field(
        "labelled", description="classes are to be as large as the labelled ones, or as one another"
    )


def neighbours(setup: Setup, options: NeighbourOptions) -> Term:
    """The module's loss of unlabelled examples and a neighbour of each, in weak views."""
    images, rng = setup.unlabelled, setup.rng.generator("neighbours")
    found = nearest(setup, images, options.neighbours)
    sizes = sizes_of(setup, options)

    def beside(u: Batch) -> dict[str, Tensor]:
        return {"neighbour": setup.weak(images.take(one_of(found, u.index, rng)))}

    def loss(moment: Moment) -> Tensor:
        own, other = (moment.out.logits[kind].float() for kind in ("unlabelled", "neighbour"))
        off = -entropy_of_mean(own) if sizes is None else divergence_of_mean(own, sizes)
        return neighbours_agree(own, other) + options.evenness * off

    return Term("neighbour_loss", options.neighbour_weight, loss, beside)


def sizes_of(setup: Setup, options: NeighbourOptions) -> Tensor | None:
    """How large classes are to be, (K,); None where all are to be of one size."""
    counts = setup.class_counts
    equal = options.class_sizes == "even" or bool((counts == counts[0]).all())
    return None if equal else counts + AS_LARGE


def nearest(setup: Setup, images: Held, count: int) -> Tensor:
    """Indices (n, k) of the nearest neighbours of each of ``images`` by the cosine of their vectors, itself left out.

    k is ``count``, or half a mean class's images where they are fewer. Of many images neighbours are looked for among
    `MOST`, drawn with the arm's seed.
    """
    order = torch.arange(len(images), device=images.device)
    among = order
    if len(images) > MOST:
        drawn = torch.randperm(len(images), generator=setup.rng.generator("among neighbours"), device=images.device)
        among = drawn[:MOST].sort().values
    targets, found = _directions(setup, images, among), []
    k = max(1, min(count, len(among) // (2 * setup.task.classes), len(among) - 1))
    for part in torch.split(order, AT_ONCE):
        likeness = _directions(setup, images, part) @ targets.T
        likeness[part[:, None] == among] = -torch.inf
        found.append(among[likeness.topk(k, dim=1).indices])
    return torch.cat(found)


def one_of(neighbours: Tensor, index: Tensor, rng: torch.Generator) -> Tensor:
    """A neighbour (m,) of each of ``index`` (m,), drawn from its row of ``neighbours`` (n, k)."""
    return neighbours[index, torch.randint(neighbours.shape[1], (len(index),), generator=rng, device=index.device)]


def _directions(setup: Setup, images: Held, index: Tensor) -> Tensor:
    return F.normalize(setup.space.unchanged(images.take(index)), dim=1)
