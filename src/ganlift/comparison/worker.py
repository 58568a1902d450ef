"""A worker process: one job a line on standard input, events as JSON lines on standard output.

It ends when its parent does (standard input closes), and on SIGTERM saves the state and leaves.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from typing import Any

from ganlift.comparison.executors import attempt
from ganlift.errors import GanliftError, Interrupted


def main() -> None:
    """Serve jobs until standard input closes."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library's stray print must not break the protocol
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopping.append(128 + number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(jobs,), daemon=True).start()

    def say(event: dict[str, Any]) -> None:
        out.write(json.dumps(event) + "\n")

    while True:
        job = json.loads(jobs.get())
        try:
            result = attempt(job, _work(), say, lambda: stopping[0] if stopping else 0)
            say({"type": "result", "value": result.value, "reason": result.reason})
        except GanliftError as refusal:
            say({"type": "refused", "reason": str(refusal)})
        except Interrupted as stop:
            out.close()
            os._exit(stop.exit_code)


def _work() -> Any:
    from ganlift.comparison.work import work

    return work


def _listen(jobs: queue.Queue[str]) -> None:
    for line in sys.stdin:
        jobs.put(line)
    os._exit(0)  # the parent is gone or done


if __name__ == "__main__":
    main()
