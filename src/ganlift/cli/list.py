"""``ganlift list``: what there is to choose from."""

from __future__ import annotations

import importlib
import inspect
import json
import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from ganlift.cli.words import safe

EXAMPLE = "Example: ganlift list strategies fixmatch"
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
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME ...]", help="These alone, with their options.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list and nothing else.")] = False,
) -> None:
    """List strategies, generators, classifiers, executors or data sets, each with a sentence and its source."""
    members, problems = _members(kind, names or [])
    for problem in problems:
        typer.echo(f"Warning: {safe(problem)}", err=True)
    if as_json:
        typer.echo(json.dumps(members, ensure_ascii=False))
        return
    width = shutil.get_terminal_size().columns  # 80 where there is no terminal
    for member in members if names else sorted(members, key=_place):
        typer.echo(f"{safe(member['name'])}{_what(member)}")
        source = f"Source: {safe(member['source'])}" if "source" in member else ""
        package = f"Package: {safe(member['package'])}" if member.get("package") else ""
        for line in (safe(member["summary"]), source, package):
            if line:
                typer.echo(textwrap.fill(line, width, initial_indent="    ", subsequent_indent="    "))
        for line in _told(member) if names else ():
            typer.echo(textwrap.fill(line, width, initial_indent="    ", subsequent_indent="        "))


def _told(member: Mapping[str, Any]) -> Iterator[str]:
    """A line an option: its defaults, what it does, what it may be."""
    options = member.get("options", {})
    if options:
        yield f"Options (--set options.{safe(member['name'])}.NAME=VALUE):"
    on_features_alone = tuple(member.get("spaces", ())) == ("vectors",)
    for name, option in options.items():
        there, default = option.get("on_features", option["default"]), option["default"]
        same = on_features_alone or there == default
        defaults = _plain(there) if same else f"{_plain(default)}, on features {_plain(there)}"
        about = "; ".join(safe(said) for said in (option["description"], option["values"]) if said)
        yield f"{safe(name)} = {defaults}: {about}"


def _plain(value: Any) -> str:
    return "none" if value is None else safe(str(value).lower() if isinstance(value, bool) else str(value))


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


def _members(kind: str, names: Sequence[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Name, summary, source and package of each member, or of ``names``; kind and options too; then problems."""
    from ganlift.config import nearest
    from ganlift.errors import ConfigError

    if kind not in KINDS:
        raise ConfigError(f"There is nothing called '{kind}' to list.{nearest(kind, KINDS)} Known: {', '.join(KINDS)}.")
    module, name = KINDS[kind]
    registry = getattr(importlib.import_module(module), name)
    if isinstance(registry, dict):
        for one in names:
            if one not in registry:
                raise ConfigError(f"There is no '{one}'.{nearest(one, registry)} Known: {', '.join(registry)}.")
        return [_member(one, entry) for one, entry in registry.items() if one in (names or registry)], []
    chosen = [(one, registry.get(one)) for one in dict.fromkeys(names)] or list(registry)
    found = [{**_member(one, entry), "package": registry.package(one)} for one, entry in chosen]
    return found, registry.problems()


def _member(name: str, entry: Any) -> dict[str, Any]:
    """A registered entry as plain values; a data set is a function, and its docstring says what it is."""
    if inspect.isfunction(entry):
        return {"name": name, "summary": (inspect.getdoc(entry) or "").partition("\n\n")[0].replace("\n", " ")}
    return {"name": name, **{key: getattr(entry, key) for key in _FACTS if hasattr(entry, key)}, **_options(entry)}


def _options(entry: Any) -> dict[str, Any]:
    """Each option's default, description and possible values, from its pydantic model; another default on features."""
    from pydantic.errors import PydanticInvalidForJsonSchema

    from ganlift.strategies.base import Strategy
    from ganlift.strategies.options import defaults_on_vectors

    model = getattr(entry, "options", None)
    if model is None:
        return {}
    try:
        schema = model.model_json_schema().get("properties", {})
    except PydanticInvalidForJsonSchema:  # of a plug-in: a type that JSON has none for
        schema = {}
    on_features = defaults_on_vectors(entry) if isinstance(entry, Strategy) and "vectors" in entry.spaces else {}
    found = {
        name: {"default": field.default, "description": field.description, "values": _values(schema.get(name, {}))}
        for name, field in model.model_fields.items()
    }
    for name, value in on_features.items():
        if value != found[name]["default"]:
            found[name]["on_features"] = value
    return {"options": found}


def _values(schema: Mapping[str, Any]) -> str:
    """What an option may be, in words, by its JSON schema; "" where that says no more than its type."""
    if "anyOf" in schema:
        return " or ".join(filter(None, map(_values, schema["anyOf"])))
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "boolean":
        return "true or false"
    ends = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    return ", ".join(f"{words} {schema[key]:g}" for key, words in ends.items() if key in schema)
