"""What the classes look like, and the pictures that are there twice."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_label
from severstal.report.overlay import ImageLookup, Panel, columns_for, describe, gallery
from severstal.report.palette import Sheet, empty_sheet

CONTOURS = "The number at a contour is its ClassId."


def examples(
    masks: pd.DataFrame, images: Sequence[str], picture: ImageLookup, bits: ImageLookup, spec: Spec
) -> Sheet:
    """Show of each class the smallest mask, typical ones and the largest, and a few clean images.

    Args:
        masks: a row a mask, with `ImageId`, `ClassId` and `area` in pixels.
        images: the images that may be shown, the clean ones too.
        picture: gives an image's (H, W) uint8 by its name.
        bits: gives an image's (H, W) bits by its name.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> masks = pd.DataFrame({"ImageId": ["a"], "ClassId": [3], "area": [9]})
        >>> empty = np.zeros((256, 1600), np.uint8)
        >>> figure = examples(masks, ["a", "b"], lambda name: empty, lambda name: empty, SEVERSTAL)
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['class 3, typical (9 px): a', 'clean: b']
    """
    known = masks[masks["ImageId"].isin(set(images))].sort_values(["area", "ImageId"])
    columns = columns_for(spec)
    join = ": " if columns == 2 else "\n"
    panels: list[Panel | None] = []
    for class_id in spec.class_ids:
        own = known[known["ClassId"] == class_id]
        for word, place in places(len(own), 3 if columns == 3 else 4):
            row = own.iloc[place]
            caption = f"{class_label(spec, class_id)}, {word} ({row['area']:,} px){join}{row['ImageId']}"
            panels.append(Panel(picture(row["ImageId"]), bits(row["ImageId"]), caption))
        panels += [None] * (-len(panels) % columns)
    clean = sorted(set(images) - set(masks["ImageId"]))
    for place in spread(len(clean), columns):
        panels.append(Panel(picture(clean[place]), bits(clean[place]), f"clean{join}{clean[place]}"))
    figure = gallery(
        panels,
        spec,
        "Each class from its smallest mask to its largest",
        f"Typical masks lie at a third, at half or at two thirds of all areas. {CONTOURS}",
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
    """Show images with more than one class, one of each combination, the commonest combination first.

    Args:
        masks: a row a mask, with `ImageId` and `ClassId`.
        images: the images that may be shown.
        picture: gives an image's (H, W) uint8 by its name.
        bits: gives an image's (H, W) bits by its name.
        spec: names the classes.
        most: pictures to show.

    Example:
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
    counts = combination.value_counts()
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    panels = []
    for ids, number in ranked[:most]:
        names = sorted(combination.index[combination == ids])
        name = names[len(names) // 2]
        said = f"{number:,} image" + ("s" if number > 1 else "")
        panels.append(Panel(picture(name), bits(name), f"{' + '.join(map(str, ids))} ({said}): {name}"))
    title = "Images with more than one class"
    if not panels:
        return empty_sheet(title)
    figure = gallery(panels, spec, title, f"One image of each combination, the commonest first. {CONTOURS}")
    figure.photographic = True
    return figure


def duplicate_pairs(
    pairs: pd.DataFrame, picture: ImageLookup, bits: ImageLookup, spec: Spec, most: int = 4
) -> Sheet:
    """Show pairs of pictures that are nearly the same, those whose masks agree least first.

    Args:
        pairs: a row a pair, as `compare_labels` gives it: `first` and `second` (names), `shift_y`, `shift_x`
            (pixels), `difference` (mean absolute grey levels once one lies on the other), `classes_first`,
            `classes_second` and `same_label` (Dice of the one's masks with the other's).
        picture: gives an image's (H, W) uint8 by its name.
        bits: gives an image's (H, W) bits by its name.
        spec: names the classes.
        most: pairs to show, spread evenly from the least agreement to the most.

    Example:
        >>> row = {"first": "a", "second": "b", "shift_y": 0, "shift_x": 8, "difference": 1.5}
        >>> row |= {"classes_first": "", "classes_second": "", "same_label": 1.0}
        >>> empty = np.zeros((256, 1600), np.uint8)
        >>> from severstal.competition.spec import SEVERSTAL
        >>> figure = duplicate_pairs(pd.DataFrame([row]), lambda name: empty, lambda name: empty, SEVERSTAL)
        >>> figure.axes[1].get_title(loc="left")
        'b: clean\\nmoved 0, 8 px; off by 1.5'
    """
    title = "Pictures that are there twice"
    if pairs.empty:
        return empty_sheet(title)
    columns = 2 if columns_for(spec) == 2 else 4
    join = ": " if columns == 2 else "\n"
    marked = pairs[(pairs["classes_first"] != "") | (pairs["classes_second"] != "")]
    # Two clean pictures of one piece of steel have little to tell.
    ranked = (marked if len(marked) else pairs).sort_values(["same_label", "difference", "first", "second"])
    panels = []
    for pair in ranked.iloc[spread(len(ranked), most)].itertuples():
        said = (
            f"their masks agree: Dice {pair.same_label:.2f}",
            f"moved {pair.shift_y}, {pair.shift_x} px; off by {pair.difference:.1f}",
        )
        for name, line in zip((pair.first, pair.second), said, strict=True):
            panels.append(
                Panel(picture(name), bits(name), f"{name}{join}{describe(bits(name), spec)}\n{line}")
            )
    other = int((pairs["classes_first"] != pairs["classes_second"]).sum())
    note = f"{len(pairs):,} pairs; in {other:,} the two show different classes. "
    if len(marked):
        note += (
            f"{len(marked):,} hold a mask; those of the two agree with a mean Dice of "
            f"{marked['same_label'].mean():.3f}. "
        )
    note += "Moved: down and to the right. Off by: mean difference in grey levels, one laid on the other."
    figure = gallery(panels, spec, title, note, columns)
    figure.photographic = True
    return figure


def places(length: int, number: int) -> list[tuple[str, int]]:
    """Choose from a list sorted by size the smallest, typical ones and the largest, none of them twice.

    Example:
        >>> places(100, 4)
        [('smallest', 0), ('typical', 33), ('typical', 66), ('largest', 99)]
        >>> places(1, 4), places(2, 4)
        ([('typical', 0)], [('smallest', 0), ('largest', 1)])
    """
    if length < 2:
        return [("typical", 0)] * length
    between = np.linspace(0, length - 1, number)[1:-1].round().astype(int).tolist()
    chosen = sorted({place for place in between if 0 < place < length - 1})
    return [("smallest", 0), *(("typical", place) for place in chosen), ("largest", length - 1)]


def spread(length: int, number: int) -> list[int]:
    """Choose places that lie evenly over a sorted list, none of them at its very ends.

    Example:
        >>> spread(100, 2), spread(1, 2)
        ([25, 75], [0])
    """
    return sorted({int((2 * i + 1) / (2 * number) * length) for i in range(number)}) if length else []
