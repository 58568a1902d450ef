"""What the site has beside ``docs/``: ``benchmarks/README.md`` as its page of measurements, and the links to it."""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

SOURCE, PAGE = "../benchmarks/README.md", "measurements.md"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    text = (Path(config.docs_dir) / SOURCE).read_text(encoding="utf-8").replace("](../docs/", "](")
    kept = re.sub(r"\[([^\]]*)\]\((?:results/|canary\.json)[^)]*\)", r"\1", text)  # the site has no records
    files.append(File.generated(config, PAGE, content=kept))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return markdown.replace(SOURCE, PAGE)
