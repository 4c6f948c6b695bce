"""The inputs of each stage, stated once: one pure function per stage, which returns a JSON object.

Running a stage, skipping it, and judging from a folder's files alone whether a result is current all call
these. Settings enter as what differs from the defaults, so that a new setting changes no earlier run.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from severstal.decision.summary import SUMMARY_EDITION
from severstal.recipe import Recipe
from severstal.recipe.meaning import MEANING, differing

Inputs = dict[str, Any]
Part = Literal["oof", "test"]

SECTIONS = ("seed", "sampling", "augment", "model", "loss", "phases")
DATA = ("scale", "mean", "std", "local_contrast")
ASIDE = ("workers", "tensorboard")  # of [training]: they change the speed and what is shown


def duplicates(pictures: str) -> Inputs:
    """Near-duplicates depend on the labelled pictures, by their checksum."""
    return {"pictures": pictures}


def copies(train: str, test: str) -> Inputs:
    """Near-duplicates across training and test set depend on the pictures of both."""
    return {"train": train, "test": test}


def likeness(train: str, test: str, groups: Sequence[int], seed: int) -> Inputs:
    """Likeness to the test set depends on both sets of pictures and the groups of near-duplicates."""
    return {"train": train, "test": test, "groups": list(groups), "seed": seed}


def folds(
    recipe: Recipe, labels: str, duplicates: str, likeness: str | None, given: str | None = None
) -> Inputs:
    """The split depends on labels, near-duplicates, likeness and a user's own folds, by their checksums."""
    stated = {
        "labels": labels,
        "folds": recipe.data.folds,
        "seed": recipe.fold_seed,
        "duplicates": duplicates,
        "likeness": likeness,
    }
    # Named only where it differs from the default, so that earlier runs stay current.
    if not recipe.data.group_duplicates:
        stated["group_duplicates"] = False
    return stated if given is None else stated | {"given": given}


def training(
    recipe: Recipe,
    fold: int,
    *,
    folds: str,
    pictures: str,
    labels: str,
    encoder: str | None,
    pseudo: Inputs | None = None,
    teacher: Inputs | None = None,
) -> Inputs:
    """A training depends on the settings of network, crops and optimizer, on the pictures and the split.

    Args:
        recipe: recipe of the training.
        fold: number of the held-out fold.
        folds: checksum of the split.
        pictures: checksum of the labelled pictures.
        labels: checksum of the labels.
        encoder: checksum of the file of pretrained weights; None for weights by name.
        pseudo: inputs of the pseudo-labels, of a round that learns from them, as `pseudo_labels_learnt`
            states them.
        teacher: inputs of a training that distils, as `teacher` states them.
    """
    settings = recipe.to_dict()
    kept = {key: settings[key] for key in SECTIONS}
    kept["data"] = {key: settings["data"][key] for key in DATA if key in settings["data"]}
    kept["training"] = {key: value for key, value in settings["training"].items() if key not in ASIDE}
    return {
        "settings": differing(kept),
        "meaning": MEANING,
        "encoder": encoder,
        "pictures": pictures,
        "labels": labels,
        "folds": folds,
        "fold": fold,
        **({} if pseudo is None else {"pseudo": pseudo}),
        **({} if teacher is None else {"teacher": teacher}),
    }


def teacher(recipe: Recipe, *, oof: str, test: str | None) -> Inputs:
    """A training that distils depends on how its losses are weighted, and on the teacher's maps.

    Args:
        recipe: recipe of the student; its `distill` settings are read.
        oof: checksum of the teacher's out-of-fold maps.
        test: checksum of its test maps; None where the student learns from none.
    """
    return {"distill": recipe.to_dict()["distill"], "oof": oof, "test": test}


def resuming(training: Inputs) -> Inputs:
    """The inputs that a training must share with the interrupted one that it resumes.

    The number of micro-batches may differ: it is what a user raises where memory has run out.
    """
    settings = dict(training["settings"])
    if "training" in settings:
        settings["training"] = {
            key: value for key, value in settings["training"].items() if key != "accumulate"
        }
    return training | {"settings": settings}


def pseudo_labels(recipe: Recipe, *, weights: str, pictures: str, held_out: str) -> Inputs:
    """Pseudo-labels depend on the network, the test pictures, and what a picture must fulfil to be taken."""
    settings = recipe.to_dict()
    views = ("flips", "shifts", "scales", "map_scale")
    asked = ("confidence", "confident_pixels", "edge")
    return {
        "weights": weights,
        "inference": {key: settings["inference"][key] for key in views},
        "pseudo": {key: settings["pseudo"][key] for key in asked},
        "pictures": pictures,
        "held_out": held_out,
    }


def pseudo_labels_learnt(recipe: Recipe, *, labels: str, pictures: str) -> Inputs:
    """A round that learns from pseudo-labels depends on these, and on their share of a batch."""
    return {"share": recipe.pseudo.share, "labels": labels, "pictures": pictures}


def maps(
    recipe: Recipe, part: Part, *, weights: Sequence[str], pictures: str, folds: str | None = None
) -> Inputs:
    """Probability maps depend on weights, pictures and views; out of fold on the split too.

    Args:
        recipe: recipe; its `inference` settings are read.
        part: "oof" or "test".
        weights: checksum of each fold's weights.
        pictures: checksum of the pictures.
        folds: checksum of `folds.csv`; only for "oof".
    """
    inference = {key: value for key, value in recipe.to_dict()["inference"].items() if key != "batch_size"}
    found: Inputs = {"weights": list(weights), "pictures": pictures, "inference": inference}
    return found | {"folds": folds} if part == "oof" else found


def combiner(
    mode: str, weights: str | Sequence[float], power: float, *, maps: Sequence[str], labels: str
) -> Inputs:
    """The mean over members depends on how it is taken, on the members' maps and on the labels."""
    kept = weights if isinstance(weights, str) else list(weights)
    found: Inputs = {"maps": list(maps), "mode": mode, "weights": kept, "power": power, "labels": labels}
    # The first edition judged weights on the folds that they were selected on.
    return found | {"by_fold": True} if weights == "selected" else found


def summary(*, maps: str, labels: str) -> Inputs:
    """The summary of out-of-fold maps depends on these and on the labels."""
    return {"maps": maps, "labels": labels, "edition": SUMMARY_EDITION}


def rules(recipe: Recipe, *, summary: str, folds: str, labels: str, choice: str | None = None) -> Inputs:
    """Rules depend on the summary, the split, the labels and the `decision` settings.

    Args:
        recipe: recipe; its `decision` settings are read.
        summary: checksum of the summary's file.
        folds: checksum of `folds.csv`.
        labels: checksum of the labels.
        choice: choice among the rules that replaces the recipe's.
    """
    decision = recipe.to_dict()["decision"]
    if choice is not None:
        decision["choice"] = choice
    return {
        "summary": summary,
        "folds": folds,
        "labels": labels,
        "decision": decision,
        "seed": recipe.fold_seed,
    }


def submission(*, maps: str, rules: str, sample: str | None) -> Inputs:
    """The masks of the test images depend on their maps, the rules, and the sample submission's order."""
    return {"maps": maps, "rules": rules, "sample": sample}


def scorecard(
    *,
    pairs: str,
    search: str,
    maps: str | None,
    submission: str | None,
    truth: str | None,
    copies: Sequence[str] = (),
) -> Inputs:
    """A scorecard depends on pairs and search out of fold, on the test masks, and on their truth if known.

    What it says of near-duplicates across the split is named only where there is any, so that the scorecards
    of earlier runs stay current.
    """
    found: Inputs = {
        "pairs": pairs,
        "search": search,
        "maps": maps,
        "submission": submission,
        "truth": truth,
    }
    return found | {"copies": list(copies)} if copies else found


def comparable(inputs: Mapping[str, Any]) -> Inputs:
    """Inputs as they are compared: settings without defaults, whichever edition wrote them.

    Example:
        >>> comparable({"inference": {"map_scale": 2}, "sense": "mean"})
        {'inference': {}, 'mode': 'mean', 'meaning': 1}
    """
    found = {("mode" if key == "sense" else key): value for key, value in inputs.items()}
    if isinstance(found.get("settings"), Mapping):
        found["settings"] = differing(found["settings"])
    for section in ("inference", "decision", "pseudo"):
        if isinstance(found.get(section), Mapping):
            found[section] = differing({section: found[section]}).get(section, {})
    return found | {"meaning": found.get("meaning", 1)}
