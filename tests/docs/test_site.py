"""The site builds without a warning, and its reference has every public name."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ganlift

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    assert built.returncode == 0, built.stderr  # --quiet would hide warnings, and let them pass
    return folder


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    page = (site / "api.html").read_text(encoding="utf-8")
    documented = set(re.findall(r'id="ganlift\.[\w.]*?(\w+)"', page))
    assert set(ganlift.__all__) - {"__version__"} <= documented


def test_links_lead_to_pages_of_the_site(site: Path) -> None:
    for page in site.glob("*.html"):
        linked = re.findall(r'<a[^>]+href="/?([^"#:]+)[#"]', page.read_text("utf-8"))
        assert not [name for name in linked if not (site / name).exists()], page.name
    assert "Every strategy" in (site / "measurements.html").read_text("utf-8")


def test_no_page_fetches_anything_from_elsewhere(site: Path) -> None:
    for page in site.glob("*.html"):
        fetched = re.findall(r'<(?:script|img|link)[^>]+(?:src|href)="(https?://[^"]+)"', page.read_text("utf-8"))
        assert not fetched, page.name
