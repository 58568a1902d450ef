"""The notebook runs from top to bottom and ends in a chart."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "examples" / "quickstart.ipynb"


def test_the_notebook_runs_and_ends_in_a_chart(tmp_path: Path) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("budget=100", "budget=10").replace("seeds=3", "seeds=2")
    NotebookClient(notebook, timeout=200, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert "image/png" in notebook.cells[-1].outputs[-1]["data"]
    assert (tmp_path / "runs" / "notebook" / "report.html").exists()
