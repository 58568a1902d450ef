"""What is measured of classifiers and of generated images."""
