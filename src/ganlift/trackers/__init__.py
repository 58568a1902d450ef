"""Trackers that people already use, fed by a run's events; each is a callback, and none can end a run."""

from ganlift.trackers.base import tracked

__all__ = ["tracked"]
