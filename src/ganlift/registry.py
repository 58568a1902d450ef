"""Names to members: strategies, generators, classifiers, each found by its file.

A member registers itself with a decorator in its own file; a registry imports every file of its
room, and every entry point of its group, the first time it is asked. Adding a member touches one file.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from ganlift.errors import ConfigError

T = TypeVar("T")

NAMED = 12
"""So many names a message lists."""


class Registry(Generic[T]):
    """Members of one kind by name.

    Args:
        kind: the word for one member in messages, such as ``"strategy"``.
        room: the package whose modules hold the built-in members.
        group: the entry-point group through which other packages add theirs.
        member: the type that every member has.
        made_of: what a name that nobody has taken stands for, such as a member with another part; None for nothing.
    """

    def __init__(
        self, kind: str, room: str, group: str, member: type[T], made_of: Callable[[str], T | None] = lambda name: None
    ) -> None:
        self.kind = kind
        self._member = member
        self._room = room
        self._group = group
        self._made_of = made_of
        self._members: dict[str, T] = {}
        self._loaded = False
        self._problems: list[str] = []
        self._packages: dict[str, str] = {}

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
        if (made := self._made_of(name)) is not None:
            return made
        near = difflib.get_close_matches(name, self._members, n=1, cutoff=0.4)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        problems = " ".join(["", *self._problems])
        raise ConfigError(f"There is no {self.kind} called '{name}'.{hint} {self._known()}{problems}")

    def _known(self) -> str:
        """The names, or, of many, where to read them: a sentence with fifty names hides what it says."""
        names = self.names()
        if len(names) <= NAMED:
            return f"Known: {', '.join(names)}."
        return f"`ganlift list {self._group.removeprefix('ganlift.')}` shows all {len(names)}."

    def names(self) -> list[str]:
        """All names, sorted."""
        self._load()
        return sorted(self._members)

    def package(self, name: str) -> str:
        """The package that the member ``name`` comes from, with its version; nothing for a built-in one."""
        self._load()
        return self._packages.get(name, "")

    def problems(self) -> list[str]:
        """A sentence for each plug-in that could not be used; the others are there."""
        self._load()
        return list(self._problems)

    def __iter__(self) -> Iterator[tuple[str, T]]:
        self._load()
        return iter(sorted(self._members.items()))

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        for file in pkgutil.iter_modules(importlib.import_module(self._room).__path__):
            importlib.import_module(f"{self._room}.{file.name}")
        for point in entry_points(group=self._group):
            package = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
            problem = self._plug_in(point)
            if problem:
                self._problems.append(f"The {self.kind} '{point.name}' of the package {package} {problem}.")
            else:
                self._packages[point.name] = package

    def _plug_in(self, point: EntryPoint) -> str:
        """Take in the member behind ``point``; what is wrong with it, or nothing."""
        if point.name in self._members:
            return f"has a name that is taken{_by(self._packages.get(point.name))}; rename it"
        before = dict(self._members)
        try:
            found = point.load()
        except (Exception, SystemExit) as fault:  # whatever a stranger's module does, the other members must be there
            self._members = before
            return f"can't be loaded ({type(fault).__name__}: {fault})"
        if point.name not in self._members:
            if not isinstance(found, self._member) or getattr(found, "name", None) != point.name:
                return f"is not registered under that name by {point.value}"
            self._members[point.name] = found
        return ""


def _by(package: str | None) -> str:
    return f" by the package {package}" if package else ""
