"""Example pictures of the classes and of near-duplicates."""

from collections.abc import Sequence

import pandas as pd

from severstal.competition.spec import Spec
from severstal.evaluation.class_counts import count_combinations
from severstal.evaluation.examples import evenly_spaced, select_masks
from severstal.evaluation.labels import class_label
from severstal.report.overlay import ImageLookup, Panel, columns_for, describe_mask, gallery
from severstal.report.palette import Sheet, empty_sheet

CONTOURS = "The number at a contour is its ClassId."


def examples(
    masks: pd.DataFrame, images: Sequence[str], picture: ImageLookup, bits: ImageLookup, spec: Spec
) -> Sheet:
    """Show the smallest mask of each class, typical ones and the largest, and some clean images.

    Args:
        masks: one row per mask, with `ImageId`, `ClassId` and `area` in pixels.
        images: the images to select from, including clean ones.
        picture: returns the (H, W) uint8 pixels of an image by its name.
        bits: returns its (H, W) bitmask.
        spec: names the classes.

    Example:
        >>> import numpy as np
        >>> from severstal.competition.spec import SEVERSTAL
        >>> masks = pd.DataFrame({"ImageId": ["a"], "ClassId": [3], "area": [9]})
        >>> empty = np.zeros((256, 1600), np.uint8)
        >>> figure = examples(masks, ["a", "b"], lambda name: empty, lambda name: empty, SEVERSTAL)
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['class 3, typical (9 px): a', 'clean: b']
    """
    columns = columns_for(spec)
    join = ": " if columns == 2 else "\n"
    panels: list[Panel | None] = []
    selected = select_masks(masks, images, spec, 3 if columns == 3 else 4)
    for class_id, own in selected.groupby("ClassId"):
        for row in own.itertuples(index=False):
            caption = f"{class_label(spec, class_id)}, {row[3]} ({row.area:,} px){join}{row.ImageId}"
            panels.append(Panel(picture(row.ImageId), bits(row.ImageId), caption))
        panels += [None] * (-len(panels) % columns)
    clean = sorted(set(images) - set(masks["ImageId"]))
    for place in evenly_spaced(len(clean), columns):
        panels.append(Panel(picture(clean[place]), bits(clean[place]), f"clean{join}{clean[place]}"))
    figure = gallery(
        panels,
        spec,
        "Each class from its smallest mask to its largest",
        f"Typical: at a third, half or two thirds of the masks sorted by area. {CONTOURS}",
    )
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
        picture: returns the (H, W) uint8 pixels of an image by its name.
        bits: returns its (H, W) bitmask.
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
        said = f"{number:,} image" + ("s" if number > 1 else "")
        panels.append(Panel(picture(name), bits(name), f"{' + '.join(map(str, ids))} ({said}): {name}"))
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
        picture: returns the (H, W) uint8 pixels of an image by its name.
        bits: returns its (H, W) bitmask.
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
        said = (
            f"Dice of the masks {pair.same_label:.2f}",
            f"shift {pair.shift_y}, {pair.shift_x} px; difference {pair.difference:.1f}",
        )
        for name, line in zip((pair.first, pair.second), said, strict=True):
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
