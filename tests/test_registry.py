"""Names and plug-ins, without a room full of members; what a plug-in does from the shell is in `tests/plugins`."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from ganlift import registry
from ganlift.errors import ConfigError


def members(monkeypatch: pytest.MonkeyPatch, **points: str) -> registry.Registry[str]:
    """A registry of texts, with one of its own and the entry points given."""
    found = [EntryPoint(name, value, "ganlift.things") for name, value in points.items()]
    monkeypatch.setattr(registry, "entry_points", lambda group: found)
    things: registry.Registry[str] = registry.Registry("thing", "ganlift.runs", "ganlift.things", str)
    things.add("own")("member")
    return things


def test_what_is_built_in_keeps_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    things = members(monkeypatch, own="json")
    assert things.get("own") == "member"
    assert things.problems() == ["The thing 'own' of the package json has a name that is taken; rename it."]
    assert things.package("own") == ""


def test_a_name_that_is_missing_says_why_and_what_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    things = members(monkeypatch, bad="no_such_module")
    with pytest.raises(ConfigError, match=r"Did you mean 'own'\? Known: own\. .*'bad'.*No module named"):
        things.get("owm")


def test_a_member_of_another_type_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    things = members(monkeypatch, dumps="json:dumps")
    assert things.names() == ["own"]
    assert "is not registered under that name by json:dumps" in things.problems()[0]


def test_a_name_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="Two members of kind thing"):
        members(monkeypatch).add("own")("another")


def test_of_many_names_a_message_says_where_they_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    things = members(monkeypatch)
    for count in range(registry.NAMED):
        things.add(f"member-{count}")("another")
    with pytest.raises(ConfigError, match=r"Did you mean 'own'\? `ganlift list things` shows all 13\.$"):
        things.get("owm")
