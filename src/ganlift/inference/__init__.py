"""Using what a run made: its classifier and its generators."""
