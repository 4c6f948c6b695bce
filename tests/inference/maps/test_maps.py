import json
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import zoom

from severstal.competition.shapes import Shapes
from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.inference.maps import MapReader, MapWriter

SPEC = Spec("tiny", (4, 6), ("scratch", "hole"))
NAMES = ["e.jpg", "a.jpg", "d.jpg", "b.jpg", "c.jpg"]


def maps_of(names: list[str], spec: Spec = SPEC, scale: int = 1) -> np.ndarray:
    """Maps that tell the image: the same for the same name."""
    height, width = spec.image_shape
    shape = (len(spec.classes), height // scale, width // scale)
    planes = [np.random.default_rng(list(name.encode())).integers(0, 256, shape) for name in names]
    return np.stack(planes).astype(np.uint8)


def open_writer(folder: Path, key: str = "key", **settings) -> MapWriter:
    return MapWriter(folder, NAMES, SPEC, **{"scale": 1, "shard_images": 2, **settings}, key=key)


def write_all(folder: Path, key: str = "key", **settings) -> MapReader:
    writer = open_writer(folder, key, **settings)
    for shard, names in writer.missing_shards():
        writer.write(shard, maps_of(names, scale=writer.layout.scale))
    writer.close()
    return MapReader(folder)


def one_line(error: pytest.ExceptionInfo) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def test_maps_are_read_back_in_order(tmp_path):
    reader = write_all(tmp_path, run="night")
    assert reader.names == NAMES
    assert len(reader) == 5
    assert reader.spec == SPEC
    assert (reader.layout.run, reader.layout.key) == ("night", "key")
    for index, name in enumerate(NAMES):
        assert np.array_equal(reader[index], maps_of([name])[0])
        assert np.array_equal(reader.full(index), maps_of([name])[0])
    assert np.array_equal(reader[-1], reader[4])
    assert len(list(reader)) == 5
    reader.verify()


def test_manifest_and_shards_are_plain_files(tmp_path):
    write_all(tmp_path)
    manifest = json.loads((tmp_path / "maps.json").read_text())
    assert manifest["names"] == NAMES
    assert manifest["map_shape"] == [2, 4, 6]
    assert len(manifest["sha256"]) == 3
    shapes = [np.load(shard, allow_pickle=False).shape for shard in sorted(tmp_path.glob("maps-*.npy"))]
    assert shapes == [(2, 2, 4, 6), (2, 2, 4, 6), (1, 2, 4, 6)]
    assert not (tmp_path / "maps.part.json").exists()


def test_maps_cannot_be_written_through_the_reader(tmp_path):
    reader = write_all(tmp_path)
    with pytest.raises(ValueError, match="read-only"):
        reader[0][0, 0, 0] = 1


def test_a_killed_try_is_continued(tmp_path):
    first = open_writer(tmp_path)
    first.write(1, maps_of(NAMES[2:4]))
    (tmp_path / f".severstal-{'0' * 32}.part").write_bytes(b"half a shard")
    kept = (tmp_path / "maps-00001.npy").stat()
    with pytest.raises(SeverstalError, match="unfinished"):
        MapReader(tmp_path)

    second = open_writer(tmp_path)
    assert second.missing_shards() == [(0, NAMES[:2]), (2, NAMES[4:])]
    assert second.bytes_needed() == 3 * 2 * 4 * 6
    with pytest.raises(SeverstalError, match=r"maps-00000\.npy: missing"):
        second.close()
    for shard, names in second.missing_shards():
        second.write(shard, maps_of(names))
    second.close()
    assert (tmp_path / "maps-00001.npy").stat().st_ino == kept.st_ino

    unbroken = write_all(tmp_path / "unbroken")
    names = sorted(path.name for path in unbroken.folder.iterdir())
    parts = [f"{part}-{shard:05d}.npy" for part in ("classes", "maps") for shard in range(3)]
    assert names == [*parts, "maps.json"]
    assert all((tmp_path / name).read_bytes() == (unbroken.folder / name).read_bytes() for name in names)


def test_whole_maps_are_not_made_again(tmp_path):
    write_all(tmp_path)
    manifest = (tmp_path / "maps.json").read_bytes()
    writer = open_writer(tmp_path)
    assert writer.missing_shards() == []
    writer.close()
    assert (tmp_path / "maps.json").read_bytes() == manifest


def test_maps_that_are_continued_are_unfinished_until_closed(tmp_path):
    write_all(tmp_path)
    (tmp_path / "maps-00001.npy").unlink()
    writer = open_writer(tmp_path)
    writer.write(1, maps_of(NAMES[2:4]))
    with pytest.raises(SeverstalError, match="unfinished"):
        MapReader(tmp_path)
    writer.close()
    MapReader(tmp_path).verify()


def test_each_map_is_in_one_piece(tmp_path):
    writer = open_writer(tmp_path, shard_images=5)
    writer.write(0, np.asfortranarray(maps_of(NAMES)))
    writer.close()
    assert MapReader(tmp_path)[2].flags.c_contiguous


def test_a_shard_cut_short_is_missing_to_the_writer(tmp_path):
    write_all(tmp_path)
    shard = tmp_path / "maps-00001.npy"
    shard.write_bytes(shard.read_bytes()[:-1])
    assert [index for index, _ in open_writer(tmp_path).missing_shards()] == [1]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("change", [{"key": "other"}, {"scale": 2}, {"shard_images": 3}])
def test_maps_made_otherwise_are_cleared(tmp_path, change, whole):
    if whole:
        write_all(tmp_path)
    else:
        open_writer(tmp_path).write(0, maps_of(NAMES[:2]))
    writer = open_writer(tmp_path, **change)
    assert [index for index, _ in writer.missing_shards()] == list(writer.layout.shards)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["maps.part.json"]


def test_half_resolution_is_read_in_full(tmp_path):
    reader = write_all(tmp_path, scale=2)
    assert reader[3].shape == (2, 2, 3)
    small = maps_of(["b.jpg"], scale=2)[0]
    assert np.array_equal(reader[3], small)
    full = reader.full(3)
    assert full.shape == (2, 4, 6)
    assert full.dtype == np.uint8
    wanted = [zoom(plane.astype(float), 2, order=1, mode="nearest", grid_mode=True) for plane in small]
    assert np.abs(full - np.stack(wanted)).max() <= 1


@given(st.integers(1, 9), st.integers(1, 10))
@settings(max_examples=10, deadline=None)
def test_any_number_of_images_and_shards(tmp_path_factory, images, shard_images):
    names = [f"{index}.jpg" for index in range(images)]
    writer = MapWriter(tmp_path_factory.mktemp("maps"), names, SPEC, 1, "key", shard_images)
    assert [name for _, some in writer.missing_shards() for name in some] == names
    for shard, some in writer.missing_shards():
        writer.write(shard, maps_of(some))
    writer.close()
    assert np.array_equal(np.stack(list(MapReader(writer.folder))), maps_of(names))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scale": 0}, "scale is 0: choose 1"),
        ({"shard_images": 0}, "shard_images is 0"),
        ({"names": ["a.jpg", "b.jpg", "a.jpg"]}, "a.jpg is named twice"),
        ({"names": []}, "no image"),
    ],
)
def test_impossible_settings(tmp_path, settings, message):
    usual = {"names": NAMES, "spec": SPEC, "scale": 1, "key": "key"}
    with pytest.raises(SeverstalError, match=message) as error:
        MapWriter(tmp_path / "maps", **{**usual, **settings})
    one_line(error)
    assert not (tmp_path / "maps").exists()


def test_disk_too_small(tmp_path, monkeypatch):
    disk = namedtuple("disk", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: disk(500, 260, 5 * 48))
    writer = open_writer(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: disk(500, 261, 5 * 48 - 1))
    with pytest.raises(SeverstalError, match=r"to be written and .* GB are free") as error:
        open_writer(tmp_path)
    assert "half resolution" in one_line(error)
    writer.write(0, maps_of(NAMES[:2]))  # what is there need not fit again
    assert open_writer(tmp_path).bytes_needed() == 3 * 48


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "maps").touch()
    with pytest.raises(SeverstalError, match="maps: File exists"):
        open_writer(tmp_path / "maps")


@pytest.mark.parametrize(
    "maps",
    [np.zeros((1, 2, 4, 6), np.uint8), np.zeros((2, 2, 6, 4), np.uint8), np.full((2, 2, 4, 6), np.nan)],
)
def test_a_shard_of_another_shape_or_type(tmp_path, maps):
    writer = open_writer(tmp_path)
    with pytest.raises(ValueError, match="shard 0 is"):
        writer.write(0, maps)
    assert len(writer.missing_shards()) == 3


def test_altered_shard(tmp_path):
    write_all(tmp_path)
    shard = tmp_path / "maps-00001.npy"
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    shard.write_bytes(content)
    reader = MapReader(tmp_path)
    assert np.array_equal(reader[1], maps_of(["a.jpg"])[0])
    for read in (lambda: reader[2], lambda: reader.full(3), reader.verify):
        with pytest.raises(SeverstalError, match=r"maps-00001\.npy: altered .* delete it") as error:
            read()
        one_line(error)


def overwrite(path: Path, content: np.ndarray | bytes) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content, allow_pickle=True)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (Path.unlink, "missing"),
        (lambda path: overwrite(path, path.read_bytes()[:-1]), "cut short"),
        (lambda path: overwrite(path, b""), "cut short"),
        (lambda path: overwrite(path, b"not an array"), "cut short, or not"),
        (lambda path: overwrite(path, np.array([{"a": 1}], object)), "cut short, or not"),
        (lambda path: overwrite(path, np.zeros((2, 1, 4, 6), np.uint8)), r"\(2, 1, 4, 6\) of uint8 in place"),
        (lambda path: overwrite(path, np.zeros((2, 2, 4, 6), np.int8)), "of int8 in place"),
    ],
)
def test_damaged_shard(tmp_path, damage, message):
    write_all(tmp_path)
    damage(tmp_path / "maps-00001.npy")
    with pytest.raises(SeverstalError, match=rf"maps-00001\.npy: .*{message}.* again") as error:
        MapReader(tmp_path)
    one_line(error)
    assert [index for index, _ in open_writer(tmp_path).missing_shards()] == [1]


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: [],
        lambda manifest: {**manifest, "sha256": manifest["sha256"][:-1]},
        lambda manifest: {**manifest, "sha256": None},
        lambda manifest: {**manifest, "classes": ["hole"]},
        lambda manifest: {**manifest, "shard_images": 0},
        lambda manifest: {key: value for key, value in manifest.items() if key != "names"},
    ],
)
def test_damaged_manifest(tmp_path, change):
    write_all(tmp_path)
    path = tmp_path / "maps.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(SeverstalError, match=r"maps\.json: not a manifest") as error:
        MapReader(tmp_path)
    one_line(error)


def test_no_maps(tmp_path):
    with pytest.raises(SeverstalError, match=r"maps\.json: not there"):
        MapReader(tmp_path)
    (tmp_path / "maps.json").write_text("{")
    with pytest.raises(SeverstalError, match="not JSON"):
        MapReader(tmp_path)


def test_maps_of_another_data_set(tmp_path):
    reader = write_all(tmp_path)
    reader.require(Spec("renamed", SPEC.image_shape, SPEC.classes))
    for other in (Spec("tiny", (4, 6), ("hole", "scratch")), Spec("tiny", (6, 4), SPEC.classes)):
        with pytest.raises(
            SeverstalError, match="maps are of 4 x 6 pictures of scratch, hole, not of"
        ) as error:
            reader.require(other)
        one_line(error)


def test_no_such_image(tmp_path):
    reader = write_all(tmp_path)
    with pytest.raises(IndexError):
        reader[5]


def test_class_probabilities_are_kept_or_else_the_highest_of_the_map(tmp_path):
    given = np.uint8([[3, 200], [5, 6], [7, 8], [9, 10], [255, 0]])
    writer = open_writer(tmp_path / "given")
    for shard, names in writer.missing_shards():
        writer.write(shard, maps_of(names), given[2 * shard : 2 * shard + len(names)])
    writer.close()
    assert np.array_equal(MapReader(writer.folder).class_probability, given)
    highest = [maps_of([name])[0].max((1, 2)) for name in NAMES]
    assert np.array_equal(write_all(tmp_path / "highest").class_probability, highest)


@pytest.mark.parametrize("wrong", [np.zeros((2, 3), np.uint8), np.full((2, 2), np.nan)])
def test_class_probabilities_of_another_shape_or_type(tmp_path, wrong):
    writer = open_writer(tmp_path)
    with pytest.raises(ValueError, match="shard 0 is"):
        writer.write(0, maps_of(NAMES[:2]), wrong)
    assert len(writer.missing_shards()) == 3


def test_altered_class_probabilities(tmp_path):
    write_all(tmp_path)
    np.save(tmp_path / "classes-00001.npy", np.zeros((2, 2), np.uint8))
    with pytest.raises(SeverstalError, match=r"classes-00001\.npy: altered .* delete it") as error:
        MapReader(tmp_path)
    one_line(error)


def test_missing_class_probabilities(tmp_path):
    write_all(tmp_path)
    (tmp_path / "classes-00001.npy").unlink()
    with pytest.raises(SeverstalError, match=r"classes-00001\.npy: missing"):
        MapReader(tmp_path)
    assert [index for index, _ in open_writer(tmp_path).missing_shards()] == [1]


OWN = {"e.jpg": (4, 6), "a.jpg": (1, 50), "d.jpg": (33, 5), "b.jpg": (4, 6), "c.jpg": (2, 2)}


def own_maps(name: str, scale: int = 1) -> np.ndarray:
    shape = (2, *(-(-side // scale) for side in OWN[name]))
    return np.random.default_rng(list(name.encode())).integers(0, 256, shape).astype(np.uint8)


def write_own(folder: Path, shapes: dict = OWN, scale: int = 1, only: int | None = None) -> MapWriter:
    spec = Spec("tiny", None, ("scratch", "hole"), Shapes(known=shapes))
    writer = MapWriter(folder, NAMES, spec, scale, "key", shard_images=2)
    for shard, names in writer.missing_shards():
        if only in (None, shard):
            writer.write(shard, np.concatenate([own_maps(name, scale).ravel() for name in names]))
    return writer


@pytest.mark.parametrize("scale", [1, 2])
def test_maps_of_many_sizes_are_read_back_in_each_picture_s_frame(tmp_path, scale):
    write_own(tmp_path, scale=scale).close()
    reader = MapReader(tmp_path)
    for index, name in enumerate(NAMES):
        assert np.array_equal(reader[index], own_maps(name, scale))
        assert reader.full(index).shape == (2, *OWN[name])
        assert np.array_equal(reader.class_probability[index], own_maps(name, scale).max((1, 2)))
        assert reader.spec.shape_of(name) == OWN[name]
    reader.verify()
    manifest = json.loads((tmp_path / "maps.json").read_text())
    assert manifest["shapes"] == [list(OWN[name]) for name in NAMES]


def test_a_killed_try_of_many_sizes_is_continued(tmp_path):
    write_own(tmp_path, only=1)
    kept = (tmp_path / "maps-00001.npy").stat().st_mtime_ns
    writer = write_own(tmp_path)
    writer.close()
    assert (tmp_path / "maps-00001.npy").stat().st_mtime_ns == kept
    assert all(np.array_equal(MapReader(tmp_path)[i], own_maps(name)) for i, name in enumerate(NAMES))


def test_maps_of_another_size_are_made_again_or_refused(tmp_path):
    write_own(tmp_path).close()
    reader, now = MapReader(tmp_path), OWN | {"d.jpg": (30, 5)}
    reader.require(Spec("tiny", None, ("scratch", "hole"), Shapes(known=OWN)))
    with pytest.raises(
        SeverstalError, match=r"the map of d\.jpg is of a picture of 33 x 5, which is 30 x 5 now"
    ):
        reader.require(Spec("tiny", None, ("scratch", "hole"), Shapes(known=now)))
    with pytest.raises(
        SeverstalError, match="of pictures of their own sizes of scratch, hole, not of 4 x 6 pic"
    ):
        reader.require(SPEC)
    spec = Spec("tiny", None, ("scratch", "hole"), Shapes(known=now))
    assert len(MapWriter(tmp_path, NAMES, spec, 1, "key", shard_images=2).missing_shards()) == 3


def test_shards_of_large_pictures_hold_fewer(tmp_path):
    shapes = {"a.jpg": (9000, 9000), "b.jpg": (10, 10), "c.jpg": (10, 10)}
    spec = Spec("tiny", None, ("scratch", "hole"), Shapes(known=shapes))
    assert MapWriter(tmp_path, list(shapes), spec, 2, "key").layout.shard_images == 1
    small = {name: (10, 10) for name in shapes}
    spec = Spec("tiny", None, ("scratch", "hole"), Shapes(known=small))
    assert MapWriter(tmp_path, list(shapes), spec, 2, "key").layout.shard_images == 64
