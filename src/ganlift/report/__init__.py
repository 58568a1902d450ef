"""The report: records and pictures of a run in, one self-contained HTML page out."""

from ganlift.report.check import render_check
from ganlift.report.page import render, render_many
from ganlift.report.read import read_run

__all__ = ["read_run", "render", "render_check", "render_many"]
