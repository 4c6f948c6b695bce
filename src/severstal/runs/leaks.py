"""Near-duplicates across the folds of a run, read from its files alone."""

from pathlib import Path

from severstal.data.duplicates import leaking_pairs, load_pairs
from severstal.data.folds import load_folds
from severstal.errors import SeverstalError
from severstal.runs.folder import read_run
from severstal.runs.layout import RunFiles
from severstal.runs.members import read_ensemble


def leaking_images(run: str | Path) -> tuple[int, int]:
    """Count the held-out images that are near-duplicates of images which their networks were trained on.

    Nothing of the input is read. A folder without the list of its near-duplicates (a run from elsewhere, of
    the first edition, or that was never begun) counts as one without any.

    Args:
        run: folder of a run or an ensemble, whose members share their folds.

    Returns:
        The number of such images, and the number of held-out images.

    Example:
        >>> leaking_images("runs/never-made")
        (0, 0)
    """
    files = RunFiles(Path(run))
    if files.is_ensemble:
        files = RunFiles(read_ensemble(files.folder).members[0])
    if not (files.duplicates.is_file() and files.folds.is_file()):
        return 0, 0
    recipe, _, _ = read_run(files.folder)
    try:
        pairs, folds = load_pairs(files.duplicates), load_folds(files.folds)
    except SeverstalError:  # named by the commands that need them
        return 0, 0
    leaking = leaking_pairs(pairs, dict(zip(folds["ImageId"], folds["fold"], strict=True)))
    held = set(folds.loc[folds["fold"] < recipe.data.train_folds, "ImageId"])
    return len(held & {*leaking["first"], *leaking["second"]}), len(held)


def describe_leaking(images: int, held: int) -> str:
    """Describe what `leaking_images` counted.

    Example:
        >>> describe_leaking(3, 60)
        '3 of 60 held-out images are near-duplicates of images in another fold: the score is too high there'
    """
    are = "is a near-duplicate" if images == 1 else "are near-duplicates"
    return (
        f"{images:,} of {held:,} held-out images {are} of images in another fold: the score is too high there"
    )


def leak_note(run: str | Path) -> str | None:
    """Describe what `leaking_images` counts in a run; None where there is nothing to say.

    Example:
        >>> leak_note("runs/never-made") is None
        True
    """
    images, held = leaking_images(run)
    return describe_leaking(images, held) if images else None
