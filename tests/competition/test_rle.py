"""The codec against the NumPy idiom, against pycocotools, against the real tables, and against bad text."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from pycocotools import mask as coco

from severstal.competition.rle import FEW_RUNS, RunLengthError, decode, encode, faults

SHAPE = (256, 1600)
DTYPES = (np.bool_, np.uint8, np.uint16, np.int8, np.int64, np.float16, np.float32, np.float64)


def idiom_encode(mask: np.ndarray) -> str:
    pixels = np.concatenate([[0], (mask != 0).T.flatten(), [0]])
    runs = np.where(pixels[1:] != pixels[:-1])[0] + 1
    runs[1::2] -= runs[::2]
    return " ".join(str(number) for number in runs)


def idiom_decode(text: str, shape: tuple[int, int]) -> np.ndarray:
    numbers = np.asarray(text.split(), dtype=int)
    mask = np.zeros(shape[0] * shape[1], np.uint8)
    for start, length in zip(numbers[::2], numbers[1::2], strict=True):
        mask[start - 1 : start - 1 + length] = 1
    return mask.reshape(shape[1], shape[0]).T


@st.composite
def masks(draw: st.DrawFn) -> np.ndarray:
    """Masks of any shape, dtype and layout in memory, from empty over blobs and noise to full."""
    shape = draw(st.tuples(st.integers(0, 40), st.integers(0, 40)))
    kind = draw(st.sampled_from(["empty", "full", "noise", "blobs", "free"]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    match kind:
        case "empty" | "full":
            mask = np.full(shape, kind == "full")
        case "noise":
            mask = random.random(shape) < draw(st.floats(0, 1))
        case "blobs":
            mask = np.zeros(shape, bool)
            for _ in range(draw(st.integers(1, 3))):
                top, left, height, width = random.integers(0, 30, 4)
                mask[top : top + height, left : left + width] ^= True
        case "free":
            mask = draw(npst.arrays(bool, shape))
    dtype = draw(st.sampled_from(DTYPES))
    values = mask if dtype is np.bool_ else mask * random.choice([1, 2, 100], shape)
    mask = np.asarray(values, dtype, order=draw(st.sampled_from("CF")))
    return mask[:: draw(st.sampled_from([1, -1])), :: draw(st.sampled_from([1, -1, 2]))]


@st.composite
def canonical_texts(draw: st.DrawFn) -> tuple[str, tuple[int, int]]:
    """Texts whose runs ascend and do not touch, few and many, for both ways through the decoder."""
    gaps = draw(st.lists(st.integers(1, 9), max_size=3 * FEW_RUNS))
    lengths = draw(st.lists(st.integers(1, 9), min_size=len(gaps), max_size=len(gaps)))
    ends = np.cumsum(np.add(gaps, lengths)) - draw(st.integers(0, 1))
    starts = [end - length + 1 for end, length in zip(ends, lengths, strict=True)]
    if starts and starts[0] < 1:
        starts, lengths = starts[1:], lengths[1:]
    height = draw(st.integers(1, 30))
    width = -(-int(ends[-1] if len(ends) else 1) // height) + draw(st.integers(0, 2))
    numbers = (f"{start} {length}" for start, length in zip(starts, lengths, strict=True))
    return " ".join(numbers), (height, width)


@given(masks())
@settings(max_examples=400, deadline=None)
@example(np.ones((1, 9)))
@example(np.ones((9, 1)))
@example(np.ones((3, 8), bool))
@example(np.ones((8, 3), bool))
@example(np.array([[0, 1], [1, 0]]))
@example(np.array([[np.nan, 0.0]]))
def test_a_mask_survives_encoding(mask: np.ndarray) -> None:
    text = encode(mask)
    assert text == idiom_encode(mask)
    decoded = decode(text, mask.shape)
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, mask != 0)
    np.testing.assert_array_equal(decoded, idiom_decode(text, mask.shape))


@given(canonical_texts())
@settings(max_examples=200, deadline=None)
def test_canonical_text_survives_decoding(case: tuple[str, tuple[int, int]]) -> None:
    text, shape = case
    assert encode(decode(text, shape)) == text
    assert faults([text], shape) == {}


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of pycocotools on NumPy 2
@given(masks().filter(lambda mask: mask.size > 0))
@settings(max_examples=100, deadline=None)
def test_coco_counts_the_same_pixels(mask: np.ndarray) -> None:
    counted = coco.encode(np.asfortranarray(mask != 0, np.uint8))
    ours = decode(encode(mask), mask.shape)
    np.testing.assert_array_equal(ours, coco.decode(counted))
    assert coco.encode(ours) == counted  # the layout that coco asks for is the one that decode gives


def test_pixels_count_from_one_down_the_columns() -> None:
    mask = np.zeros((3, 4), np.uint8)
    mask[2, 0] = mask[0, 1] = mask[2, 3] = 1
    assert encode(mask) == "3 2 12 1"
    np.testing.assert_array_equal(decode("3 2 12 1", (3, 4)), mask)


@pytest.mark.parametrize("runs", [0, 1, FEW_RUNS, FEW_RUNS + 1, 400])
def test_a_decoded_mask_is_laid_out_by_columns_and_writeable(runs: int) -> None:
    text = " ".join(f"{2 * run + 1} 1" for run in range(runs))
    mask = decode(text, SHAPE)
    assert mask.shape == SHAPE
    assert mask.sum() == runs
    assert mask.flags.f_contiguous
    assert mask.flags.writeable
    assert not np.shares_memory(mask, decode(text, SHAPE))


def test_encoding_leaves_the_mask_as_it_is() -> None:
    mask = np.random.default_rng(0).integers(0, 2, (7, 16), np.uint8)
    mask.flags.writeable = False
    encode(mask)
    encode(mask.T)


def test_an_empty_mask_is_empty_text() -> None:
    assert encode(np.zeros(SHAPE, np.uint8)) == ""
    assert not decode("", SHAPE).any()
    assert not decode("   ", SHAPE).any()


@pytest.mark.parametrize("shape", [(4,), (2, 3, 4), ()])
def test_a_mask_has_two_axes(shape: tuple[int, ...]) -> None:
    with pytest.raises(RunLengthError, match=r"give one mask of \(height, width\)"):
        encode(np.ones(shape))


@pytest.mark.parametrize("text", [" 1 3 10 2", "1 3 10 2 ", "1  3   10 2", "01 3 0010 2", "1 2 3 1 10 2"])
def test_harmless_differences_are_read_and_not_written(text: str) -> None:
    mask = decode(text, (5, 4))
    assert encode(mask) == "1 3 10 2"
    assert faults([text], (5, 4)) == {}


# Each fault, and what the message must say beyond the number of the run.
FAULTS = {
    "17": "has no length",
    "17 x": "is not two positive whole numbers",
    "x": "is not two positive whole numbers",
    "+5 1": "is not two positive whole numbers",
    "-5 1": "is not two positive whole numbers",
    "90 -1": "is not two positive whole numbers",
    "90 1.0": "is not two positive whole numbers",
    "90 1e0": "is not two positive whole numbers",
    "1_00 1": "is not two positive whole numbers",
    "90,1": "is not two positive whole numbers",
    "90\t1": r"(`90\t1`) is not two positive whole numbers",
    "90 1\n": r"(`90 1\n`) is not two positive whole numbers",
    "90 1\r": r"(`90 1\r`) is not two positive whole numbers",
    "90\N{NO-BREAK SPACE}1": r"(`90\xa01`) is not two positive whole numbers",
    "90 \N{FULLWIDTH DIGIT ONE}": r"(`90 \uff11`) is not two positive whole numbers",
    "90 \N{SUPERSCRIPT TWO}": "is not two positive whole numbers",
    "90 \ud800": r"(`90 \ud800`) is not two positive whole numbers",
    "90 1\0": "is not two positive whole numbers",
    "nan nan": "is not two positive whole numbers",
    "0 4": "starts at pixel 0: count pixels from 1",
    "90 0": "has length 0",
    "90 00": "has length 0",
    "97 5": "ends past pixel 100, the last",
    "101 1": "ends past pixel 100, the last: correct it, or the shape 10 x 10",
    "90 9223372036854775807": "ends past pixel 100, the last",
    "9223372036854775807 9223372036854775807": "ends past pixel 100, the last",
    "99 18446744073709551616": "ends past pixel 100, the last",
    "9" * 5000 + " 1": "(`9999999999999999999999999999999999999...`) ends past pixel 100, the last",
}


@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize("bad", FAULTS)
def test_a_faulty_run_is_named(bad: str, few: bool) -> None:
    good = [f"{2 * run + 1} 1" for run in range(1 if few else FEW_RUNS + 5)]
    text = " ".join([*good, bad])
    with pytest.raises(RunLengthError) as error:
        decode(text, (10, 10))
    message = str(error.value)
    assert message.startswith(f"run {len(good) + 1} (`")
    assert FAULTS[bad] in message
    assert len(message) < 160
    assert message.isprintable()
    assert faults(["1 1", text, ""], (10, 10)) == {1: message}


@pytest.mark.parametrize("few", [True, False])
def test_a_run_that_ends_on_the_last_pixel_is_not_blamed_for_the_next(few: bool) -> None:
    good = [f"{2 * run + 1} 1" for run in range(1 if few else FEW_RUNS + 4)] + ["99 2"]
    for bad, message in (
        ("101 1", "ends past pixel 100"),
        ("99 1", "starts no later"),
        ("5 0", "has length 0"),
    ):
        with pytest.raises(RunLengthError) as error:
            decode(" ".join([*good, bad]), (10, 10))
        assert str(error.value).startswith(f"run {len(good) + 1} (`{bad}`) {message}")


@pytest.mark.parametrize("before", [1, FEW_RUNS + 5])
@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (
            "180 10 170 5",
            "run {} (`170 5`) starts no later than run {}, at pixel 180: sort the runs by start",
        ),
        (
            "180 10 180 5",
            "run {} (`180 5`) starts no later than run {}, at pixel 180: sort the runs by start",
        ),
        ("180 10 189 5", "run {} (`189 5`) overlaps run {}, which ends at pixel 189: join the two"),
        ("180 20 181 1", "run {} (`181 1`) overlaps run {}, which ends at pixel 199: join the two"),
    ],
)
def test_runs_ascend_without_overlap(pair: str, message: str, before: int) -> None:
    text = " ".join([f"{2 * run + 1} 1" for run in range(before)] + [pair, "200 1"])
    assert faults([text], (20, 10)) == {0: message.format(before + 2, before + 1)}


@pytest.mark.parametrize("value", [float("nan"), None, pd.NA, 3.0, 12, b"1 3"])
def test_what_is_not_text_is_named_with_the_repair(value: object) -> None:
    with pytest.raises(RunLengthError, match="is not text: write the runs as text, '' for an empty mask"):
        decode(value, SHAPE)
    assert list(faults(["1 3", value], SHAPE)) == [1]


def is_legal(text: str, pixels: int) -> bool:
    """The rules once more, in the plainest way."""
    if set(text) - set("0123456789 "):
        return False
    numbers = [int(token) for token in text.split(" ") if token]
    taken: list[int] = []
    for start, length in zip(numbers[::2], numbers[1::2], strict=False):
        if start < 1 or not 1 <= length <= pixels:
            return False
        taken += range(start, start + length)
    return len(numbers) % 2 == 0 and taken == sorted(set(taken)) and (not taken or taken[-1] <= pixels)


@st.composite
def suspect_texts(draw: st.DrawFn) -> str:
    """Ascending runs, few and many, in which up to two numbers are dropped or replaced, mostly wrongly."""
    runs = draw(st.integers(0, FEW_RUNS + 10))
    tokens = [str(number) for run in range(runs) for number in (2 * run + 1, draw(st.integers(1, 2)))]
    for _ in range(draw(st.integers(0, 2)) if tokens else 0):
        at = draw(st.integers(0, len(tokens) - 1))
        tokens[at] = draw(
            st.one_of(st.integers(-2, 110).map(str), st.sampled_from(["", "+1", "1.0", "\t", str(2**63)]))
        )
    return " ".join(tokens)


@given(st.one_of(suspect_texts(), st.text("0123 ", max_size=12), st.text(max_size=12)))
@settings(max_examples=600, deadline=None)
@example("")
@example("1 1 3")
@example("9223372036854775807 1 1 1")
def test_faults_and_decode_reject_the_same_texts(text: str) -> None:
    shape = (8, 13)
    found = faults([text], shape)
    assert bool(found) != is_legal(text, 104)
    if found:
        with pytest.raises(RunLengthError) as error:
            decode(text, shape)
        assert found == {0: str(error.value)}
        assert found[0].isprintable()
    else:
        np.testing.assert_array_equal(decode(text, shape), idiom_decode(text, shape))


@pytest.mark.parametrize(
    ("table", "shape", "rows"),
    [
        ("severstal/reference/train_rle.csv", (256, 1600), 4598),
        ("severstal/train.csv", (256, 1600), 69),
        ("magnetic_tile/train.csv", (256, 512), 273),
    ],
)
def test_real_tables_survive_unchanged(real_data, table: str, shape: tuple[int, int], rows: int) -> None:
    texts = pd.read_csv(real_data / table, dtype=str)["EncodedPixels"].tolist()
    assert len(texts) == rows
    assert faults(texts, shape) == {}
    for row, text in enumerate(texts, start=1):
        mask = decode(text, shape)
        assert encode(mask) == text, f"{table} row {row}"
        assert encode(np.ascontiguousarray(mask)) == text, f"{table} row {row}"


def test_a_table_is_checked_in_a_moment(real_data) -> None:
    texts = pd.read_csv(real_data / "severstal/reference/train_rle.csv", dtype=str)["EncodedPixels"].tolist()
    texts = (texts * 2)[:7095]
    began = time.process_time()  # of this process alone: other work on the machine does not count
    assert faults(texts, SHAPE) == {}
    assert time.process_time() - began < 0.4
