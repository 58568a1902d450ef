"""A comparison: plan, jobs and where they run, search, rows, the winner."""
