"""Near-duplicate pictures: found by a perceptual hash, verified by their pixels, their labels compared."""

from severstal.data.duplicates.across import (
    copied_pictures,
    held_out_copies,
    lookup_table,
    symmetric_pairs,
)
from severstal.data.duplicates.find import find_duplicates
from severstal.data.duplicates.groups import duplicate_groups, fold_groups
from severstal.data.duplicates.labels import compare_labels
from severstal.data.duplicates.leaks import describe_leaks, leaking_pairs
from severstal.data.duplicates.table import load_pairs, save_pairs

__all__ = [
    "compare_labels",
    "copied_pictures",
    "describe_leaks",
    "duplicate_groups",
    "find_duplicates",
    "fold_groups",
    "held_out_copies",
    "leaking_pairs",
    "load_pairs",
    "lookup_table",
    "save_pairs",
    "symmetric_pairs",
]
