"""The same labelled data sets, measured."""

import pytest

from severstal.data.mask_statistics import MaskStatistics, mask_statistics


@pytest.fixture
def measured(labelled) -> MaskStatistics:
    """What the masks of `labelled` measure."""
    return mask_statistics(labelled.table, labelled.spec)


@pytest.fixture
def none_measured(clean) -> MaskStatistics:
    """What no mask measures."""
    return mask_statistics(clean.table, clean.spec)
