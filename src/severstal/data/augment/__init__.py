"""Training crops: sampled from a picture and its mask, and augmented."""

from severstal.data.augment.augment import Augment
from severstal.data.augment.donors import Donors

__all__ = ["Augment", "Donors"]
