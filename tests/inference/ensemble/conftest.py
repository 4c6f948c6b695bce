"""The maps of two runs."""

from fixtures.labelled import labelled
from fixtures.predicted import predicted, second

__all__ = ["labelled", "predicted", "second"]
