"""The executor of a run: which one by what was asked for, opened for the place that the run is in."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from ganlift.comparison.work import work
from ganlift.config import CompareConfig, RunConfig
from ganlift.config_values import AUTO_JOBS
from ganlift.errors import ConfigError
from ganlift.executors import Executor, Place, executors
from ganlift.training.precision import pick_device

AUTO, HERE, PROCESSES = "auto", "in-process", "local-processes"


def elsewhere(config: RunConfig) -> bool:
    """Whether jobs may run on machines other than this one."""
    return bool(config.launch) or config.executor.partition(":")[0] not in (AUTO, HERE, PROCESSES)


def check_executor(config: RunConfig) -> None:
    """See to it, before anything is read, that what is asked for is there.

    Raises:
        ConfigError: the name is unknown, options contradict one another, or an address does not answer.
    """
    name, _, address = config.executor.partition(":")
    if name != AUTO:
        executors.get(name)
    if address and name in (AUTO, HERE, PROCESSES):
        raise ConfigError(f"--executor {config.executor}: '{name}' has no address; leave out ':{address}'.")
    if config.launch and name not in (AUTO, PROCESSES):
        raise ConfigError(f"--launch starts processes, and '{name}' has none; leave one of the two out.")
    try:
        shlex.split(config.launch)
    except ValueError:
        raise ConfigError(f"--launch {config.launch}: a quotation mark is not closed.") from None
    if config.launch and not config.jobs:
        raise ConfigError("--launch needs --jobs: how many workers may be started side by side.")
    if name != AUTO:
        executors.get(name).reach(address)


def open_executor(config: RunConfig, run: Path, at_once: int, per_gpu: int) -> Executor:
    """The executor that is asked for, ready for jobs of ``run``; unasked, processes where several jobs go at once.

    Also where it is found out how many may: what a job holds of a GPU is known of a process that has nothing else.

    Args:
        at_once: jobs side by side.
        per_gpu: how many of them share a GPU.

    Raises:
        GanliftError: it is not there, or an address does not answer.
    """
    name, _, address = config.executor.partition(":")
    if name == AUTO:
        name = PROCESSES if at_once > 1 or config.launch or finds_sharing(config) else HERE
    place = Place(
        run=run,
        workers=at_once,
        gpus=gpus(config),
        launch=config.launch,
        address=address,
        gpu_share=_gpu_share(config, per_gpu),
        needs=_needs(config),
    )
    return executors.get(name).open(place, work)


def room(config: RunConfig, threads: int, per_gpu: int) -> int | None:
    """Jobs that the executor that is asked for has room for; None where this machine says it.

    Args:
        threads: of each job.
        per_gpu: jobs that share a GPU.

    Raises:
        GanliftError: an address does not answer.
    """
    name, _, address = config.executor.partition(":")
    return None if name == AUTO else executors.get(name).room(address, threads, _gpu_share(config, per_gpu))


def asked_per_gpu(config: RunConfig) -> int:
    """Jobs that share a GPU as long as nothing else is found out: as many as asked for, or one."""
    return config.jobs_per_gpu if isinstance(config.jobs_per_gpu, int) else 1


def finds_sharing(config: RunConfig) -> bool:
    """Whether it is found out how many jobs share a GPU: in a comparison on GPUs, where nobody said how many jobs."""
    unsaid = isinstance(config, CompareConfig) and config.jobs is None and config.jobs_per_gpu == AUTO_JOBS
    return unsaid and config.executor != HERE and cards(config) > 0


def cards(config: RunConfig) -> int:
    """How many GPUs jobs may share: all that are seen, or the one that was named; 0 on any other device."""
    device = pick_device(config.device)
    return len(gpus(config)) if str(device) == "cuda" else int(device.type == "cuda")


def gpus(config: RunConfig) -> tuple[str, ...]:
    """The CUDA devices that jobs may share; none where they run on something else, or on one that was named."""
    device = pick_device(config.device)
    if str(device) != "cuda":
        return ()
    import torch

    seen = [one.strip() for one in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if one.strip()]
    return tuple(seen or map(str, range(torch.cuda.device_count())))


def _gpu_share(config: RunConfig, per_gpu: int) -> float:
    """What of a GPU each job has; 0 where jobs run on something else, or on one that was named."""
    return 1 / per_gpu if str(pick_device(config.device)) == "cuda" else 0.0


def _needs(config: RunConfig) -> tuple[str, ...]:
    """The packages that jobs import for the classifier that is asked for, of ``timm:NAME`` or a factory's module."""
    module, colon, _ = config.classifier.partition(":")
    return (module.partition(".")[0],) if colon else ()
