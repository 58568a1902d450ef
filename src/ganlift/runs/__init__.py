"""The run folder: layout, atomic files, lock, continuing."""
