"""Compression of an ensemble into one network."""

from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from severstal.cli.arguments import InputFolder, OptionalNumber, Run, RunName


def distill(
    ensemble: Run,
    into: Annotated[str, arg(metavar="RECIPE")],
    input: InputFolder = None,
    name: RunName = None,
    hours: OptionalNumber = None,
) -> None:
    """Train one network on the labels and on the probabilities of an ensemble; results go to runs/NAME.

    Each labelled picture has the ensemble's out-of-fold map; with distill.unlabelled in the recipe, test
    pictures are trained on, too. The result is a run as any other: tune, submit, segment and pack take it.
    After an interruption the same command resumes.

    Args:
        ensemble: folder of the trained ensemble, or of a run, runs/NAME.
        into: recipe of the network to train, by name or TOML file; it must split the images into the same
            folds as the ensemble. Where it has no distill.weight, 0.5 is taken.
        input: input folder, if it has moved since training.
        name: name of the new run's folder in runs/; by default RECIPE-distilled-INPUT.
        hours: stop training between two epochs, before so many hours have passed, with exit code 1; the same
            command resumes there. By default train to the end.
    """
    from severstal import pipeline
    from severstal.training.deadline import Deadline

    deadline = None if hours is None else Deadline.within(hours)
    recipe = Path(into) if into.endswith(".toml") else into
    print(pipeline.distill(ensemble, recipe, input, name, deadline).job.folder)
