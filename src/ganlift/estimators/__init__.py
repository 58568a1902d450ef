"""Classifier and generator behind scikit-learn's contract: the constructor stores, ``fit`` checks and trains."""

from ganlift.estimators.classifier import GanLiftClassifier
from ganlift.estimators.generator import GanLiftGenerator

__all__ = ["GanLiftClassifier", "GanLiftGenerator"]
