"""The scorecard of made-up maps."""

from fixtures.scorecards import card, fitted, folds, judged, random_pairs, summary

__all__ = ["card", "fitted", "folds", "judged", "random_pairs", "summary"]
