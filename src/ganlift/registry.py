"""Names to members: strategies, generators, classifiers, each found by its file.

A member registers itself with a decorator in its own file; a registry imports every file of its
room, and every entry point of its group, the first time it is asked. Adding a member touches one file.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from ganlift.errors import ConfigError

T = TypeVar("T")


class Registry(Generic[T]):
    """Members of one kind by name.

    Args:
        kind: the word for one member in messages, such as ``"strategy"``.
        room: the package whose modules hold the built-in members.
        group: the entry-point group through which other packages add theirs.
    """

    def __init__(self, kind: str, room: str, group: str) -> None:
        self.kind = kind
        self._room = room
        self._group = group
        self._members: dict[str, T] = {}
        self._loaded = False

    def add(self, name: str) -> Callable[[T], T]:
        """Decorator: register a member under ``name``; a name can be taken once."""

        def register(member: T) -> T:
            if self._members.get(name, member) is not member:
                raise ConfigError(f"Two members of kind {self.kind} are named '{name}'; rename one.")
            self._members[name] = member
            return member

        return register

    def get(self, name: str) -> T:
        """The member called ``name``.

        Raises:
            ConfigError: no such member; the message names the nearest one.
        """
        self._load()
        if name in self._members:
            return self._members[name]
        near = difflib.get_close_matches(name, self._members, n=1, cutoff=0.4)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        known = ", ".join(self.names())
        raise ConfigError(f"There is no {self.kind} called '{name}'.{hint} Known: {known}.")

    def names(self) -> list[str]:
        """All names, sorted."""
        self._load()
        return sorted(self._members)

    def __iter__(self) -> Iterator[tuple[str, T]]:
        self._load()
        return iter(sorted(self._members.items()))

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        package = importlib.import_module(self._room)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self._room}.{module.name}")
        for point in entry_points(group=self._group):
            self._members.setdefault(point.name, point.load())
