"""Where jobs run: one file for one executor; each runs the same jobs and yields the same results."""

from ganlift.executors.base import Executor, ExecutorEntry, Place, Result, executors

__all__ = ["Executor", "ExecutorEntry", "Place", "Result", "executors"]
