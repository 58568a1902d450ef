"""A strategy, a generator and a classifier for ganlift, from outside."""
