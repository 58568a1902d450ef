"""A phase's state on disk: tensors as safetensors, the rest as JSON, nothing pickled.

`save` writes the tensors under a new name and then the small state file that names them with their
checksum; the rename of the state file is the moment the checkpoint counts. The one before is kept, so a
damaged file falls back to it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as dump_tensors
from torch import Tensor

from ganlift.errors import DamagedFileError
from ganlift.runs.files import write_bytes, write_text
from ganlift.training.phase import Stateful

_KEEP = 2


class Store:
    """Checkpoints of one phase in ``folder``, under the prefix ``name``."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.warnings: list[str] = []

    def save(self, step: int, state: Mapping[str, Any]) -> None:
        """Write ``state`` (nested dicts and lists of tensors and plain values) as of ``step``."""
        tensors: dict[str, Tensor] = {}
        skeleton = _flatten(state, "", tensors)
        blob = dump_tensors({key: value.detach().cpu().contiguous() for key, value in tensors.items()})
        data = self.folder / f"{self.name}-{step:08d}.safetensors"
        write_bytes(data, blob)
        body = {"step": step, "tensors": data.name, "sha256": hashlib.sha256(blob).hexdigest(), "state": skeleton}
        write_text(self._state_file(step), _sealed(body))
        for old in self._steps()[_KEEP:]:
            self._state_file(old).unlink(missing_ok=True)
            (self.folder / f"{self.name}-{old:08d}.safetensors").unlink(missing_ok=True)

    def load(self) -> tuple[int, dict[str, Any]] | None:
        """The newest good checkpoint as (step, state), or None where there is none.

        Raises:
            DamagedFileError: there are checkpoints and none is whole.
        """
        steps = self._steps()
        for step in steps:
            try:
                return step, self._read(step)
            except (OSError, ValueError, LookupError, TypeError) as fault:
                self.warnings.append(f"Checkpoint {self._state_file(step)} is damaged ({fault}); using the one before.")
        if steps:
            raise DamagedFileError(
                f"All checkpoints of '{self.name}' in {self.folder} are damaged; "
                "delete that folder to train this arm again."
            )
        return None

    def clear(self) -> None:
        for path in self.folder.glob(f"{self.name}-*"):
            path.unlink(missing_ok=True)

    def _read(self, step: int) -> dict[str, Any]:
        body = _unsealed(self._state_file(step).read_text(encoding="utf-8"))
        blob = (self.folder / body["tensors"]).read_bytes()
        if hashlib.sha256(blob).hexdigest() != body["sha256"]:
            raise ValueError("the tensors' checksum does not match")
        state = _unflatten(body["state"], load_tensors(blob))
        assert isinstance(state, dict)
        return state

    def _steps(self) -> list[int]:
        found = self.folder.glob(f"{self.name}-*.json")
        return sorted((int(path.stem.rsplit("-", 1)[1]) for path in found), reverse=True)

    def _state_file(self, step: int) -> Path:
        return self.folder / f"{self.name}-{step:08d}.json"


class Checkpoints:
    """All state of a training, named ``parts``, in ``store``; without a store nothing is kept.

    Args:
        check: called before every save; raises where what would be saved is not finite.
    """

    def __init__(self, store: Store | None, parts: Mapping[str, Stateful], check: Callable[[], object]) -> None:
        self._store, self._parts, self._check = store, parts, check
        self._saved_at = time.perf_counter()

    @property
    def age(self) -> float:
        """Seconds since the last one, or since the beginning."""
        return time.perf_counter() - self._saved_at

    def save(self, step: int) -> None:
        """Save all parts as of ``step``."""
        if self._store:
            self._check()
            self._store.save(step, {name: part.state_dict() for name, part in self._parts.items()})
        self._saved_at = time.perf_counter()

    def restore(self) -> int:
        """The step at which the newest checkpoint goes on, all parts being as they were then; 0 where there is none.

        Raises:
            DamagedFileError: there are checkpoints and none is whole.
        """
        found = self._store.load() if self._store else None
        if found is None:
            return 0
        step, state = found
        for name, part in self._parts.items():
            part.load_state_dict(state[name])
        return step


def _sealed(body: Mapping[str, Any]) -> str:
    text = json.dumps(body)
    return json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest()}) + "\n" + text


def _unsealed(text: str) -> dict[str, Any]:
    head, _, body = text.partition("\n")
    if hashlib.sha256(body.encode()).hexdigest() != json.loads(head)["sha256"]:
        raise ValueError("the state's checksum does not match")
    parsed = json.loads(body)
    assert isinstance(parsed, dict)
    return parsed


def _flatten(value: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    """Replace tensors by ``{"$tensor": path}`` and put them in ``tensors``; keep key types of dicts."""
    if isinstance(value, Tensor):
        tensors[path] = value.clone()
        return {"$tensor": path}
    if isinstance(value, Mapping):
        items = [[key, _flatten(item, f"{path}/{key}", tensors)] for key, item in value.items()]
        return {"$dict": items}
    if isinstance(value, list | tuple):
        return {"$list": [_flatten(item, f"{path}/{index}", tensors) for index, item in enumerate(value)]}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"cannot save a {type(value).__name__} at '{path}'")


def _unflatten(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    if "$tensor" in value:
        return tensors[value["$tensor"]]
    if "$dict" in value:
        return {key: _unflatten(item, tensors) for key, item in value["$dict"]}
    return [_unflatten(item, tensors) for item in value["$list"]]


def save_module(path: Path, module: torch.nn.Module) -> None:
    """A module's weights and buffers as one safetensors file, written atomically."""
    write_bytes(
        path, dump_tensors({key: value.detach().cpu().contiguous() for key, value in module.state_dict().items()})
    )


def load_module(path: Path, module: torch.nn.Module) -> None:
    """Fill ``module`` from a file that `save_module` wrote.

    Raises:
        DamagedFileError: the file is not a whole safetensors file, or belongs to another architecture.
    """
    try:
        module.load_state_dict(load_tensors(path.read_bytes()))
    except Exception as fault:
        raise DamagedFileError(f"{path} cannot be read as this model's weights: {fault}") from fault
