"""Every strategy has its place on the page that says which one to take."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganlift.strategies.base import strategies

PAGE = Path(__file__).parents[2] / "docs" / "strategies.md"


@pytest.mark.parametrize("name", strategies.names())
def test_every_strategy_is_on_the_page(name: str) -> None:
    everything = PAGE.read_text(encoding="utf-8").partition("## All of them")[2].partition("## What was measured")[0]
    assert f"`{name}`" in everything
