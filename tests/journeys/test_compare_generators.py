"""`ganlift compare-generators`: generators as arms, at equal steps or equal time."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from typer.testing import CliRunner

from ganlift.cli.main import app
from ganlift.comparison.costs import Cost, estimate, steps_in_time
from ganlift.comparison.generator import generator_arms
from ganlift.comparison.jobs import arm_jobs
from ganlift.comparison.plan import Plan, with_every_generator
from ganlift.comparison.vector_quality import directions
from ganlift.config import build_config
from ganlift.errors import ConfigError
from ganlift.generators.base import generators
from ganlift.strategies.base import strategies

Command = Callable[..., subprocess.CompletedProcess[str]]

COSTS = [
    Cost("augment", 0.01, 0.0, 1.0),
    Cost("gan-augment-vae", 0.02, 0.05, 2.0),
    Cost("synthetic-only-vae", 0.01, 0.04, 1.0),
    Cost("fixmatch-generated-vae", 0.01, 0.04, 1.0),
    Cost("gan-augment-dcgan", 0.02, 0.1, 2.0),
]


def test_each_generator_has_a_line_and_is_trained_once_a_seed(tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = ["compare-generators", "digits", "--generators", "gaussian,vae", "--labels-per-class", "40"]
    settings = ["--seeds", "1", "--budget", "20", "--generator-budget", "20", "--jobs", "1", "--out", str(run)]
    done = CliRunner().invoke(app, [*command, *settings])
    assert done.exit_code == 0, done.output
    rows = {row["strategy"]: row for row in map(json.loads, (run / "results.jsonl").read_text().splitlines())}
    names = {f"{arm}-{name}" for arm in ("gan-augment", "synthetic-only") for name in ("gaussian", "vae")}
    assert set(rows) == {"augment", *names}
    assert {row.get("generator") for row in rows.values()} == {None, "gaussian", "vae"}
    folders = sorted(path.name.split("-")[0] for path in (run / "generators").iterdir())
    assert folders == ["gaussian", "gaussian", "vae", "vae"]  # of halves for gan-augment's judges, and of all images
    assert {row["generator_steps"] for name, row in rows.items() if name != "augment"} == {20}
    lines = [line.split() for line in done.output.splitlines() if line.startswith(("gaussian", "vae"))]
    table = [cells for cells in lines if len(cells) > 1]  # a lone one ends a long name of the arms' table
    assert sorted(cells[0] for cells in table) == ["gaussian", "vae"]
    held = {name: rows[name]["generator_peak_bytes"] for name in names}
    assert all(0 <= peak < 500e6 for peak in held.values())
    assert rows["augment"]["generator_peak_bytes"] is None
    most = max(held["synthetic-only-vae"], held["gan-augment-vae"])
    assert f" {most / 1e6:.0f} MB " in next(" ".join(cells) for cells in table if cells[0] == "vae")
    assert all(f"{100 * rows[f'synthetic-only-{cells[0]}']['test_accuracy']:.1f}" in cells for cells in table)
    page = (run / "report.html").read_text()
    assert 'id="generators"' in page
    assert page.count('<th scope="row"><bdi>vae</bdi></th>') == 1


def test_a_name_with_a_generator_is_the_strategy_with_it() -> None:
    entry = strategies.get("gan-augment-stylegan2-ada")
    assert (entry.name, entry.generator) == ("gan-augment-stylegan2-ada", "stylegan2-ada")
    assert entry.options is strategies.get("gan-augment").options
    assert not any(name.startswith("gan-augment-") for name in strategies.names())
    for wrong in ("gan-augment-dcgam", "augment-dcgan", "gan-augment-"):
        with pytest.raises(ConfigError, match="no strategy called"):
            strategies.get(wrong)


def test_a_time_becomes_steps_of_each_generator() -> None:
    config = build_config({"data": "digits", "generator_budget": "10s"})
    # arms of one generator go on sharing it, whatever was measured of the second; that of halves is another
    whole = {"synthetic-only-vae": 250, "fixmatch-generated-vae": 250}
    expected = {"gan-augment-vae": 200, **whole, "gan-augment-dcgan": 100}
    assert steps_in_time(config, COSTS) == expected
    assert steps_in_time(build_config({"data": "digits", "generator_budget": 10}), COSTS) == {}
    with pytest.raises(ConfigError, match=r"too short for gan-augment-dcgan; 20 steps of its generator take about 2 s"):
        steps_in_time(build_config({"data": "digits", "generator_budget": "1.5s"}), COSTS)
    # 1.1 + (0.2 + 10 + 2) + (0.1 + 10 + 1) + (0.1 + 1, the generator being there) + (0.2 + 10 + 2)
    assert estimate(COSTS, [0], 10, 7, jobs=1, own_generator_steps=expected) == pytest.approx(37.7)
    plan = Plan([cost.strategy for cost in COSTS], [0], 10, 7, "cpu", "fp32", 1, COSTS, 5.0, expected)
    arms = [(cost.strategy, 0) for cost in COSTS]
    jobs = {job["strategy"]: job for job in arm_jobs(plan, arms, {"run": "r", "shared": {}, "options": {}})}
    assert [jobs[cost.strategy]["generator_steps"] for cost in COSTS] == [7, 200, 250, 250, 100]
    assert jobs["synthetic-only-vae"]["after"] == []
    assert jobs["fixmatch-generated-vae"]["after"] == ["synthetic-only-vae/0"]
    assert jobs["gan-augment-dcgan"]["after"] == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--generators", "sngam"], "Did you mean 'sngan'"),
        (["--generators", "vae", "--set", "options.vae.betta=2"], "Did you mean 'beta'"),
        (["--generators", "vae", "--set", "options.dcgan.width=8"], "no strategy called 'dcgan'"),
        (["--generator-budget", "soon"], "expected steps such as 500 or a time"),
    ],
)
def test_mistakes_are_named(given: list[str], said: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["compare-generators", "digits", *given, "--out", str(tmp_path / "run")])
    assert isinstance(done.exception, ConfigError)
    assert said in str(done.exception)
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def rows_of_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """scikit-learn's digits as 64 numbers each, 397 of them for testing."""
    path, found = tmp_path_factory.mktemp("rows") / "digits.npz", load_digits()
    x, y = found.data.astype(np.float32), found.target
    np.savez(path, x_train=x[:800], y_train=y[:800], x_test=x[1400:], y_test=y[1400:])
    return path


def test_generators_of_rows_are_measured(rows_of_digits: Path, tmp_path: Path, ganlift_here: Command) -> None:
    of_vectors = {"autoencoder", "flow", "gaussian"}
    asked = ["--generators", ",".join(of_vectors), "--labels-per-class", "20", "--seeds", "1", "--jobs", "1"]
    budgets = ["--budget", "20", "--generator-budget", "40"]
    done = ganlift_here("compare-generators", str(rows_of_digits), *asked, *budgets, "--out", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    table = {cells[0]: cells for cells in lines if cells and cells[0] in of_vectors and len(cells) > 6}
    assert set(table) == of_vectors
    found = {
        path.parent.name: json.loads(path.read_text()) for path in (tmp_path / "run").glob("generators/*/measures.json")
    }
    whole = {name: one for name, one in found.items() if one["copying"]}
    assert len(whole) == 2 * len(of_vectors)  # of halves for gan-augment's judges, and of all rows
    floor = {one["real"]["frechet"]["value"] for one in whole.values()}
    assert len(floor) == 1  # of one seed the real rows are the same, whatever is held against them
    assert all(one["generated"]["frechet"]["value"] > min(floor) for one in whole.values())
    copied = {name.split("-")[0]: one["copying"]["statistic"] for name, one in whole.items()}
    assert copied["autoencoder"] < copied["flow"]  # it draws between the rows that it learned from
    page = (tmp_path / "run" / "report.html").read_text()
    assert "How good are its vectors?" in page
    assert "along <bdi>64 random directions</bdi>" in page


def test_of_features_the_network_is_named(rows_of_digits: Path, tmp_path: Path, ganlift_here: Command) -> None:
    refused = ganlift_here("compare-generators", "digits", "--generators", "sngan,wgan", "--out", "run", cwd=tmp_path)
    assert refused.returncode == 2
    assert "'gan-augment-wgan' learns from the features of a frozen network: give --features" in refused.stderr
    asked = ["--features", "efficientnet-lite0", "--generators", "sngan", "--out", "run"]
    refused = ganlift_here("compare-generators", "digits", *asked, cwd=tmp_path)
    assert refused.returncode == 2
    assert "'gan-augment-sngan' learns from pixels alone" in refused.stderr
    asked = ["--features", "efficientnet-lite0", "--out", "run"]
    refused = ganlift_here("compare-generators", str(rows_of_digits), *asked, cwd=tmp_path)
    assert refused.returncode == 2
    assert "has rows of numbers, which arms learn from as they are; leave it out" in " ".join(refused.stderr.split())
    assert not (tmp_path / "run").exists()


def test_all_are_those_of_the_space() -> None:
    assert generator_arms("all") == ["augment", "gan-augment-*", "synthetic-only-*"]
    for space, features in (("pixels", ["pixels"]), ("vectors", ["rows"]), ("vectors", ["efficientnet-lite0"])):
        own = [f"gan-augment-{name}" for name, entry in generators if space in entry.spaces]
        assert with_every_generator("gan-augment-*", features) == own
    assert with_every_generator("sgan", ["pixels"]) == ["sgan"]


@pytest.mark.parametrize("width", [8, 64, 1280])
def test_directions_are_orthonormal_and_always_the_same(width: int) -> None:
    along = directions(width)
    assert along.shape == (width, min(width, 64))
    assert torch.allclose(along.T @ along, torch.eye(along.shape[1]), atol=1e-5)
    assert torch.equal(along, directions(width))
