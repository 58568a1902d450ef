"""``ganlift list``: what there is to choose from."""

from __future__ import annotations

import importlib
import inspect
import json
import shutil
import textwrap
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ganlift.cli.words import safe

EXAMPLE = "Example: ganlift list strategies --json"
KINDS = {
    "strategies": ("ganlift.strategies.base", "strategies"),
    "generators": ("ganlift.generators.base", "generators"),
    "classifiers": ("ganlift.classifiers.base", "classifiers"),
    "executors": ("ganlift.executors.base", "executors"),
    "datasets": ("ganlift.data.load", "NAMED"),
}
_KINDS = ("baseline", "rival", "gan", "control")
_FACTS = ("kind", "summary", "source", "unlabelled", "labels", "spaces")


def list_kind(
    kind: Annotated[str, typer.Argument(metavar="|".join(KINDS), help="What to list.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list and nothing else.")] = False,
) -> None:
    """List strategies, generators, classifiers, executors or data sets, each with a sentence and its source."""
    members, problems = _members(kind)
    for problem in problems:
        typer.echo(f"Warning: {safe(problem)}", err=True)
    if as_json:
        typer.echo(json.dumps(members, ensure_ascii=False))
        return
    width = shutil.get_terminal_size().columns  # 80 where there is no terminal
    for member in sorted(members, key=_place):
        typer.echo(f"{safe(member['name'])}{_what(member)}")
        source = f"Source: {safe(member['source'])}" if "source" in member else ""
        package = f"Package: {safe(member['package'])}" if member.get("package") else ""
        for line in (safe(member["summary"]), source, package):
            if line:
                typer.echo(textwrap.fill(line, width, initial_indent="    ", subsequent_indent="    "))


def _place(member: Mapping[str, Any]) -> tuple[bool, int]:
    """Strategies with labels before those without, and what others are measured against first."""
    return not member.get("labels", True), _KINDS.index(member["kind"]) if "kind" in member else 0


def _what(member: Mapping[str, Any]) -> str:
    """Kind of a strategy, and what it cannot do without or does without; where it or a generator works."""
    where = {("vectors",): "on features", ("pixels", "vectors"): "also on features"}
    space = where.get(tuple(member.get("spaces", ())), "")
    if not member.get("labels", True):
        return f" ({safe(member['kind'])}, without labels)"
    needs = "needs unlabelled images" if member.get("unlabelled") == "required" else ""
    said = [word for word in (safe(member.get("kind", "")), needs, space) if word]
    return f" ({', '.join(said)})" if said else ""


def _members(kind: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Name, summary, source and package of each member, for strategies kind and options too; then problems."""
    from ganlift.config import nearest
    from ganlift.errors import ConfigError

    if kind not in KINDS:
        raise ConfigError(f"There is nothing called '{kind}' to list.{nearest(kind, KINDS)} Known: {', '.join(KINDS)}.")
    module, name = KINDS[kind]
    registry = getattr(importlib.import_module(module), name)
    if isinstance(registry, dict):
        return [_member(name, entry) for name, entry in registry.items()], []
    found = [{**_member(name, entry), "package": registry.package(name)} for name, entry in registry]
    return found, registry.problems()


def _member(name: str, entry: Any) -> dict[str, Any]:
    """A registered entry as plain values; a data set is a function, and its docstring says what it is."""
    if inspect.isfunction(entry):
        return {"name": name, "summary": (inspect.getdoc(entry) or "").partition("\n\n")[0].replace("\n", " ")}
    return {"name": name, **{key: getattr(entry, key) for key in _FACTS if hasattr(entry, key)}, **_options(entry)}


def _options(entry: Any) -> dict[str, Any]:
    """Each option's default and description, from its pydantic model."""
    model = getattr(entry, "options", None)
    if model is None:
        return {}
    fields = model.model_fields.items()
    return {"options": {name: {"default": field.default, "description": field.description} for name, field in fields}}
