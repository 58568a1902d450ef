"""What a job takes of a GPU's memory; on any other device nothing is told and nothing done."""

from __future__ import annotations

import torch


def give_back() -> None:
    """Let other processes have what this one holds of a GPU without need, as after features are made."""
    torch.cuda.empty_cache()


def forget_peak(device: torch.device) -> None:
    """Give back what jobs before this one left on ``device``, and count its peak from here."""
    if device.type == "cuda":
        torch.empty(1, device=device)  # or there is nothing yet to count by
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def memory_of(device: torch.device) -> dict[str, int]:
    """The most ``peak_bytes`` that this process has held since `forget_peak`, and ``free_bytes`` but for its own.

    What is held counts, and not what tensors fill of it: nobody else can have the rest.
    """
    if device.type != "cuda":
        return {}
    free, _ = torch.cuda.mem_get_info(device)
    return {
        "peak_bytes": torch.cuda.max_memory_reserved(device),
        "free_bytes": free + torch.cuda.memory_reserved(device),
    }
