"""A run folder from outside: open or continue it, what is done in it, its rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from ganlift.errors import DamagedFileError, GanliftError, RunFolderError
from ganlift.plain_yaml import read_yaml, yaml_text
from ganlift.runs import layout
from ganlift.runs.files import plain, read_bytes, read_json, remove_leftovers, write_text, writing
from ganlift.runs.held import still_ours
from ganlift.runs.lines import append_line, read_jsonl

_MARK = "# A ganlift run; the same command with this --out continues it."
_MISSING = "(not set)"

_WHY_FIXED = {
    ("seeds", "thorough"): "Seeds that are added after a verdict was seen give false claims another chance; looks that "
    "are planned from the start do not: --seeds auto, or --thorough.",
    ("margin",): "A margin that is chosen after the gain was seen says nothing about it.",
}
"""Why a run that was judged may not be changed in these."""

_PLACES: Mapping[str, tuple[str, ...]] = {"data": (), "unlabelled": ("rest", "none")}
"""Keys that say where images lie, and their values that name no place. What lies there is compared by its content
(`ganlift.data.recorded`), so that a folder may be moved, or called by another path."""

Arm = tuple[str, int]
"""A strategy's name and a seed."""


def open_run(folder: Path, config: Mapping[str, Any], warn: Callable[[str], None] | None = None) -> Path:
    """Make a run in ``folder``, or continue the one that is there; call it while holding `run_lock`.

    Removes what killed processes left behind and completes ``results.jsonl`` from the finished arms.

    Args:
        config: what the run is, as plain values; a second call must agree with it, but for where images lie.
        warn: takes a sentence about each thing that was mended.

    Returns:
        The folder as an absolute path.

    Raises:
        RunFolderError: the folder holds something else, or a run of another configuration (the message names
            each key that differs), or can't be written.
    """
    folder = folder.resolve()
    refuse_foreign(folder)
    config = plain(config)
    refuse_other(folder, config)
    if not layout.config_file(folder).exists():
        text = yaml_text(config)
        write_text(layout.config_file(folder), f"{_MARK}\n{text}")
    remove_leftovers(folder)
    _complete_results(folder, warn)
    return folder


def refuse_foreign(folder: Path) -> None:
    """Raise RunFolderError where ``folder`` is a file, can't be looked into, or holds things and is no run."""
    with writing(folder):
        if folder.exists() and not folder.is_dir():
            raise RunFolderError(f"{folder} is a file, not a folder; choose another folder with --out.")
        if not folder.exists() or is_run(folder):
            return
        held = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    if held:
        raise RunFolderError(
            f"{folder} is not a run and not empty (it holds {', '.join(held[:3])}"
            f"{', ...' if len(held) > 3 else ''}); choose another folder with --out."
        )


def refuse_other(folder: Path, config: Mapping[str, Any]) -> None:
    """Raise RunFolderError where ``folder`` holds a run of another configuration; it names each key that differs."""
    if not is_run(folder):
        return
    there, asked = _flat(run_config(folder)), _flat(plain(config))
    differing = [key for key in {**there, **asked} if _differ(key, there.get(key, _MISSING), asked.get(key, _MISSING))]
    if differing:
        changes = "; ".join(f"{key}: {there.get(key, _MISSING)} → {asked.get(key, _MISSING)}" for key in differing)
        changed = {key for key in differing if key in there and key in asked}
        why = [f" {reason}" for keys, reason in _WHY_FIXED.items() if changed.intersection(keys)]
        raise RunFolderError(
            f"{folder} holds a run of another configuration ({changes}); "
            f"choose another folder with --out, or ask for the same as before to continue it.{''.join(why)}"
        )


def discard_unplanned(run: Path) -> None:
    """Remove a run that failed before its plan was made: it holds nothing yet, and would refuse the next try."""
    if is_run(run) and not layout.plan_file(run).exists():
        still_ours(run)
        shutil.rmtree(run, ignore_errors=True)


def is_run(folder: Path) -> bool:
    """Whether ``folder`` holds a run that `open_run` made."""
    path = layout.config_file(folder)
    return path.is_file() and read_bytes(path).startswith(_MARK.encode())


def run_config(run: Path) -> dict[str, Any]:
    """The configuration a run was made with.

    Raises:
        RunFolderError: ``run`` is not a run.
        DamagedFileError: its ``config.yaml`` can't be parsed.
    """
    if not is_run(run):
        raise RunFolderError(f"{run} is not a run folder: it has no config.yaml that ganlift wrote.")
    try:
        config = read_yaml(read_bytes(layout.config_file(run)).decode("utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        raise DamagedFileError(f"{layout.config_file(run)} is damaged ({fault}); mend it or start anew.") from fault
    return config if isinstance(config, dict) else {}


def rows(run: Path, warn: Callable[[str], None] | None = None) -> list[dict[str, Any]]:
    """One row an arm, in the order of the plan and by seed, whichever finished first; nothing is written.

    A row in ``results.jsonl`` that is broken is taken from the arm's ``row.json``; an arm that failed and was
    done later counts as done.
    """
    kept: dict[Arm, dict[str, Any]] = {}
    for row in read_jsonl(layout.results_file(run), warn or _ignore):
        kept[_arm(row)] = row
    for row in _finished(run, warn):
        if kept.get(_arm(row), {}).get("status") != "done":
            kept[_arm(row)] = row
    place = {name: number for number, name in enumerate(_planned(run))}
    return sorted(kept.values(), key=lambda row: (place.get(_arm(row)[0], len(place)), *_arm(row)))


def _planned(run: Path) -> list[str]:
    """The strategies in the order of the plan; none where it is not there or can't be read."""
    try:
        plan = read_json(layout.plan_file(run))
    except GanliftError:
        return []
    names = plan.get("strategies") if isinstance(plan, dict) else ()
    return list(map(str, names)) if isinstance(names, list) else []


def done(run: Path) -> set[Arm]:
    """The arms that are finished: those with a ``row.json``, a row that can still be read, and predictions to judge."""
    arms = {_arm(row) for row in rows(run) if row.get("status") == "done"}
    return {arm for arm in arms if layout.row_file(run, *arm).exists() and layout.predictions_file(run, *arm).exists()}


def add_row(run: Path, row: Mapping[str, Any]) -> None:
    """Append an arm's row, done or failed, to ``results.jsonl``."""
    append_line(layout.results_file(run), row)


def _complete_results(run: Path, warn: Callable[[str], None] | None) -> None:
    listed = {_arm(row) for row in read_jsonl(layout.results_file(run), warn or _ignore) if row.get("status") == "done"}
    for row in _finished(run, warn):
        if _arm(row) not in listed:
            add_row(run, row)


def _finished(run: Path, warn: Callable[[str], None] | None) -> list[dict[str, Any]]:
    """The rows of the finished arms, in the order they finished, as far as they can be read."""
    found = []
    for path in sorted(layout.row_files(run), key=lambda path: path.stat().st_mtime_ns):
        try:
            found.append(read_json(path))
        except DamagedFileError as fault:
            (warn or _ignore)(str(fault))
    return found


def _differ(key: str, a: Any, b: Any) -> bool:
    """Whether two values of ``key`` ask for different runs.

    Two places do not: the same images may lie there. Nor does a key that asks for nothing where an older run has none.
    """
    places = key in _PLACES and not any(one in (*_PLACES[key], _MISSING) for one in (a, b))
    nothing = all(one is None or one == _MISSING for one in (a, b))
    return bool(a != b) and not places and not nothing


def _flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys joined by dots: ``{"options": {"sgan": {"weight": 1}}}`` is ``{"options.sgan.weight": 1}``."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _arm(row: Mapping[str, Any]) -> Arm:
    return str(row.get("strategy")), int(row.get("seed", -1))


def _ignore(message: str) -> None:
    """Where nobody asked to be told: the row is found in the other copy, or the arm runs again."""
