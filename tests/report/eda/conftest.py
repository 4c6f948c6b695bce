"""The same labelled data sets, measured."""

import pytest

from severstal.data.mask_statistics import MaskStatistics, mask_statistics


@pytest.fixture
def measured(labelled) -> MaskStatistics:
    """The statistics of the masks of `labelled`."""
    return mask_statistics(labelled.table, labelled.spec)


@pytest.fixture
def none_measured(clean) -> MaskStatistics:
    """The statistics of an empty table of masks."""
    return mask_statistics(clean.table, clean.spec)
