"""What a run tells while it goes on: one plain mapping an event, to whoever listens.

``type`` says which: ``note``, ``download``, ``reading``, ``plan``, ``progress``, ``metrics``, ``arm``, ``generator``,
``verdict``, ``log``; ``docs/events.md`` lists what each holds. Values are plain JSON, wherever the event comes from: a
worker process sends it as a line of text.
"""

from __future__ import annotations

from typing import Any, Protocol

Event = dict[str, Any]


class Listener(Protocol):
    """Called with each event, in the process and thread that called the verb."""

    def __call__(self, event: Event, /) -> None: ...
