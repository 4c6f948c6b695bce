"""Components by bands are those of the whole plane, as SciPy labels them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from severstal.deploy.tiles.components import label_plane


@settings(deadline=None, max_examples=150)
@given(
    length=st.integers(1, 30),
    breadth=st.integers(1, 12),
    band=st.integers(1, 12),
    share=st.sampled_from([0.0, 0.3, 0.5, 0.7, 1.0]),
    connectivity=st.sampled_from([4, 8]),
    seed=st.integers(0, 99),
)
def test_bands_change_nothing(length, breadth, band, share, connectivity, seed) -> None:
    bits = np.random.default_rng(seed).random((length, breadth)) < share
    around = ndimage.generate_binary_structure(2, 1 if connectivity == 4 else 2)
    labels, count = ndimage.label(bits, around)
    found = label_plane(bits.__getitem__, length, band, connectivity)
    expected = []
    for label, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
        box = [rows.start, columns.start, rows.stop - 1, columns.stop - 1]
        expected.append((*box, int((labels == label).sum())))
    assert len(found) == count
    assert sorted((*box, area) for box, area in zip(found.boxes.tolist(), found.area, strict=True)) == sorted(
        expected
    )

    large = found.area > 3
    kept = np.concatenate(
        [found.select(bits.__getitem__, number, large) for number in range(len(found.bounds) - 1)]
    )
    sizes = np.append(0, ndimage.sum_labels(bits, labels, range(1, count + 1)))
    assert np.array_equal(kept, (sizes > 3)[labels])

    numbers = np.concatenate(
        [found.numbers(bits.__getitem__, number) for number in range(len(found.bounds) - 1)]
    )
    assert np.array_equal(numbers < 0, ~bits)
    assert np.array_equal(np.bincount(numbers[bits], minlength=count), found.area)
