"""A worker process: one job a line on standard input, events as JSON lines on standard output.

It says ``ready`` first. It ends when its parent does (standard input closes); on the line ``{"type": "stop"}``, as on
SIGTERM, it saves the state and leaves.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from ganlift.errors import GanliftError, Interrupted
from ganlift.executors.about import about
from ganlift.executors.base import attempt


def main() -> None:
    """Serve jobs until standard input closes."""
    parser = argparse.ArgumentParser(prog="python -m ganlift.comparison.worker", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="the run folder, as this machine sees it")
    parser.add_argument("--needs", default="", help="packages that jobs will import, joined by commas")
    asked = parser.parse_args()
    run = asked.run
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library's stray print must not break the protocol
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopping.append(128 + number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_listen, args=(jobs, stopping), daemon=True).start()

    def say(event: dict[str, Any]) -> None:
        out.write(json.dumps(event) + "\n")

    say({"type": "ready", **about(asked.needs.split(","))})
    while True:
        job = jobs.get()
        if stopping:
            os._exit(stopping[0])
        try:
            result = attempt(job, _work(), run, say, lambda: stopping[0] if stopping else 0)
            if result.starved:
                say({"type": "died", "reason": result.reason})
                os._exit(1)  # what it holds is free again
            say({"type": "result", "value": result.value, "reason": result.reason})
        except GanliftError as refusal:
            say({"type": "refused", "reason": str(refusal)})
        except Interrupted as stop:
            out.close()
            os._exit(stop.exit_code)


def _work() -> Any:
    from ganlift.comparison.work import work

    return work


def _listen(jobs: queue.Queue[dict[str, Any]], stopping: list[int]) -> None:
    """Queue the jobs that come; a stop ends a worker without one at once."""
    for line in sys.stdin:
        said = json.loads(line)
        if said.get("type") == "stop":
            stopping.append(128 + signal.SIGTERM)
            jobs.put({"type": "stop"})
        else:
            jobs.put(said)
    os._exit(0)  # the parent is gone or done


if __name__ == "__main__":
    main()
