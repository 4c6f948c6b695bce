"""Near-duplicate pictures: found by a perceptual hash, proved by their pixels, their labels compared."""

from severstal.data.duplicates.find import duplicate_groups, find_duplicates
from severstal.data.duplicates.labels import compare_labels
from severstal.data.duplicates.table import load_pairs, save_pairs

__all__ = ["compare_labels", "duplicate_groups", "find_duplicates", "load_pairs", "save_pairs"]
