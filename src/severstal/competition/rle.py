"""The competition's run-length text: `start length start length`, pixels counted from 1 down the columns."""

from collections.abc import Sequence

import numpy as np

from severstal.errors import SeverstalError

LEGAL = b"0123456789 "
FEW_RUNS = 40  # up to here a loop over the runs is about as fast as NumPy calls over all of them


class RunLengthError(SeverstalError):
    """A text or a mask without a meaning as runs. The message names the run; the caller adds file and row.

    Example:
        >>> decode("1 3 3 2", (256, 1600))
        Traceback (most recent call last):
        severstal.competition.rle.RunLengthError: run 2 (`3 2`) overlaps run 1, ...
    """


def encode(mask: np.ndarray) -> str:
    """Write a mask as run-length text, character for character as `train.csv` has it.

    Args:
        mask: (H, W) of any numeric dtype and memory layout; whatever is not zero is set.

    Returns:
        Runs in ascending order, no two of them touching, all numbers one space apart; '' for an empty mask.
        A run goes on from the bottom of a column to the top of the next.

    Raises:
        RunLengthError: the mask has not two axes.

    Example:
        >>> encode(np.array([[0, 1, 1], [1, 0, 1]]))
        '2 2 5 2'
    """
    mask = np.asarray(mask)
    if mask.ndim != 2:
        raise RunLengthError(f"the mask is of shape {mask.shape}: give one mask of (height, width)")
    if mask.dtype not in (bool, np.uint8) or not mask.flags.forc:
        mask = mask != 0  # packing is slow on other types and on flipped masks

    # Transposing costs more than all the rest. So the mask is packed as it lies, eight pixels of a row to a
    # byte, each bit is compared with that of the pixel before it in the text's order, and only the few that
    # differ are put in that order. A mask laid out by columns is one row, already in order.
    rows = mask.reshape(1, -1, order="F") if mask.flags.f_contiguous else mask
    packed = np.packbits(rows, axis=1)  # (H, W / 8)
    if not packed.any():
        return ""
    before = np.empty_like(packed)
    before[1:] = packed[:-1]
    before[0] = packed[-1] >> 1  # above the top of a column comes the bottom of the one to its left
    before[0, 1:] |= packed[-1, :-1] << 7
    changes = (packed ^ before).ravel()
    occupied = np.flatnonzero(changes != 0)
    bits = np.flatnonzero(np.unpackbits(changes[occupied]).view(bool))
    row, column = np.divmod(occupied[bits >> 3] * 8 + (bits & 7), packed.shape[1] * 8)
    edges = np.sort(column * len(rows) + row)  # start 1, end 1, start 2, ..., from 0
    # The end of the last pixel shows as a change only where its row leaves a bit of padding to show it in.
    if len(edges) % 2:
        edges = np.append(edges, mask.size)

    edges[1::2] -= edges[::2]
    edges[::2] += 1
    return ("%d " * len(edges))[:-1] % tuple(edges.tolist())


def decode(text: str, shape: tuple[int, int]) -> np.ndarray:
    """Read run-length text.

    A text holds digits 0 to 9 and spaces, nothing else: `+5`, `1.0`, `1_000`, tabs and line ends are errors.
    More spaces than needed and leading zeros are harmless, since they change no value. Runs ascend and
    share no pixel. They may touch, as in `1 2 3 4`: the competition's evaluation page asks for pairs that are
    sorted and positive and name no pixel twice, and no more. Encoded again, touching runs are one.

    Args:
        text: the runs; a text without any is an empty mask.
        shape: height and width in pixels.

    Returns:
        (H, W) uint8 of 0 and 1, laid out by columns (Fortran order) as the text is, writeable.

    Raises:
        RunLengthError: the text is not legal, or a run lies outside the shape.

    Example:
        >>> decode("2 2 5 2", (2, 3))
        array([[0, 1, 1],
               [1, 0, 1]], dtype=uint8)
    """
    height, width = shape
    numbers = _read(text, shape)
    if len(numbers) <= 2 * FEW_RUNS:
        flat = np.zeros(height * width, np.uint8)
        for start, length in zip(numbers[::2], numbers[1::2], strict=True):
            end = start - 1 + length
            flat[start - 1 : end] = 1
    else:
        by_turns = _by_turns(numbers, height * width)
        values = np.zeros(len(by_turns), np.uint8)
        values[1::2] = 1
        flat = np.repeat(values, by_turns)
    return flat.reshape(width, height).T  # (H, W)


def stretches(text: str, shape: tuple[int, int]) -> np.ndarray:
    """Read run-length text as the stretches of pixels that are set, for masks that are drawn many times.

    Args:
        text: the runs; a text without any is an empty mask.
        shape: height and width in pixels.

    Returns:
        (2, runs) int32: where each run starts and where it has ended, pixels counted from 0 down the columns.

    Raises:
        RunLengthError: see `decode`.

    Example:
        >>> stretches("2 2 5 2", (2, 3))
        array([[1, 4],
               [3, 6]], dtype=int32)
    """
    numbers = np.asarray(_read(text, shape), np.int32)
    starts = numbers[::2] - 1
    return np.stack([starts, starts + numbers[1::2]])


def faults(texts: Sequence[str], shape: tuple[int, int]) -> dict[int, str]:
    """Find the texts that `decode` would reject, with the reasons, without drawing a mask.

    Args:
        texts: one per mask, such as the column `EncodedPixels`.
        shape: height and width in pixels.

    Returns:
        The position of each text that `decode` rejects, from 0: its first faulty run, what is wrong and the
        repair, in one line.

    Example:
        >>> faults(["1 3", "", "1 3 17 0"], (256, 1600))
        {2: 'run 2 (`17 0`) has length 0: drop it, or give it a length of at least 1'}
    """
    found = {}
    for position, text in enumerate(texts):
        try:
            _read(text, shape)
        except RunLengthError as error:
            found[position] = str(error)
    return found


def _read(text: str, shape: tuple[int, int]) -> list[int] | np.ndarray:
    """The checked numbers of a text: start 1, length 1, start 2, ...; a list where the runs are few."""
    if not isinstance(text, str):
        raise RunLengthError(f"{text!r} is not text: write the runs as text, '' for an empty mask")
    if text.encode("ascii", "replace").translate(None, LEGAL):
        raise RunLengthError(_explain(text, shape))
    text = text.strip(" ")
    if not text:
        return []

    pixels = shape[0] * shape[1]
    numbers = np.fromstring(text, np.int64, sep=" ")  # what exceeds int64 becomes its maximum
    if len(numbers) % 2:
        legal = False
    elif len(numbers) <= 2 * FEW_RUNS:
        numbers, end, legal = numbers.tolist(), 0, True
        for start, length in zip(numbers[::2], numbers[1::2], strict=True):
            if start <= end or length < 1:
                legal = False
            end = start + length - 1
        legal = legal and end <= pixels
    else:
        # Runs unsorted, overlapping or past the end give a negative stretch, which as unsigned is a huge one.
        legal = _by_turns(numbers, pixels).view(np.uint64).max() <= pixels and numbers[1::2].all()
    if not legal:
        raise RunLengthError(_explain(text, shape))
    return numbers


def _by_turns(numbers: np.ndarray, pixels: int) -> np.ndarray:
    """Lengths of the stretches of unset and set pixels by turns, unset first and last: (2 * runs + 1,)."""
    edges = np.empty(len(numbers) + 2, np.int64)
    edges[0], edges[-1] = 0, pixels
    edges[1:-1:2] = numbers[::2] - 1
    edges[2:-1:2] = edges[1:-1:2] + numbers[1::2]
    return edges[1:] - edges[:-1]


def _explain(text: str, shape: tuple[int, int]) -> str:
    """Describe the first faulty run of a faulty text: the fault and its repair."""
    tokens = [token for token in text.split(" ") if token]
    pixels, last_start, last_end = shape[0] * shape[1], 0, 0
    for index in range(0, len(tokens), 2):
        run, pair = index // 2 + 1, tokens[index : index + 2]
        # Escaped and cut: a line end would break the message, and digits of other scripts would look legal.
        shown = ascii(" ".join(pair))[1:-1]
        here = f"run {run} (`{shown if len(shown) <= 40 else shown[:37] + '...'}`)"
        if not all(token.isascii() and token.isdigit() for token in pair):
            return f"{here} is not two positive whole numbers: write digits and spaces alone"
        if len(pair) < 2:
            return f"{here} has no length: complete or drop it"
        # Twenty digits exceed any picture, and Python refuses to read a number of thousands.
        start, length = (int(token.lstrip("0")[:20] or 0) for token in pair)
        if start < 1:
            return f"{here} starts at pixel 0: count pixels from 1"
        if length < 1:
            return f"{here} has length 0: drop it, or give it a length of at least 1"
        if start <= last_start:
            return f"{here} starts no later than run {run - 1}, at pixel {last_start}: sort the runs by start"
        if start <= last_end:
            return f"{here} overlaps run {run - 1}, which ends at pixel {last_end}: join the two"
        last_start, last_end = start, start + length - 1
        if last_end > pixels:
            break
    return f"{here} ends past pixel {pixels}, the last: correct it, or the shape {shape[0]} x {shape[1]}"
