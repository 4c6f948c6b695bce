"""The labelled data set with out-of-fold maps."""

from fixtures.predicted import every, predicted, second

__all__ = ["every", "predicted", "second"]
