"""An ensemble is read like a run's maps; runs that may not be averaged are refused with the reason."""

from pathlib import Path

import numpy as np
import pytest

from severstal.competition.shapes import Shapes
from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.inference.ensemble import Combiner, EnsembleReader
from severstal.inference.maps import MapReader, MapWriter, enlarge

SPEC = Spec("tiny", (8, 12), ("scratch", "hole"))
NAMES = ["a.jpg", "b.jpg", "c.jpg"]
ORIGIN = {"pictures": "p", "folds": "f"}
PLAIN = Combiner("mean", (1, 1))


def maps_of(name: str, seed: int, spec: Spec = SPEC, scale: int = 1) -> np.ndarray:
    shape = (len(spec.classes), spec.image_shape[0] // scale, spec.image_shape[1] // scale)
    return np.random.default_rng([seed, *name.encode()]).integers(0, 256, shape).astype(np.uint8)


def write(folder: Path, seed: int, names=NAMES, spec=SPEC, scale=1, origin=ORIGIN) -> MapReader:
    writer = MapWriter(folder, names, spec, scale, f"key {seed}", 2, folder.name, origin)
    for shard, some in writer.missing_shards():
        maps = np.stack([maps_of(name, seed, spec, scale) for name in some])
        writer.write(shard, maps, maps[:, :, 0, 0])
    writer.close()
    return MapReader(folder)


def test_maps_and_class_probabilities_are_combined_by_name(tmp_path) -> None:
    first, second = write(tmp_path / "a", 1), write(tmp_path / "b", 2, NAMES[::-1])
    both = EnsembleReader([first, second], PLAIN)
    assert both.names == NAMES
    assert len(both) == len(list(both)) == 3
    for index, name in enumerate(NAMES):
        exact = (maps_of(name, 1).astype(float) + maps_of(name, 2)) / 2
        assert np.abs(both[index] - exact).max() <= 0.5
        assert np.array_equal(both.full(index), both[index])
        assert np.abs(both.class_probability[index] - exact[:, 0, 0]).max() <= 0.5
    assert np.array_equal(both[-1], both[2])
    with pytest.raises(IndexError):
        both[3]


def test_members_of_different_resolution_meet_in_full(tmp_path) -> None:
    first, second = write(tmp_path / "a", 1), write(tmp_path / "b", 2, scale=2)
    both = EnsembleReader([first, second], PLAIN)
    exact = (first[0].astype(float) + enlarge(second[0], SPEC.image_shape)) / 2
    assert np.abs(both[0] - exact).max() <= 0.5
    halves = EnsembleReader([second, write(tmp_path / "c", 3, scale=2)], PLAIN)
    assert halves[0].shape == (2, 4, 6)
    assert halves.full(0).shape == (2, 8, 12)


def test_the_key_tells_members_and_weights(tmp_path) -> None:
    first, second = write(tmp_path / "a", 1), write(tmp_path / "b", 2)
    keys = [
        EnsembleReader(members, combiner).layout.key
        for members, combiner in (
            ([first, second], PLAIN),
            ([first, second], Combiner("logit", (1, 1))),
            ([first, second], Combiner("mean", (1, 2))),
            ([second, first], PLAIN),
        )
    ]
    assert len(set(keys)) == 4
    assert EnsembleReader([first, second], Combiner("mean", (2, 2))).layout.key == keys[0]


def test_maps_out_of_fold_are_averaged_by_weights_selected_without_their_fold(tmp_path) -> None:
    first, second = write(tmp_path / "a", 1), write(tmp_path / "b", 2)
    combiner = Combiner("mean", (1, 1), fold_weights={0: (1, 0), 1: (0, 1)})
    folds = {"a.jpg": 0, "b.jpg": 1, "c.jpg": 0}
    oof = EnsembleReader([first, second], combiner, folds)
    for index, name in enumerate(NAMES):
        seed = 1 + folds[name]
        assert np.array_equal(oof[index], maps_of(name, seed))
        assert np.array_equal(oof.class_probability[index], maps_of(name, seed)[:, 0, 0])
    test = EnsembleReader([first, second], combiner)
    plain = EnsembleReader([first, second], PLAIN)
    assert np.array_equal(test[0], plain[0])
    assert np.array_equal(test.class_probability, plain.class_probability)
    # Maps that differ have other keys; those of equal weights keep theirs.
    assert oof.layout.key not in (test.layout.key, plain.layout.key)
    assert EnsembleReader([first, second], PLAIN, folds).layout.key == plain.layout.key
    with pytest.raises(ValueError, match=r"c\.jpg has no fold"):
        EnsembleReader([first, second], combiner, {"a.jpg": 0, "b.jpg": 1})


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"names": NAMES[:2]}, r"b: has no map of c\.jpg, which .*a has \(1 such"),
        ({"names": [*NAMES, "d.jpg"]}, r"a: has no map of d\.jpg, which .*b has"),
        (
            {"spec": Spec("tiny", (8, 12), ("hole", "scratch"))},
            "maps are of 8 x 12 pictures of hole, scratch",
        ),
        ({"origin": {"pictures": "q", "folds": "f"}}, "other pictures than those of .*same input"),
        ({"origin": {"pictures": "p", "folds": "g"}}, "other folds than those of .*same seed"),
        ({"origin": {"pictures": "p"}}, "other folds"),
    ],
)
def test_what_may_not_be_averaged(tmp_path, other, message) -> None:
    first, second = write(tmp_path / "a", 1), write(tmp_path / "b", 2, **other)
    with pytest.raises(SeverstalError, match=message) as error:
        EnsembleReader([first, second], PLAIN)
    assert "\n" not in str(error.value)


def test_members_of_many_sizes_meet_in_each_picture_s_frame(tmp_path) -> None:
    known = {"a.jpg": (8, 12), "b.jpg": (3, 5), "c.jpg": (1, 9)}
    spec = Spec("tiny", None, SPEC.classes, Shapes(known=known))
    readers, exact = [], {}
    for seed, scale in ((1, 1), (2, 2)):
        writer = MapWriter(tmp_path / str(seed), NAMES, spec, scale, f"key {seed}", 2, "run", ORIGIN)
        for shard, some in writer.missing_shards():
            maps = {
                name: maps_of(name, seed, Spec("s", tuple(-(-s // scale) for s in known[name]), SPEC.classes))
                for name in some
            }
            for name, each in maps.items():
                exact.setdefault(name, []).append(enlarge(each, known[name]).astype(float))
            writer.write(shard, np.concatenate([each.ravel() for each in maps.values()]))
        writer.close()
        readers.append(MapReader(writer.folder))
    both = EnsembleReader(readers, PLAIN)
    for index, name in enumerate(NAMES):
        assert np.abs(both[index] - np.mean(exact[name], axis=0)).max() <= 0.5
        assert both.full(index).shape == (2, *known[name])
    with pytest.raises(SeverstalError, match=r"the maps are of .*, not of .*: predict them again") as caught:
        EnsembleReader([write(tmp_path / "one", 3), readers[0]], PLAIN)
    assert "8 x 12 pictures" in str(caught.value)
    assert "pictures of their own sizes" in str(caught.value)
