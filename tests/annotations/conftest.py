"""A small data set that is not square, has holes, touching corners, an overlap and a clean picture."""

import numpy as np
import pandas as pd
import pytest

from severstal.annotations.labels import LabelSet
from severstal.annotations.target import Target
from severstal.competition.rle import encode
from severstal.competition.spec import Spec
from severstal.errors import SeverstalError

TINY = Spec("tiny", (6, 9), ("hole", "long crack", "öl & <rust>"))


def make_labels(masks, images=("a.jpg", "b.png", "clean.jpg")):
    """Labels of masks by image and `ClassId`, the empty ones left out."""
    rows = [(image, k, encode(mask)) for (image, k), mask in masks.items() if mask.any()]
    table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
    return LabelSet(
        table.astype({"ImageId": "str", "ClassId": np.int64, "EncodedPixels": "str"}), images, TINY
    )


@pytest.fixture(name="make_labels", scope="session")
def make_labels_fixture():
    return make_labels


@pytest.fixture
def labels():
    ring = np.zeros((6, 9), bool)
    ring[1:5, 1:6] = True
    ring[2:4, 2:4] = ring[3, 4] = False
    corners = np.zeros((6, 9), bool)
    corners[0, 8] = corners[1, 7] = corners[5, 0] = True
    return make_labels({("a.jpg", 1): ring, ("a.jpg", 3): corners, ("b.png", 2): np.ones((6, 9), bool)})


@pytest.fixture
def target(labels):
    return Target(labels.images, TINY)


@pytest.fixture
def fault():
    """Calls a function, and gives the one line that it fails with."""

    def run(function, *args):
        with pytest.raises(SeverstalError) as caught:
            function(*args)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return run
