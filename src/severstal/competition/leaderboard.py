"""Facts about the competition's test set that the public leaderboard revealed, to compare a submission with.

Only Severstal's own data has these figures. Class counts are in the order of `ClassId`.
"""

IMAGES = 1_801
"""Test images that the public score was taken over; the other 3,705 gave the private one."""

PUBLIC_ALL_EMPTY = 0.85560
"""Public score of the all-empty baseline, a submission without any mask."""

TRUE = (128, 43, 741, 120)
"""Public images that show each class, as teams found by probing.

Their sum of 1,032 would put the all-empty baseline at 0.85675, so that probing missed about eight.
"""

PREDICTED: dict[str, tuple[int, ...]] = {
    "1st": (97, 2, 611, 110),
    "13th": (82, 5, 601, 110),
    "9th": (92, 9, 586, 113),
    "7th": (87, 0, 602, 111),
    "khornlund": (92, 1, 579, 110),
    "zdaiot": (78, 8, 356, 109),
}
"""Public images in which each class was predicted, by final place or by the author of a public solution.

The places are from the teams' write-ups; khornlund (0.91023 private, the best score known) and zdaiot (96th)
published the tables themselves.
"""

SMALLEST_MASKS = (163, 316, 115, 491)
"""Pixels of the smallest mask of each class among the labels of all 12,568 train images."""


def counts_for(images: int) -> dict[str, tuple[int, ...]]:
    """Scale the true and the predicted class counts of the public test set to another number of images.

    Example:
        >>> counts_for(5_506)["true"], counts_for(1_801)["1st"]
        ((391, 131, 2265, 367), (97, 2, 611, 110))
    """
    return {
        name: tuple(round(count * images / IMAGES) for count in counts)
        for name, counts in {"true": TRUE, **PREDICTED}.items()
    }
