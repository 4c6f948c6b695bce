"""Shards that were altered, or that no record knows, are written again and never signed as they lie there."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.inference.maps import MapReader, MapWriter

SPEC = Spec("tiny", (4, 6), ("scratch", "hole"))
NAMES = ["e.jpg", "a.jpg", "d.jpg", "b.jpg", "c.jpg"]


def maps_of(names: list[str]) -> np.ndarray:
    """Maps that tell the image: the same for the same name."""
    planes = [np.random.default_rng(list(name.encode())).integers(1, 256, (2, 4, 6)) for name in names]
    return np.stack(planes).astype(np.uint8)


def open_writer(folder: Path) -> MapWriter:
    return MapWriter(folder, NAMES, SPEC, 1, "key", shard_images=2)


def write_missing(writer: MapWriter) -> None:
    for shard, names in writer.missing_shards():
        writer.write(shard, maps_of(names))


def write_all(folder: Path) -> MapReader:
    writer = open_writer(folder)
    write_missing(writer)
    writer.close()
    return MapReader(folder)


def alter(path: Path) -> None:
    """Set a shard to 0, its shape and type as they were."""
    array = np.load(path)
    array[:] = 0
    np.save(path, array)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("part", ["maps", "classes"])
def test_an_altered_shard_is_written_again_and_named(tmp_path, caplog, part, whole):
    if whole:
        write_all(tmp_path)
    else:  # a killed try, which goes on
        writer = open_writer(tmp_path)
        for shard in (0, 1):
            writer.write(shard, maps_of(writer.layout.shard_names(shard)))
    altered = tmp_path / f"{part}-00001.npy"
    alter(altered)
    kept = (tmp_path / "maps-00000.npy").stat().st_ino

    assert 1 in dict(open_writer(tmp_path).missing_shards())
    assert caplog.messages == [f"{altered}: altered since it was written: its images are predicted again"]
    with pytest.raises(SeverstalError, match="unfinished"):
        MapReader(tmp_path)
    again = write_all(tmp_path)  # after a kill in which nothing was written
    again.verify()
    assert np.array_equal(np.stack(list(again)), maps_of(NAMES))
    assert np.array_equal(again.class_probability, maps_of(NAMES).max((2, 3)))
    assert (tmp_path / "maps-00000.npy").stat().st_ino == kept
    assert len(caplog.messages) == 1


def test_an_altered_shard_beside_a_missing_one_is_written_again(tmp_path, caplog):
    write_all(tmp_path)
    alter(tmp_path / "maps-00000.npy")
    (tmp_path / "maps-00002.npy").unlink()
    assert [index for index, _ in open_writer(tmp_path).missing_shards()] == [0, 2]
    assert caplog.text.count("altered since") == 1


def test_a_shard_that_no_record_knows_is_written_again(tmp_path):
    first = open_writer(tmp_path)
    first.write(0, maps_of(NAMES[:2]))
    record = (tmp_path / "maps.part.json").read_bytes()
    first.write(1, maps_of(NAMES[2:4]))
    (tmp_path / "maps.part.json").write_bytes(record)  # as a kill between shard and record leaves it
    second = open_writer(tmp_path)
    assert [index for index, _ in second.missing_shards()] == [1, 2]
    second.write(2, maps_of(NAMES[4:]))
    with pytest.raises(
        SeverstalError, match=r"maps-00001\.npy: its checksum is not known: run the same command again"
    ):
        second.close()
    assert not (tmp_path / "maps.json").exists()


@pytest.mark.parametrize("checksums", [None, {}, "abc", [None, ["a"], 3], [["a", "b"]] * 3])
def test_a_damaged_record_knows_no_shard(tmp_path, checksums):
    writer = open_writer(tmp_path)
    write_missing(writer)
    path = tmp_path / "maps.part.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "sha256": checksums}))
    assert len(open_writer(tmp_path).missing_shards()) == 3


def test_what_is_altered_after_it_was_written_is_not_signed(tmp_path):
    writer = open_writer(tmp_path)
    write_missing(writer)
    alter(tmp_path / "maps-00001.npy")
    writer.close()
    with pytest.raises(SeverstalError, match=r"maps-00001\.npy: altered"):
        MapReader(tmp_path).verify()


def test_a_kill_while_the_manifest_is_dropped_loses_nothing(tmp_path):
    write_all(tmp_path)
    manifest = (tmp_path / "maps.json").read_bytes()
    open_writer(tmp_path)
    (tmp_path / "maps.json").write_bytes(manifest)  # both lie there
    assert open_writer(tmp_path).missing_shards() == []
    assert not (tmp_path / "maps.json").exists()


def test_threads_write_different_shards(tmp_path):
    names = [f"{index}.jpg" for index in range(40)]
    writer = MapWriter(tmp_path, names, SPEC, 1, "key", shard_images=1)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda part: writer.write(part[0], maps_of(part[1])), writer.missing_shards()))
    again = MapWriter(tmp_path, names, SPEC, 1, "key", shard_images=1)
    assert again.missing_shards() == []
    again.close()
    MapReader(tmp_path).verify()
