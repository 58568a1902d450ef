"""Features without labels and probes on them; clusters: what stands still, what is continued, what is matched."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganlift.data.types import Task
from ganlift.errors import Interrupted
from ganlift.losses import entropy_of_mean, mean_entropy, negative_cosine, neighbours_agree
from ganlift.strategies import neighbourhood
from ganlift.strategies.base import Outcome, run_phases, strategies
from ganlift.strategies.clusters import NearestCentroid, k_means
from ganlift.strategies.kmeans_pixels import patches
from ganlift.strategies.neighbourhood import nearest
from ganlift.strategies.probe import NearestNeighbours
from ganlift.strategies.setup import Setup, predict
from ganlift.training.fit import Record, Settings, fit
from ganlift.training.phase import Budget, Phase
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")
PROBED = pytest.mark.parametrize("name", ["gan-features", "rotation-features", "simsiam"])


def setup_of(task: Task, name: str, steps: int = 6) -> Setup:
    if not strategies.get(name).labels:
        task = replace(task, labelled=task.labelled[:0], labels=task.labels[:0])
    return Setup(task, Budget(steps, 10, steps), Rng(0, name, CPU), CPU)


def run(task: Task, name: str, steps: int = 6, **options: object) -> tuple[Outcome, list[Record]]:
    entry, settings = strategies.get(name), Settings(make_fabric(CPU, "fp32"))
    return run_phases(entry.phases(setup_of(task, name, steps), entry.options(**options)), lambda phase: settings)


def body_of(classifier: nn.Module) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in classifier.state_dict().items() if not key.startswith("head")}


@PROBED
def test_a_linear_probe_moves_the_head_and_nothing_of_the_body(task: Task, name: str) -> None:
    entry = strategies.get(name)
    phases = entry.phases(setup_of(task, name), entry.options(probe="linear"))
    bodies, settings = [], Settings(make_fabric(CPU, "fp32"))

    def settings_of(phase: Phase) -> Settings:
        if phase.counts == "classifier":
            assert list(phase.modules) == ["classifier"]  # the head alone
        return settings

    first = next(phases)
    fit(first, settings_of(first))
    bodies.append(body_of(first.averages["classifier"].module))
    second = phases.send(None)
    before = [weight.clone() for weight in second.modules["classifier"].parameters()]
    fit(second, settings_of(second))
    with pytest.raises(StopIteration) as end:
        phases.send(None)
    bodies.append(body_of(end.value.value.classifier))
    assert all(torch.equal(bodies[0][key], bodies[1][key]) for key in bodies[0])  # BatchNorm's statistics too
    after = second.modules["classifier"].parameters()
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))


@PROBED
def test_pretraining_counts_besides_on_all_images_without_labels(task: Task, name: str) -> None:
    _, records = run(task, name)
    assert [(one.counts, one.steps, one.seen) for one in records] == [
        ("besides", 6, {"unlabelled": 60}),
        ("classifier", 6, {"labelled": 60}),
    ]


@PROBED
def test_labels_do_not_reach_the_features(task: Task, name: str) -> None:
    turned = replace(task, labels=(task.labels + 1) % 10)
    bodies = [body_of(run(one, name, probe="linear")[0].classifier) for one in (task, turned)]
    assert all(torch.equal(bodies[0][key], bodies[1][key]) for key in bodies[0])


def test_finetuning_moves_the_body(task: Task) -> None:
    linear, whole = (
        body_of(run(task, "rotation-features", probe=probe)[0].classifier) for probe in ("linear", "finetune")
    )
    assert not torch.equal(linear["body.0.weight"], whole["body.0.weight"])


@pytest.mark.parametrize(
    ("name", "options"), [("gan-features", {}), ("simsiam", {"probe": "finetune"}), ("infogan", {})]
)
def test_six_steps_are_three_and_three(task: Task, name: str, options: dict[str, object], tmp_path: Path) -> None:
    """Stopped in the middle of every phase, continued from the files, and equal to a run in one go."""
    entry, whole = strategies.get(name), run(task, name, **options)[0]
    settings = Settings(make_fabric(CPU, "fp32"), folder=tmp_path)

    def until(steps: int) -> Outcome:
        left = iter([0] * steps)
        asked = replace(settings, should_stop=lambda: next(left, 1))
        return run_phases(entry.phases(setup_of(task, name), entry.options(**options)), lambda phase: asked)[0]

    with pytest.raises(Interrupted):
        until(3)
    if name != "infogan":  # which has one phase
        with pytest.raises(Interrupted):
            until(3 + 3)
    outcome = until(99)
    images = torch.from_numpy(task.validation)
    assert torch.equal(predict(outcome.classifier, images), predict(whole.classifier, images))


def test_nearest_neighbours_by_hand() -> None:
    features = torch.tensor([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0]])
    head = NearestNeighbours(features, torch.tensor([0, 1, 1]), classes=2, k=2, temperature=0.5)
    shares = head(torch.tensor([[3.0, 0.0]])).exp()[0]  # cosines 1, 0, -1: the third is no neighbour
    assert shares[0].item() == pytest.approx(math.exp(2) / (math.exp(2) + 1), abs=1e-5)
    assert shares.sum().item() == pytest.approx(1.0, abs=1e-4)


def test_a_knn_probe_takes_no_step_and_says_that_it_is_another_architecture(task: Task) -> None:
    outcome, records = run(task, "rotation-features", probe="knn")
    assert [one.counts for one in records] == ["besides"]
    assert not outcome.rebuildable
    own = predict(outcome.classifier, torch.from_numpy(task.labelled)).argmax(1).numpy()
    assert (own == task.labels).mean() > 0.3


def test_negative_cosine_by_hand() -> None:
    p, z = torch.tensor([[1.0, 0.0], [1.0, 1.0]]), torch.tensor([[2.0, 0.0], [0.0, 5.0]])
    assert negative_cosine(p, z).item() == pytest.approx(-(1 + math.sqrt(0.5)) / 2)


def test_entropies_by_hand() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.5], [0.25, 0.75], [0.75, 0.25]]))
    quarters = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    assert mean_entropy(logits).item() == pytest.approx((math.log(2) + 2 * quarters) / 3)
    assert entropy_of_mean(logits).item() == pytest.approx(math.log(2))
    assert entropy_of_mean(logits[:2]).item() == pytest.approx(-(0.375 * math.log(0.375) + 0.625 * math.log(0.625)))
    huge = torch.tensor([[1e4, 0.0], [0.0, 1e4]], requires_grad=True)
    (mean_entropy(huge) - entropy_of_mean(huge)).backward()
    assert huge.grad is not None
    assert torch.isfinite(huge.grad).all()


def test_neighbours_that_agree_cost_nothing_and_others_by_hand() -> None:
    one, other = torch.log(torch.tensor([[0.5, 0.5], [0.2, 0.8]])), torch.log(torch.tensor([[0.3, 0.7], [0.6, 0.4]]))
    wanted = -(math.log(0.5) + math.log(0.2 * 0.6 + 0.8 * 0.4)) / 2
    assert neighbours_agree(one, other).item() == pytest.approx(wanted)
    sure = torch.tensor([[1e4, 0.0]])
    assert neighbours_agree(sure, sure).item() == 0.0


def test_neighbours_are_the_nearest_by_angle_and_never_oneself(monkeypatch: pytest.MonkeyPatch) -> None:
    angles = torch.tensor([0.0, 0.1, 0.3, 2.0])
    vectors = torch.stack([angles.cos(), angles.sin()], dim=1) * torch.tensor([[1.0], [50.0], [2.0], [3.0]])
    items = vectors.repeat(2, 1)[:, None].numpy()  # twice as many, so that two neighbours are half of a mean class's
    nothing = np.zeros(0, np.int64)
    given = Task(items[:0], nothing, items[:0], nothing, items, ("a", "b"), flips=False, weak_views=1)
    setup = Setup(given, Budget(1, 1, 1), Rng(0, "scan", CPU), CPU, "mlp", features="network")
    found = nearest(setup, setup.unlabelled, 2)
    assert found[:, 0].tolist() == [4, 5, 6, 7, 0, 1, 2, 3]  # its double
    assert [index % 4 for index in found[:4, 1].tolist()] == [1, 0, 1, 2]
    assert nearest(setup, setup.unlabelled, 9).shape == (8, 2)
    monkeypatch.setattr(neighbourhood, "MOST", 4)
    some = nearest(setup, setup.unlabelled, 1)
    assert some.shape == (8, 1)
    assert len(set(some.flatten().tolist())) <= 4
    assert not (some[:, 0] == torch.arange(8)).any()


@pytest.mark.parametrize("name", ["kmeans@network", "scan@network", "rim@network", "catgan@network"])
def test_on_vectors_clusters_that_lie_apart_are_found(name: str) -> None:
    truth = np.arange(4).repeat(40)
    vectors = 3.0 * np.eye(4, 16)[truth] + 0.1 * np.random.default_rng(0).standard_normal((160, 16))
    vectors = vectors[:, None].astype(np.float32)
    nothing = np.zeros(0, np.int64)
    given = Task(vectors[:0], nothing, vectors[::4], truth[::4], vectors, tuple("abcd"), flips=False, weak_views=1)
    entry = strategies.get(name)
    setup = Setup(given, Budget(200, 32, 200), Rng(0, name, CPU), CPU, "mlp", features="network")
    settings = Settings(make_fabric(CPU, "fp32"))
    outcome, _ = run_phases(entry.phases(setup, entry.options()), lambda phase: settings)
    found = setup.predict(outcome.classifier, torch.from_numpy(vectors)).argmax(1)
    assert len(set(zip(truth.tolist(), found.tolist(), strict=True))) == len(set(found.tolist())) == 4


@pytest.mark.parametrize("name", ["neighbours@network", "sgan-neighbours@network"])
def test_one_label_a_class_is_enough_where_neighbours_are_alike(name: str) -> None:
    """Each class is a chain of points that its one labelled end says little about the other end of."""
    place = np.arange(160) // 4 / 40
    truth = np.arange(160) % 4
    angle = 0.5 * math.pi * (truth + 0.6 * place)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    vectors = (circle @ np.eye(2, 16))[:, None].astype(np.float32)
    given = Task(vectors[:4], truth[:4], vectors, truth, vectors, tuple("abcd"), flips=False, weak_views=1)
    settings = Settings(make_fabric(CPU, "fp32"))

    def accuracy(name: str, **options: int) -> float:
        entry = strategies.get(name)
        setup = Setup(given, Budget(300, 32, 300), Rng(0, name, CPU), CPU, "mlp", features="network")
        outcome, _ = run_phases(entry.phases(setup, entry.options(**options)), lambda phase: settings)
        return setup.validation_accuracy(outcome.classifier)

    found, plain = accuracy(name, neighbours=5), accuracy("augment@network")
    assert found > 0.95
    assert found > plain + 0.1


def test_classes_are_to_be_as_large_as_the_labelled_ones() -> None:
    """On an arc without a gap a small class ends where its labels say; made even, it takes from the large one."""
    angle = 1.6 * (np.arange(300) / 300 - 0.1)
    truth = (angle > 0).astype(np.int64)  # 30 and 270
    vectors = (np.stack([np.cos(angle), np.sin(angle)], axis=1) @ np.eye(2, 16))[:, None].astype(np.float32)
    some = np.r_[1:300:2]
    given = Task(vectors[some], truth[some], vectors, truth, vectors, tuple("ab"), flips=False, weak_views=1)
    settings, entry = Settings(make_fabric(CPU, "fp32")), strategies.get("neighbours@network")

    def share_of_the_small_class(**options: object) -> float:
        setup = Setup(given, Budget(200, 32, 200), Rng(0, "neighbours", CPU), CPU, "mlp", features="network")
        outcome, _ = run_phases(
            entry.phases(setup, entry.options(neighbour_weight=5, **options)), lambda phase: settings
        )
        return float((setup.predict(outcome.classifier, torch.from_numpy(vectors)).argmax(1) == 0).float().mean())

    assert share_of_the_small_class() == pytest.approx(0.1, abs=0.05)
    assert share_of_the_small_class(class_sizes="even") > 0.3


def test_simsiam_does_not_collapse(task: Task) -> None:
    _, records = run(task, "simsiam", steps=40)
    assert records[0].trace[-1]["z_deviation"] > 0.3 / math.sqrt(256)


def test_a_nearest_centroid_by_hand() -> None:
    head = NearestCentroid(
        mean=torch.tensor([1.0, 0.0]),
        turn=2.0 * torch.eye(2),
        centroids=torch.tensor([[2.0, 0.0], [0.0, 1.0]]),
        spread=torch.tensor(4.0),
        unit=False,
    )
    assert head(torch.tensor([[2.0, 1.0]])).tolist()[0] == pytest.approx([-4 / 4, -5 / 4])  # z = (2, 2)


@pytest.mark.parametrize("sphere", [False, True])
def test_k_means_finds_clusters_that_lie_apart(task: Task, sphere: bool) -> None:
    corners = 10.0 * torch.eye(10)
    truth = torch.arange(10).repeat(8)
    features = corners[truth] + 0.1 * torch.randn(80, 10, generator=torch.Generator().manual_seed(0))
    head = k_means(setup_of(task, "kmeans-pixels"), features, restarts=10, components=9, sphere=sphere)
    found = head(features).argmax(1)
    assert len(set(zip(truth.tolist(), found.tolist(), strict=True))) == 10


def test_clusters_do_not_depend_on_labels_of_any_image(task: Task) -> None:
    blank = replace(task, validation_labels=np.zeros_like(task.validation_labels))
    images = torch.from_numpy(task.validation)
    one, other = (predict(run(given, "kmeans-rotation")[0].classifier, images) for given in (task, blank))
    assert torch.equal(one, other)


def test_of_large_images_the_pixels_are_means_of_patches() -> None:
    x = torch.arange(64.0 * 64).view(1, 1, 64, 64)
    features = patches(x)
    assert features.shape == (1, 32 * 32)
    assert features[0, 0].item() == pytest.approx((0 + 1 + 64 + 65) / 4)
    assert torch.equal(patches(x[..., :20, :20]), x[..., :20, :20].flatten(1))
