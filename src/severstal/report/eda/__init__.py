"""Figures of the labels and the pictures of a data set: `from severstal.report import eda`."""

from severstal.report.eda.areas import area_distributions, masks_lost
from severstal.report.eda.ceiling import dice_lost
from severstal.report.eda.components import component_shapes
from severstal.report.eda.counts import class_combinations, class_counts
from severstal.report.eda.gallery import duplicate_gallery, examples, random_examples, several_classes
from severstal.report.eda.pictures import brightness_and_black
from severstal.report.eda.places import class_places
from severstal.report.eda.score import score_arithmetic
from severstal.report.eda.shift import feature_shift
from severstal.report.eda.showcase import class_showcase

__all__ = [
    "area_distributions",
    "brightness_and_black",
    "class_combinations",
    "class_counts",
    "class_places",
    "class_showcase",
    "component_shapes",
    "dice_lost",
    "duplicate_gallery",
    "examples",
    "feature_shift",
    "masks_lost",
    "random_examples",
    "score_arithmetic",
    "several_classes",
]
