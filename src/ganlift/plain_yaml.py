"""YAML of plain values, written so that it reads back as the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

# PyYAML's own rule asks for a point and a sign: 1e-3 would be text. Reader and writer must agree on what is a number.
_NUMBER = "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+"), list("-+0123456789")


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML ships no types
    """1e-3 is a number, on and off are words, a key stands once; aliases, which can grow without end, are refused."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=self.peek_event().start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.MarkedYAMLError(problem=f"the key '{twice}' stands twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Puts quotes around text that the reader would take for a number."""


for _either in (_Loader, _Dumper):
    _either.add_implicit_resolver(*_NUMBER)
    for _first in "oO":  # on and off are words, which options take: PyYAML's own rule makes true and false of them
        _rules = _either.yaml_implicit_resolvers[_first]
        _either.yaml_implicit_resolvers[_first] = [one for one in _rules if not one[0].endswith(":bool")]


def read_yaml(text: str) -> Any:
    """The values in ``text``.

    Raises:
        yaml.YAMLError, ValueError, RecursionError: it is not plain YAML.
    """
    return yaml.load(text, Loader=_Loader)


def yaml_text(values: Mapping[str, Any]) -> str:
    """``values`` as YAML that reads back as the same; other scripts stay readable, odd line ends are escaped."""
    text: str = yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    if any(mark in text for mark in "\x85\u2028\u2029"):  # PyYAML writes them as they are and reads line ends
        text = yaml.dump(values, Dumper=_Dumper, sort_keys=False)
    return text
