"""The rules, applied to a picture that is larger than those they were searched on.

A rule asks of a *picture* that its class probability passes the gate and that enough pixels reach `high`;
then it draws the pixels that reach `low`. In a picture of a hundred times the size there is nearly always
some place with enough such pixels, so that asking this of the whole would draw nearly every faint stain. So:

1. each tile, which has the size of a training picture, is judged as the run judges a picture, by its own
   class probability (gate) and its own pixels of the blended map that reach `high` (minimum area);
2. a component of pixels that reach `low`, of whatever length, is drawn whole if it has a pixel in a tile that
   passed. Where the gate is soft, the most permissive of the tiles at a pixel says what `low` is there;
3. outlines, holes, exclusive classes and the smallest components follow as in `decision.draw`, on the whole
   picture: nothing is cut at the border of a tile.

For a picture of a single tile this is the run's own rule. Everything is done band by band along the longer
side; what is held of the whole picture are bytes, one per pixel of the mask.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from severstal.competition.spec import Spec
from severstal.data.arrays import to_luma
from severstal.decision.gate import gated_area, reached_levels
from severstal.decision.levels import NEVER
from severstal.decision.refine.morphology import closed, opened, smoothed
from severstal.decision.rules import ClassRule, Rules
from severstal.deploy.planes import ProbabilityPlanes
from severstal.deploy.tiles.components import label_plane
from severstal.deploy.tiles.layout import Tiling

_CRF_REACH = 200  # pixels: some deviations of the CRF's farthest kernel


@dataclass(frozen=True)
class _Frame:
    """The picture with its longer side first, in bands of a tile's length."""

    planes: ProbabilityPlanes
    tiling: Tiling
    picture: np.ndarray

    @property
    def length(self) -> int:
        return max(self.tiling.shape)

    @property
    def breadth(self) -> int:
        return min(self.tiling.shape)

    @property
    def band(self) -> int:
        return self.tiling.tile[1] if self.tiling.is_wide else self.tiling.tile[0]

    @property
    def bands(self) -> list[slice]:
        return [slice(*pair) for pair in pairwise((*range(0, self.length, self.band), self.length))]

    def turned(self, whole: np.ndarray) -> np.ndarray:
        return whole.T if self.tiling.is_wide else whole

    def plane(self, index: int, rows: slice) -> np.ndarray:
        everything = slice(0, self.breadth)
        if self.tiling.is_wide:
            return self.planes.window(index, everything, rows).T
        return self.planes.window(index, rows, everything)

    def windows(self) -> list[tuple[slice, slice]]:
        """Each tile's rows and columns, cut to the picture, in the order of the tiling."""
        side, across = reversed(self.tiling.tile) if self.tiling.is_wide else self.tiling.tile
        return [
            (slice(row, min(row + side, self.length)), slice(column, min(column + across, self.breadth)))
            for row in self.tiling.along
            for column in self.tiling.across
        ]


def draw_tiled(
    planes: ProbabilityPlanes,
    classes: np.ndarray,
    tiling: Tiling,
    rules: Rules,
    spec: Spec,
    picture: np.ndarray,
) -> np.ndarray:
    """Draw the mask of a picture that was predicted in tiles, by the rule that the module states.

    Args:
        planes: the blended probabilities.
        classes: (tiles, C) uint8, class probabilities of each tile, 0 to 255 for 0 to 1.
        tiling: tiling of the picture.
        rules: rules for the same classes.
        spec: specification of the data set; names the classes.
        picture: (H, W) uint8, or (H, W, 3) of colours, for rules with a CRF.

    Returns:
        (H, W) bitmask, `spec.mask_dtype`, bit k - 1 for class k.
    """
    frame = _Frame(planes, tiling, to_luma(picture) if rules.need_pictures else picture)
    whole = np.zeros(tiling.shape, spec.mask_dtype)
    bits = frame.turned(whole)
    for index, rule in enumerate(rules.rules):
        _draw_class(bits, frame, index, rule, classes[:, index])
    if rules.exclusive:
        for rows in frame.bands:
            _leave_to_highest(bits[rows], frame, rows)
    for index, rule in enumerate(rules.rules):
        if rule.min_component > 1:
            plane = _drawn(bits, index)
            found = label_plane(plane, frame.length, frame.band)
            for band, rows in enumerate(frame.bands):
                small = found.select(plane, band, found.area < rule.min_component)
                bits[rows][small] &= ~bits.dtype.type(1 << index)
    return whole


def _draw_class(
    bits: np.ndarray, frame: _Frame, index: int, rule: ClassRule, probability: np.ndarray
) -> None:
    """Steps 1 and 2, and the outline and holes of step 3, of one class."""
    passed = _passing_tiles(frame, index, rule, probability)
    if not passed.any():
        return
    plane = _reaching_low(frame, index, rule, probability)
    found = label_plane(plane, frame.length, frame.band)
    chosen = np.zeros(len(found) + 1, bool)  # the last place is the background's
    windows = [window for window, passes in zip(frame.windows(), passed, strict=True) if passes]
    for band, rows in enumerate(frame.bands):
        near = [each for each in windows if each[0].start < rows.stop and each[0].stop > rows.start]
        if near:
            numbers = found.numbers(plane, band)
            for along, across in near:
                begin, end = max(along.start - rows.start, 0), along.stop - rows.start
                chosen[np.unique(numbers[begin:end, across])] = True
    chosen = chosen[:-1]
    bit = bits.dtype.type(1 << index)
    for band, rows in enumerate(frame.bands):
        bits[rows][found.select(plane, band, chosen)] |= bit
    if rule.refine.opening or rule.refine.closing or rule.refine.smooth_edges:
        _redraw_outline(bits, frame, index, rule)
    if rule.fill_holes:
        drawn = _drawn(bits, index)

        def around(rows: slice) -> np.ndarray:
            return ~drawn(rows)

        holes = label_plane(around, frame.length, frame.band, connectivity=4)
        first_row, first_column, last_row, last_column = holes.boxes.T
        inside = (first_row > 0) & (last_row < frame.length - 1)
        inside &= (first_column > 0) & (last_column < frame.breadth - 1)
        filled = [holes.select(around, band, inside) for band in range(len(frame.bands))]
        for rows, holes_of_band in zip(frame.bands, filled, strict=True):
            bits[rows][holes_of_band] |= bit


def _passing_tiles(frame: _Frame, index: int, rule: ClassRule, probability: np.ndarray) -> np.ndarray:
    """Which tiles the run would draw the class in: (tiles,) bool."""
    passed = np.zeros(len(probability), bool)
    level = reached_levels(rule.gate, rule.high)
    for place, (along, across) in enumerate(frame.windows()):
        high = int(level[probability[place]])
        if high == NEVER:
            continue
        area = np.count_nonzero(frame.plane(index, along)[:, across] >= high)
        passed[place] = area and gated_area(rule.gate, area, int(probability[place])) >= rule.min_area
    return passed


def _reaching_low(
    frame: _Frame, index: int, rule: ClassRule, probability: np.ndarray
) -> Callable[[slice], np.ndarray]:
    """The pixels that reach `low`, by rows."""
    open_level = int(reached_levels(rule.gate, rule.low)[255])
    levels = reached_levels(rule.gate, rule.low)[probability]
    if rule.gate.mode != "soft":  # a veto has been heard where tiles were judged
        levels = np.full(len(probability), open_level)
    windows = frame.windows()

    def plane(rows: slice) -> np.ndarray:
        values = frame.plane(index, rows)
        if rule.refine.crf:
            values = _with_crf(frame, index, rule, rows)
        if (levels == levels[0]).all():
            return values >= levels[0]
        least = np.full(values.shape, NEVER, np.int64)
        for (along, across), level in zip(windows, levels, strict=True):
            begin, end = max(along.start - rows.start, 0), along.stop - rows.start
            if begin < len(least) and end > 0:
                np.minimum(least[begin:end, across], level, out=least[begin:end, across])
        return values >= least

    return plane


def _with_crf(frame: _Frame, index: int, rule: ClassRule, rows: slice) -> np.ndarray:
    from severstal.decision.refine.crf import Crf  # torch, which plain rules do without

    wide = slice(max(0, rows.start - _CRF_REACH), min(frame.length, rows.stop + _CRF_REACH))
    picture = np.ascontiguousarray(frame.turned(frame.picture)[wide])
    refined = Crf(rule.refine.crf).refine(np.ascontiguousarray(frame.plane(index, wide)), picture)
    return refined[rows.start - wide.start : rows.stop - wide.start]


def _redraw_outline(bits: np.ndarray, frame: _Frame, index: int, rule: ClassRule) -> None:
    refine, bit = rule.refine, bits.dtype.type(1 << index)
    reach = 2 * (refine.opening + refine.closing) + int(np.ceil(8 * refine.smooth_edges)) + 2
    drawn, redrawn = _drawn(bits, index), np.zeros(bits.shape, bool)
    for rows in frame.bands:
        wide = slice(max(0, rows.start - reach), min(frame.length, rows.stop + reach))
        mask = np.ascontiguousarray(drawn(wide))
        mask = smoothed(closed(opened(mask, refine.opening), refine.closing), refine.smooth_edges)
        redrawn[rows] = mask[rows.start - wide.start : rows.stop - wide.start]
    bits[redrawn] |= bit
    bits[~redrawn] &= ~bit


def _drawn(bits: np.ndarray, index: int) -> Callable[[slice], np.ndarray]:
    bit = bits.dtype.type(1 << index)
    return lambda rows: (bits[rows] & bit) != 0


def _leave_to_highest(bits: np.ndarray, frame: _Frame, rows: slice) -> None:
    """Leave each pixel in several masks to the class whose map is highest there."""
    several = (bits & (bits - bits.dtype.type(1))) != 0  # more than one bit
    if not several.any():
        return
    claims = bits[several]
    best, winner = np.full(len(claims), -1, np.int64), np.zeros(len(claims), np.int64)
    for index in range(frame.planes.classes):
        values = np.where(claims >> index & 1, frame.plane(index, rows)[several].astype(np.int64), -1)
        winner[values > best] = index
        best = np.maximum(best, values)
    bits[several] = (np.int64(1) << winner).astype(bits.dtype)
