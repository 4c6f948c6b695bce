"""Training crops: drawn from a picture and its mask, and changed as steel, rolls and cameras change."""

from severstal.data.augment.augment import Augment
from severstal.data.augment.donors import Donors

__all__ = ["Augment", "Donors"]
