"""What an installation takes on disk: each of ganlift's own dependencies with all that it brings along.

    python benchmarks/sizes.py

A package that several bring along is counted with the first of them, in the order of ``pyproject.toml``; those named
there are counted for themselves.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution

MEGABYTE = 1e6


def needs(name: str) -> list[str]:
    """Names of what ``name`` needs in this environment, extras left out."""
    found = []
    for line in distribution(name).requires or []:
        requirement, _, marker = line.partition(";")
        if "extra ==" in marker:
            continue
        found.append(re.split(r"[ <>=!~\[(]", requirement.strip())[0])
    return found


def size(name: str) -> int:
    """Bytes of the files that the distribution ``name`` installed."""
    files = distribution(name).files or []
    return sum(path.locate().stat().st_size for path in files if path.locate().is_file())  # type: ignore[union-attr]


def with_needs(name: str, seen: set[str]) -> int:
    """Bytes of ``name`` and of what it needs, without what is in ``seen``, which grows."""
    seen.add(_key(name))
    try:
        return size(name) + sum(with_needs(one, seen) for one in needs(name) if _key(one) not in seen)
    except PackageNotFoundError:
        return 0  # for another system or Python


def _key(name: str) -> str:
    return name.lower().replace("_", "-")


def main() -> None:
    seen = {_key(name) for name in ["ganlift", *needs("ganlift")]}
    total = size("ganlift")
    print("| dependency | MB with what it brings |\n|---|---|")
    for name in needs("ganlift"):
        own = with_needs(name, seen)
        total += own
        print(f"| {name} | {own / MEGABYTE:.1f} |")
    print(f"| in all | {total / MEGABYTE:.0f} |")


if __name__ == "__main__":
    main()
