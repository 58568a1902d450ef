"""Small modules that several models share."""
