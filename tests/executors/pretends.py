"""A worker in name, which is there at once: ``pretends.py TURNS ...``.

Each job takes a file from the folder TURNS and does what its suffix says (``hangs``, ``starves``, ``killed``); where
none is left, the job is done.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from ganlift.executors.about import about

turns = Path(sys.argv[1])
print(json.dumps({"type": "ready", **about([])}), flush=True)
for line in sys.stdin:
    job = json.loads(line)
    turn = min(turns.iterdir(), default=None)
    if turn:
        turn.unlink()
    said = {"type": "result", "value": {"done": job["id"]}, "reason": ""}
    match turn and turn.suffix:
        case ".hangs":
            time.sleep(600)
        case ".killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case ".starves":
            said = {"type": "died", "reason": "no memory: give fewer --jobs."}
    print(json.dumps(said), flush=True)
    if said["type"] == "died":
        break
