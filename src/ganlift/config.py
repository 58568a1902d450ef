"""What a comparison is, as one checked model; YAML in and out; ``--set key=value``.

Precedence, from weak to strong: the defaults here, the file of ``--config``, the command line's options, ``--set``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, Field, PlainValidator, ValidationError, model_validator

from ganlift.config_images import ImagesConfig, names
from ganlift.config_values import (
    AUTO_JOBS,
    AUTO_SEEDS,
    budget_value,
    imbalance_value,
    jobs_per_gpu_value,
    optional_budget_value,
    seeds_value,
    spaces_value,
)
from ganlift.errors import ConfigError
from ganlift.looks import AUTO, THOROUGH, Looks, one_look
from ganlift.plain_yaml import read_yaml

TEST_SHARE = 0.2
_NOT_IDENTITY = {
    "out",
    "trackers",
    "jobs",
    "threads",
    "executor",
    "launch",
    "jobs_per_gpu",
    "checkpoint_every",
    "data_dir",
}
"""Threads round differently, but a run keeps those that it began with, whatever is asked for later."""


class RunConfig(ImagesConfig):
    """What every verb that trains is asked for. Build one with `build_config`, which turns faults into ConfigError."""

    data: str = Field(min_length=1, description="a folder, a manifest, an npz, or the name of a data set")
    unlabelled: str = Field("rest", min_length=1, description="'rest' of the training images, 'none', or a folder")
    labels_per_class: int | None = Field(
        None, ge=0, description="labelled images a class; all where not given; 0 compares clusters, without any label"
    )
    budget: Annotated[int | str | None, PlainValidator(optional_budget_value)] = Field(
        None,
        description="classifier steps an arm, or a time such as 5m for the whole run; 500 steps where not given, 300 "
        "where every arm learns from the features of a network",
    )
    generator_budget: Annotated[int | str | None, PlainValidator(optional_budget_value)] = Field(
        None, description="a generator's own steps, or a time such as 40s for each; chosen where not given"
    )
    batch_size: int = Field(64, ge=2, description="labelled images a step")
    classifier: str = Field("small-cnn", min_length=1)
    features: Annotated[list[str], BeforeValidator(spaces_value)] = Field(
        ["auto"], description="spaces to learn in: pixels, and names of frozen networks; auto: what suits the images"
    )
    generator: str = Field("auto", min_length=1, description="a generator; auto: the default one of each space")
    data_dir: Path | None = Field(None, description="where data sets lie or are downloaded to")
    out: Path = Field(Path("run"), description="the run folder")
    device: str = Field("auto", min_length=1)
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    jobs: int | None = Field(None, ge=1, description="jobs side by side; as many as there are cores or GPUs for")
    jobs_per_gpu: Annotated[int | str, PlainValidator(jobs_per_gpu_value)] = Field(
        AUTO_JOBS, description="jobs that share a GPU; auto: as many as the first steps say that its memory holds"
    )
    executor: str = Field("auto", min_length=1, description="where jobs run; after a colon the address, if it has one")
    launch: str = Field("", description="words before a worker's command, such as 'srun -n1 --exact'")
    threads: int | None = Field(
        None, ge=1, description="threads a job; one where not given, or more where the first steps are faster with them"
    )
    search: int = Field(0, ge=0, description="trials an arm to choose its options with, on validation; 0 for none")
    options: dict[str, dict[str, Any]] = Field({}, description="options of each strategy, by its name")
    trackers: Annotated[list[str], BeforeValidator(names)] = Field([], description="tensorboard, wandb, mlflow")
    checkpoint_every: float = Field(60.0, gt=0, description="seconds between checkpoints")
    on_alarm: Literal["warn", "rollback", "stop"] = Field(
        "warn", description="when training goes wrong: say so, go back with smaller steps, or stop that arm"
    )

    def identity(self) -> dict[str, Any]:
        """What a run folder must agree with, as plain values: all that can change a result.

        ``data`` and ``unlabelled`` are in it for the record; where they name places, what lies there is compared.
        """
        return self.model_dump(mode="json", exclude=_NOT_IDENTITY)


class LabelledConfig(RunConfig):
    """What the verbs that train classifiers are asked for besides."""

    imbalance: Annotated[str, BeforeValidator(imbalance_value)] | None = Field(
        None, description="thins out the labelled images to a long tail: exp:RATIO or step:RATIO"
    )
    measure: Literal["auto", "accuracy", "macro-recall"] = "auto"


class CompareConfig(LabelledConfig):
    """What ``ganlift compare`` is asked for."""

    strategies: Annotated[list[str], BeforeValidator(names)] = Field(
        ["auto"],
        min_length=1,
        description="names from 'list strategies'; auto: those that suit; all: those that can",
    )
    seeds: Annotated[int | list[int] | str, PlainValidator(seeds_value)] = Field(
        AUTO_SEEDS, description="auto: as many as the planned looks need; how many; or their numbers"
    )
    thorough: bool = Field(False, description="looks at 5, 10 and 20 seeds in place of 3, 5 and 7")
    margin: float = Field(1.0, gt=0, lt=100, description="the least gain worth having, in points")
    equal: Literal["both", "steps", "time"] = Field(
        "both",
        description="what arms get the same of: steps; time; or steps, and time where a gain is about to be claimed",
    )

    @model_validator(mode="after")
    def _one_way_to_count_seeds(self) -> CompareConfig:
        if self.thorough and self.seeds != AUTO_SEEDS:
            raise ValueError("thorough plans looks at 5, 10 and 20 seeds; leave seeds out, or thorough")
        return self

    def strategy_list(self) -> list[str]:
        return self.strategies

    def looks(self) -> Looks:
        """When the comparison is judged."""
        if self.seeds == AUTO_SEEDS:
            return THOROUGH if self.thorough else AUTO
        return one_look(len(self.seed_list()))

    def seed_list(self) -> list[int]:
        """The seeds' numbers: 0, 1, ... where only their count was given, or as many as the last look takes."""
        if isinstance(self.seeds, list):
            return self.seeds
        return list(range(self.seeds if isinstance(self.seeds, int) else self.looks().seeds[-1]))

    def test_share(self) -> float:
        """Share of the images that is kept for testing where the data names no test images."""
        return TEST_SHARE


class TrainConfig(LabelledConfig):
    """What ``ganlift train`` is asked for: one arm of one seed."""

    strategy: str = Field("augment", min_length=1, description="a name from 'list strategies'")
    seed: int = Field(0, ge=0)
    keep_test: float = Field(0.0, ge=0, lt=1, description="share of the images kept back to score the classifier on")

    def strategy_list(self) -> list[str]:
        return [self.strategy]

    def looks(self) -> Looks:
        return one_look(1)

    def seed_list(self) -> list[int]:
        return [self.seed]

    def test_share(self) -> float:
        """Share of the images that is kept for testing where the data names no test images."""
        return self.keep_test


class GeneratorConfig(RunConfig):
    """What ``ganlift train-generator`` is asked for; ``budget`` is the generator's own."""

    seed: int = Field(0, ge=0)
    generator: str = Field("sngan", min_length=1)
    budget: Annotated[int | str, PlainValidator(budget_value)] = Field(2000, description="steps, or a time such as 5m")


ArmsConfig = CompareConfig | TrainConfig
"""What asks for arms: strategies and seeds."""

Config = TypeVar("Config", bound=BaseModel)


def build_config(values: Mapping[str, Any], model: type[Config] = CompareConfig) -> Config:  # type: ignore[assignment]
    """Check ``values`` and fill in the defaults of ``model``.

    Raises:
        ConfigError: an unknown key (the nearest one is named), a missing one, or a value that can't be used.
    """
    known = list(model.model_fields)
    for key in values:
        if key not in known:
            raise ConfigError(f"There is no configuration key '{key}'.{nearest(str(key), known)}")
    try:
        return model.model_validate(dict(values))
    except ValidationError as fault:
        raise ConfigError(" ".join(_sentence(error, model) for error in fault.errors())) from None


def load_config(path: Path) -> CompareConfig:
    """The configuration in a YAML file, checked."""
    return build_config(read_config(path))


def read_config(path: Path) -> dict[str, Any]:
    """The keys and values of a YAML file, not yet checked.

    Raises:
        ConfigError: the file can't be read, or is not a mapping in plain YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError(f"Cannot read the configuration {path}: {fault}.") from None
    values = _parse(text, str(path))
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise ConfigError(f"{path} must hold 'key: value' lines, such as 'data: fashion-mini'.")
    return values


def apply_sets(values: Mapping[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    """``values`` with each ``key=value`` put in; dots go down (``options.sgan.weight=0.3``), values are YAML.

    Raises:
        ConfigError: a setting has no ``=`` or an empty key, goes below a plain value, or isn't YAML.
    """
    result = dict(values)
    for setting in settings:
        key, equals, text = setting.partition("=")
        path = [part.strip() for part in key.split(".")]
        if not equals or not all(path):
            raise ConfigError(f"--set {setting}: expected key=value, such as --set options.sgan.weight=0.3.")
        level = result
        for part in path[:-1]:
            below = level.get(part) or {}
            if not isinstance(below, Mapping):
                raise ConfigError(f"--set {setting}: '{part}' is a plain value, nothing can be set below it.")
            level[part] = dict(below)
            level = level[part]
        level[path[-1]] = _parse(text, f"--set {setting}")
    return result


def nearest(name: str, known: Iterable[str]) -> str:
    """`` Did you mean 'x'?``, or nothing where no known name is near."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean '{near[0]}'?" if near else ""


def _parse(text: str, where: str) -> Any:
    try:
        return read_yaml(text)
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        raise ConfigError(f"{where} is not plain YAML: {' '.join(str(fault).split())}.") from None


def _sentence(error: Any, model: type[BaseModel]) -> str:
    """A pydantic error as a sentence: the key, the value, what was expected."""
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return f"The configuration key '{key}' is missing: {model.model_fields[key].description}."
    message = error["msg"].removeprefix("Value error, ")
    if not key:
        return f"The configuration contradicts itself: {message}."
    return f"Configuration key '{key}' = {error['input']!r}: {message[0].lower()}{message[1:]}."
