"""Summaries: against masks drawn at every level."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from severstal.competition.masks import Masks
from severstal.competition.rle import encode
from severstal.competition.spec import Spec
from severstal.decision.summary import Summary, summarise
from severstal.errors import SeverstalError

SPEC = Spec("tiny", (4, 6), ("scratch", "hole"))


def check(summary: Summary, maps: np.ndarray, bits: np.ndarray) -> None:
    """Compare with masks drawn at every level. `maps` (N, C, H, W), `bits` (N, H, W)."""
    classes = np.arange(maps.shape[1])
    truth = (bits[:, None] >> classes[:, None, None]) & 1 == 1  # (N, C, H, W)
    assert np.array_equal(summary.true, truth.sum(axis=(2, 3)))
    for value in range(256):
        drawn = maps >= value
        assert np.array_equal(summary.areas[:, :, value], drawn.sum(axis=(2, 3)))
        assert np.array_equal(summary.intersections[:, :, value], (drawn & truth).sum(axis=(2, 3)))


def as_truth(bits: np.ndarray) -> dict[str, np.ndarray]:
    return {f"{index}.jpg": picture for index, picture in enumerate(bits)}


@given(st.data(), st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_areas_are_those_of_masks_drawn_at_every_level(store, data, images):
    maps = data.draw(arrays.arrays(np.uint8, (images, 2, 4, 6)))
    bits = data.draw(arrays.arrays(np.uint8, (images, 4, 6), elements=st.integers(0, 3)))
    summary = summarise(store(maps), as_truth(bits), SPEC)
    assert summary.names == tuple(f"{index}.jpg" for index in range(images))
    assert (summary.areas.dtype, summary.intersections.dtype, summary.true.dtype) == (np.int32,) * 3
    check(summary, maps, bits)


def test_half_resolution_is_summarised_as_it_is_drawn(store):
    rng = np.random.default_rng(1)
    reader = store(rng.integers(0, 256, (3, 2, 2, 3), dtype=np.uint8), scale=2)
    bits = rng.integers(0, 4, (3, 4, 6), dtype=np.uint8)
    check(summarise(reader, as_truth(bits), SPEC), np.stack([reader.full(index) for index in range(3)]), bits)


def test_sixteen_classes(store):
    rng = np.random.default_rng(2)
    spec = Spec("many", (4, 6), tuple(f"class {index}" for index in range(16)))
    maps = rng.integers(0, 256, (2, 16, 4, 6), dtype=np.uint8)
    bits = rng.integers(0, 2**16, (2, 4, 6), dtype=np.uint16)
    check(summarise(store(maps, spec), as_truth(bits), spec), maps, bits)


def test_truth_from_a_table(store):
    rng = np.random.default_rng(3)
    maps = rng.integers(0, 256, (2, 2, 4, 6), dtype=np.uint8)
    mask = rng.integers(0, 2, (4, 6), dtype=np.uint8)
    table = pd.DataFrame({"ImageId": ["1.jpg"], "ClassId": [2], "EncodedPixels": [encode(mask)]})
    summary = summarise(store(maps), Masks(table, SPEC), SPEC)
    check(summary, maps, np.stack([np.zeros_like(mask), 2 * mask]))


def test_some_images_in_another_order(store):
    rng = np.random.default_rng(4)
    maps = rng.integers(0, 256, (5, 2, 4, 6), dtype=np.uint8)
    bits = rng.integers(0, 4, (5, 4, 6), dtype=np.uint8)
    summary = summarise(store(maps), as_truth(bits), SPEC, names=["3.jpg", "0.jpg"])
    assert summary.names == ("3.jpg", "0.jpg")
    check(summary, maps[[3, 0]], bits[[3, 0]])


@pytest.mark.parametrize(
    ("spec", "names", "message"),
    [
        (SPEC, ["0.jpg", "9.jpg"], "image 9.jpg has no map"),
        (SPEC, [], "no image to summarise"),
        (SPEC, ["0.jpg", "0.jpg"], "image 0.jpg is named twice"),
        (Spec("tiny", (4, 6), ("scratch",)), None, "predict them again"),
    ],
)
def test_maps_that_do_not_suit(store, spec, names, message):
    reader = store(np.zeros((1, 2, 4, 6), np.uint8))
    with pytest.raises(SeverstalError, match=message) as error:
        summarise(reader, as_truth(np.zeros((1, 4, 6), np.uint8)), spec, names)
    assert "\n" not in str(error.value)


def test_a_summary_survives_the_disk(store, tmp_path):
    rng = np.random.default_rng(5)
    maps = rng.integers(0, 256, (3, 2, 4, 6), dtype=np.uint8)
    bits = rng.integers(0, 4, (3, 4, 6), dtype=np.uint8)
    summary = summarise(store(maps), as_truth(bits), SPEC)
    summary.save(tmp_path / "summary.npz")
    again = Summary.load(tmp_path / "summary.npz")
    assert (again.names, again.spec) == (summary.names, summary.spec)
    assert np.array_equal(again.class_probability, summary.class_probability)
    check(again, maps, bits)


def test_without_a_class_head_the_highest_value_is_the_class_probability(store):
    rng = np.random.default_rng(6)
    maps = (rng.integers(0, 256, (4, 2, 4, 6)) * rng.integers(0, 2, (4, 2, 1, 1))).astype(np.uint8)
    summary = summarise(store(maps), as_truth(np.zeros((4, 4, 6), np.uint8)), SPEC)
    assert summary.class_probability.dtype == np.uint8
    assert np.array_equal(summary.class_probability, maps.max(axis=(2, 3)))


def test_class_probabilities_are_kept_by_image(store):
    probability = np.random.default_rng(7).integers(0, 256, (3, 2), np.uint8)
    reader = store(np.zeros((3, 2, 4, 6), np.uint8), probability=probability)
    truth = as_truth(np.zeros((3, 4, 6), np.uint8))
    assert np.array_equal(summarise(reader, truth, SPEC).class_probability, probability)
    some = summarise(reader, truth, SPEC, ["2.jpg", "0.jpg"])
    assert np.array_equal(some.class_probability, probability[[2, 0]])


@pytest.mark.parametrize("rows", [np.array([4, 0]), np.array([True, False, False, False, True])])
def test_a_part_is_the_summary_of_that_part(store, rows):
    rng = np.random.default_rng(8)
    maps = rng.integers(0, 256, (5, 2, 4, 6), dtype=np.uint8)
    truth = as_truth(rng.integers(0, 4, (5, 4, 6), dtype=np.uint8))
    whole = summarise(store(maps), truth, SPEC)
    part, names = whole.take(rows), [whole.names[row] for row in np.arange(5)[rows]]
    direct = summarise(store(maps), truth, SPEC, names)
    assert part.names == direct.names
    assert len(part) == 2
    for name in ("areas", "intersections", "true", "class_probability"):
        assert np.array_equal(getattr(part, name), getattr(direct, name))
    assert whole.rows(names).tolist() == np.arange(5)[rows].tolist()


@pytest.mark.parametrize(
    ("names", "message"), [(["9.jpg"], "image 9.jpg has no map"), (["0.jpg"] * 2, "0.jpg is named twice")]
)
def test_images_that_a_summary_lacks(store, names, message):
    summary = summarise(
        store(np.zeros((1, 2, 4, 6), np.uint8)), as_truth(np.zeros((1, 4, 6), np.uint8)), SPEC
    )
    with pytest.raises(SeverstalError, match=message) as error:
        summary.rows(names)
    assert "\n" not in str(error.value)


def test_a_summary_of_the_first_edition(tmp_path):
    path, counts = tmp_path / "summary.npz", np.zeros((1, 1, 256), np.int32)
    header = {"names": ["a.jpg"], "dataset": "one", "image_shape": [4, 6], "classes": ["hole"]}
    true = np.zeros((1, 1), np.int32)
    np.savez(path, header=np.array(json.dumps(header)), areas=counts, intersections=counts, true=true)
    with pytest.raises(
        SeverstalError, match=r"summary\.npz: a summary .* an incompatible version .*: delete it"
    ) as error:
        Summary.load(path)
    assert "\n" not in str(error.value)


def test_damaged_summaries(store, tmp_path):
    path = tmp_path / "summary.npz"
    with pytest.raises(SeverstalError, match="not there"):
        Summary.load(path)
    maps, bits = np.zeros((2, 2, 4, 6), np.uint8), np.zeros((2, 4, 6), np.uint8)
    summarise(store(maps), as_truth(bits), SPEC).save(path)
    whole = path.read_bytes()
    altered = bytearray(whole)
    altered[len(whole) // 2] ^= 1
    np.savez(tmp_path / "pickled.npz", header=np.array([{}], object))
    np.savez(tmp_path / "list.npz", header=np.array("[]"))
    others = [(tmp_path / f"{name}.npz").read_bytes() for name in ("pickled", "list")]
    for content in (b"", whole[:-50], altered, b"text", *others):
        path.write_bytes(content)
        with pytest.raises(SeverstalError, match=r"summary\.npz: not a whole summary") as error:
            Summary.load(path)
        assert "\n" not in str(error.value)
