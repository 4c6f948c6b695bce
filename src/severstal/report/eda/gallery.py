"""Example pictures of the classes and of near-duplicates."""

from collections.abc import Sequence

import pandas as pd

from severstal.competition.spec import Spec
from severstal.evaluation.class_counts import count_combinations
from severstal.evaluation.examples import evenly_spaced, measure_contrast, random_masks, select_masks
from severstal.evaluation.labels import class_label, truncate
from severstal.report.crop import cell_shape, with_shape, zoom_window
from severstal.report.overlay import ImageLookup, Panel, columns_for, describe_mask, gallery
from severstal.report.palette import FIGURE_WIDTH, Sheet, empty_sheet

CONTOURS = "The number at a contour is its ClassId."


def examples(
    masks: pd.DataFrame, images: Sequence[str], picture: ImageLookup, bits: ImageLookup, spec: Spec
) -> Sheet:
    """Show the smallest mask of each class, a typical one, the largest and one that is hard to see, enlarged.

    Args:
        masks: one row per mask, with `ImageId`, `ClassId` and `area` in pixels.
        images: the images to select from.
        picture: function from an image's name to its pixels, (H, W) uint8.
        bits: function from an image's name to its (H, W) bitmask.
        spec: names the classes.

    Example:
        >>> import numpy as np
        >>> from severstal.competition.spec import SEVERSTAL
        >>> masks = pd.DataFrame({"ImageId": ["a"], "ClassId": [3], "area": [9]})
        >>> full = np.full((256, 1600), 4, np.uint8)
        >>> figure = examples(masks, ["a", "b"], lambda name: full, lambda name: full, SEVERSTAL)
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['class 3, typical: 9 px\\na, 256 x 512']
    """
    known = masks[masks["ImageId"].isin(set(images))]
    selected = select_masks(known, images, spec, measure_contrast(known, picture, bits))
    rows = [
        (row.ImageId, row.ClassId, f", {row.why}: {row.area:,} px")
        for row in selected.rename(columns={"size": "why"}).itertuples()
    ]
    return _crops(
        rows,
        4,
        picture,
        bits,
        spec,
        "Small, typical, large, and hard to see",
        "Pictures are cut to the defect; after the name, height and width of the part in pixels. Typical: "
        "the median area of the class. Hard to see: the lowest "
        f"contrast with the steel around it, of up to 60 masks. {CONTOURS}",
    )


def random_examples(
    masks: pd.DataFrame,
    images: Sequence[str],
    picture: ImageLookup,
    bits: ImageLookup,
    spec: Spec,
    each: int = 5,
) -> Sheet:
    """Show randomly sampled masks of each class, enlarged: one row per class.

    Args:
        masks: one row per mask, with `ImageId`, `ClassId` and `area` in pixels.
        images: the images to sample from.
        picture: function from an image's name to its pixels, (H, W) uint8.
        bits: function from an image's name to its (H, W) bitmask.
        spec: names the classes.
        each: maximum number of masks per class.

    Example:
        >>> import numpy as np
        >>> masks = pd.DataFrame({"ImageId": ["a"], "ClassId": [1], "area": [9]})
        >>> full = np.ones((64, 64), np.uint8)
        >>> spec = Spec("tiny", (64, 64), ("hole",))
        >>> figure = random_examples(masks, ["a"], lambda name: full, lambda name: full, spec)
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['1 hole: 9 px\\na']
    """
    sampled = random_masks(masks, images, each)
    rows = [(row.ImageId, row.ClassId, f": {row.area:,} px") for row in sampled.itertuples()]
    return _crops(
        rows,
        each,
        picture,
        bits,
        spec,
        "Random masks of each class, enlarged",
        f"Cut to the largest component; after the name, height and width of the part in pixels. {CONTOURS}",
    )


def _crops(
    rows: Sequence[tuple[str, int, str]],
    columns: int,
    picture: ImageLookup,
    bits: ImageLookup,
    spec: Spec,
    title: str,
    note: str,
) -> Sheet:
    """Show the largest component of masks in enlarged crops, one row of panels per class."""
    if not rows:
        return empty_sheet(title)
    high, wide = cell_shape(spec, [bits(name).shape for name, _, _ in rows])
    shape = (min(high, 256), min(wide, 256 * (2 if columns == 4 else 1)))
    room = int(14 * (FIGURE_WIDTH / columns - 0.1))  # letters above a panel
    panels: list[Panel | None] = []
    last = rows[0][1]
    for name, class_id, text in rows:
        if class_id != last:
            panels += [None] * (-len(panels) % columns)
            last = class_id
        plane = bits(name) >> (class_id - 1) & 1
        part = zoom_window(plane, shape[1] / shape[0], min(64, high))
        cut = picture(name)[part]
        label = truncate(class_label(spec, class_id), room - len(text))
        size = "" if cut.shape == spec.image_shape else f", {cut.shape[0]} x {cut.shape[1]}"
        panels.append(Panel(cut, bits(name)[part], f"{label}{text}\n{name}{size}"))
    figure = gallery(panels, with_shape(spec, shape), title, note, columns)
    figure.photographic = True
    return figure


def several_classes(
    masks: pd.DataFrame,
    images: Sequence[str],
    picture: ImageLookup,
    bits: ImageLookup,
    spec: Spec,
    most: int = 6,
) -> Sheet:
    """Show images with more than one class, one per combination, the most frequent combination first.

    Args:
        masks: one row per mask, with `ImageId` and `ClassId`.
        images: the images to select from.
        picture: function from an image's name to its pixels, (H, W) uint8.
        bits: function from an image's name to its (H, W) bitmask.
        spec: names the classes.
        most: maximum number of pictures.

    Example:
        >>> import numpy as np
        >>> from severstal.competition.spec import SEVERSTAL
        >>> masks = pd.DataFrame({"ImageId": ["a", "a", "b"], "ClassId": [1, 3, 3]})
        >>> bits = np.full((256, 1600), 5, np.uint8)
        >>> figure = several_classes(masks, ["a", "b"], lambda name: bits, lambda name: bits, SEVERSTAL)
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['1 + 3 (1 image): a']
    """
    known = masks[masks["ImageId"].isin(set(images))]
    combination = known.groupby("ImageId")["ClassId"].agg(lambda ids: tuple(sorted(ids)))
    combination = combination[combination.map(len) > 1]
    panels = []
    for ids, number in count_combinations(known, list(combination.index))[:most]:
        names = sorted(combination.index[combination == ids])
        name = names[len(names) // 2]
        text = f"{number:,} image" + ("s" if number > 1 else "")
        panels.append(Panel(picture(name), bits(name), f"{' + '.join(map(str, ids))} ({text}): {name}"))
    title = "Images with more than one class"
    if not panels:
        return empty_sheet(title)
    figure = gallery(panels, spec, title, f"One image per combination, the most frequent first. {CONTOURS}")
    figure.photographic = True
    return figure


def duplicate_gallery(
    pairs: pd.DataFrame, picture: ImageLookup, bits: ImageLookup, spec: Spec, most: int = 4
) -> Sheet:
    """Show pairs of near-duplicates, from the least to the most agreement of their masks.

    Args:
        pairs: one row per pair, as `compare_labels` returns them: `first` and `second` (names), `shift_y`,
            `shift_x` (pixels), `difference` (mean absolute difference in grey levels after alignment),
            `classes_first`, `classes_second` and `same_label` (Dice of the masks of the two).
        picture: function from an image's name to its pixels, (H, W) uint8.
        bits: function from an image's name to its (H, W) bitmask.
        spec: names the classes.
        most: maximum number of pairs, evenly spaced from the least to the most agreement.

    Example:
        >>> import numpy as np
        >>> row = {"first": "a", "second": "b", "shift_y": 0, "shift_x": 8, "difference": 1.5}
        >>> row |= {"classes_first": "", "classes_second": "", "same_label": 1.0}
        >>> empty = np.zeros((256, 1600), np.uint8)
        >>> from severstal.competition.spec import SEVERSTAL
        >>> figure = duplicate_gallery(pd.DataFrame([row]), lambda name: empty, lambda name: empty, SEVERSTAL)
        >>> figure.axes[1].get_title(loc="left")
        'b: clean\\nshift 0, 8 px; difference 1.5'
    """
    title = "Near-duplicates"
    if pairs.empty:
        return empty_sheet(title)
    columns = 2 if columns_for(spec) == 2 else 4
    join = ": " if columns == 2 else "\n"
    marked = pairs[(pairs["classes_first"] != "") | (pairs["classes_second"] != "")]
    # Pairs of clean pictures are shown only if there are no others.
    ranked = (marked if len(marked) else pairs).sort_values(["same_label", "difference", "first", "second"])
    panels = []
    for pair in ranked.iloc[evenly_spaced(len(ranked), most)].itertuples():
        text = (
            f"Dice of the masks {pair.same_label:.2f}",
            f"shift {pair.shift_y}, {pair.shift_x} px; difference {pair.difference:.1f}",
        )
        for name, line in zip((pair.first, pair.second), text, strict=True):
            panels.append(
                Panel(picture(name), bits(name), f"{name}{join}{describe_mask(bits(name), spec)}\n{line}")
            )
    other = int((pairs["classes_first"] != pairs["classes_second"]).sum())
    note = f"{len(pairs):,} pairs; {other:,} with different classes. "
    if len(marked):
        note += (
            f"{len(marked):,} with a mask; the mean Dice of their masks is "
            f"{marked['same_label'].mean():.3f}. "
        )
    note += "Shift: down, right. Difference: mean absolute grey levels after alignment."
    figure = gallery(panels, spec, title, note, columns)
    figure.photographic = True
    return figure
