"""A predictor: its masks are those of the submission, at any size, and it needs no data to load."""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import severstal
from severstal import pipeline
from severstal.competition.masks import Masks
from severstal.competition.spec import read_spec
from severstal.competition.tables import read_submission
from severstal.data.pictures import read_picture
from severstal.deploy.predictor import Predictor
from severstal.deploy.result import Result
from severstal.errors import SeverstalError

RUN = Path("runs/tiny-small")


@pytest.fixture(autouse=True)
def inside(finished_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(finished_folder)


@pytest.fixture
def pictures(finished_folder: Path) -> list[Path]:
    return sorted((finished_folder / "small" / "test_images").iterdir())


@pytest.fixture(scope="module")
def predictor(finished_folder: Path) -> Predictor:
    return severstal.load(finished_folder / RUN)


def test_it_draws_what_was_submitted(pictures: list[Path], predictor: Predictor) -> None:
    spec = read_spec("small")
    table = read_submission(pipeline.SUBMISSION, spec)
    assert len(table)
    submitted = Masks(table, spec)
    for path in pictures:
        result = predictor(path)
        assert np.array_equal(result.mask, submitted[path.name])
        assert np.array_equal(predictor(read_picture(path, spec)).mask, submitted[path.name])
        assert result.image_shape == (64, 96)
        assert result.ok == (not submitted[path.name].any())
        assert sum(defect.area for defect in result.defects) == sum(each.area for each in result.classes)


def test_every_kind_of_source_gives_the_same(pictures: list[Path], predictor: Predictor) -> None:
    path = pictures[1]
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    expected = predictor(path).mask
    assert expected.any()
    sources = {
        "text": str(path),
        "bytes": path.read_bytes(),
        "open file": io.BytesIO(path.read_bytes()),
        "array": grey,
        "colour": np.stack([grey] * 3, axis=-1),
        "one channel": grey[..., None],
        "transparent": np.dstack([grey, grey, grey, np.zeros_like(grey)]),
        "columns first": np.asfortranarray(grey),
        "16 bits": grey.astype(np.uint16) * 256 + 77,
        "big-endian": (grey.astype(np.uint16) * 256).astype(">u2"),
        "floats": grey / 255,
        "Pillow": Image.fromarray(grey),
        "Pillow in colour": Image.fromarray(grey).convert("RGBA"),
    }
    for name, source in sources.items():
        assert np.array_equal(predictor(source).mask, expected), name
    flipped = predictor(grey[:, ::-1])  # a view with a negative stride
    assert np.array_equal(flipped.picture, grey[:, ::-1])


def test_many_give_an_iterator_in_their_order(
    pictures: list[Path], predictor: Predictor, tmp_path: Path
) -> None:
    alone = [predictor(path) for path in pictures]
    for source in (pictures, "small/test_images", "small/test_images/*.png", iter(pictures)):
        found = predictor(source)
        assert isinstance(found, Iterator)
        results = list(found)
        assert [result.name for result in results] == [path.stem for path in pictures]
        for result, expected in zip(results, alone, strict=True):
            assert np.array_equal(result.mask, expected.mask)
    mixed = list(predictor([pictures[0], read_picture(pictures[1], read_spec("small")), "small/test_images"]))
    assert len(mixed) == 2 + len(pictures)
    assert mixed[1].name == "picture-000001"


def test_what_cannot_be_read_is_left_out_and_told(
    pictures: list[Path], predictor: Predictor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cut.png").write_bytes(pictures[0].read_bytes()[:200])
    sources = [pictures[0], tmp_path / "cut.png", tmp_path / "absent.png", pictures[1]]
    assert [result.name for result in predictor(sources)] == ["test00", "test01"]
    assert "cut.png: damaged or cut short" in caplog.text
    assert "absent.png: no such picture" in caplog.text
    with pytest.raises(SeverstalError, match=r"cut\.png: damaged or cut short"):
        list(predictor(sources, strict=True))
    with pytest.raises(SeverstalError, match=r"cut\.png: damaged or cut short"):
        predictor(tmp_path / "cut.png")


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 300), (7, 5), (63, 97), (64, 95), (65, 97), (300, 20), (90, 400)]
)
def test_pictures_of_any_size(predictor: Predictor, shape: tuple[int, int]) -> None:
    result = predictor(np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8))
    assert result.mask.shape == result.label_map.shape == result.image_shape == shape
    assert result.probabilities.shape == (2, *shape)
    assert result.probabilities.dtype == np.float32
    assert 0 <= result.probabilities.min() <= result.probabilities.max() <= 1


def test_a_picture_cut_out_of_a_sheet_has_the_same_defects(
    pictures: list[Path], predictor: Predictor
) -> None:
    grey = read_picture(pictures[1], read_spec("small"))
    alone = predictor(grey)
    clean = read_picture(pictures[0], read_spec("small"))
    sheet = np.concatenate([clean] * 3 + [grey] + [clean] * 8, axis=1)
    found = predictor(sheet)
    where = found.mask[:, 3 * 96 : 4 * 96]
    overlap = (
        2 * np.count_nonzero(where & alone.mask) / (np.count_nonzero(where) + np.count_nonzero(alone.mask))
    )
    assert overlap > 0.9


def test_a_threshold_takes_the_place_of_the_rules(pictures: list[Path]) -> None:
    low, high = severstal.load(RUN, threshold=0.01), severstal.load(RUN, threshold=1.0)
    picture = pictures[1]
    found = low(picture)
    reached = found.probabilities >= 0.01
    assert np.array_equal(found.mask != 0, reached.any(axis=0))
    assert high(picture).mask.sum() <= found.mask.sum()
    for value in (0, 1.5, float("nan")):
        with pytest.raises(SeverstalError, match="give a probability above 0 and at most 1"):
            severstal.load(RUN, threshold=value)


def test_millimetres(pictures: list[Path], predictor: Predictor) -> None:
    pixels, measured = predictor(pictures[1]), severstal.load(RUN, mm_per_pixel=0.5)(pictures[1])
    for plain, defect in zip(pixels.defects, measured.defects, strict=True):
        assert plain.area_mm2 is plain.length_mm is None
        assert defect.area_mm2 == pytest.approx(plain.area / 4)
        assert defect.length_mm == pytest.approx(plain.length / 2)
    with pytest.raises(SeverstalError, match="mm_per_pixel is 0: give a length above 0"):
        severstal.load(RUN, mm_per_pixel=0)


def test_members_that_disagree_are_shown(pictures: list[Path], predictor: Predictor) -> None:
    defects = predictor(pictures[1]).defects
    assert defects
    assert all(0 <= defect.disagreement <= 0.5 for defect in defects)


def test_it_needs_no_data(pictures: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = read_picture(pictures[1], read_spec("small"))
    shutil.copytree(RUN, tmp_path / RUN)
    monkeypatch.chdir(tmp_path)
    assert severstal.load(RUN)(picture).mask.shape == (64, 96)


def test_missing_weights_are_an_error_and_never_a_random_network(tmp_path: Path) -> None:
    shutil.copytree(RUN, tmp_path / RUN)
    (tmp_path / RUN / "fold1" / "model.safetensors").unlink()
    with pytest.raises(
        SeverstalError, match=r"fold1.model\.safetensors: no such weights: train the fold first"
    ):
        severstal.load(tmp_path / RUN)
    with pytest.raises(SeverstalError, match="not a run"):
        severstal.load("runs")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "the source is None, as OpenCV gives for a file that it cannot read: give a path"),
        (7, "the source is int: give a path, bytes, an array"),
        ({"a": 1}, "the source is dict: give a path"),
        (b"", "picture: not a picture"),
        ("absent.png", "absent.png: no such picture: correct the path"),
        (np.zeros((0, 4), np.uint8), "an array of shape"),
        (np.zeros((2, 3, 4, 1), np.uint8), "an array of shape .*give a batch as a list of pictures"),
        (np.zeros((4, 4), np.int64), "an array of int64: give uint8, uint16, or floats"),
        (np.full((4, 4), np.nan), "holds NaN or infinity"),
        (np.full((4, 4), np.inf, np.float32), "holds NaN or infinity"),
        (np.full((4, 4), 1.5), "floats from 1.5 to 1.5: scale them"),
        (np.array([["a"]]), "an array of <U1"),
        (io.StringIO("text"), "opened as text: open it with mode 'rb'"),
    ],
)
def test_other_sources_are_refused_in_one_line(predictor: Predictor, source: object, message: str) -> None:
    with pytest.raises(SeverstalError, match=message) as refused:
        predictor(source)
    assert "\n" not in str(refused.value)


def test_a_tensor_is_taken_as_the_array_it_is(pictures: list[Path], predictor: Predictor) -> None:
    import torch

    grey = read_picture(pictures[1], read_spec("small"))
    found = predictor(torch.from_numpy(grey.copy()))
    assert isinstance(found, Result)
    assert np.array_equal(found.mask, predictor(grey).mask)
    with pytest.raises(SeverstalError, match="Tensor: is no array here"):
        predictor(torch.zeros(4, 4, requires_grad=True))
