"""Estimate of the duration of a training, before it begins."""

from typing import Annotated

from severstal.cli.arguments import InputFolder, Recipe, optional
from severstal.errors import SeverstalError


def plan(
    recipe: Recipe,
    input: InputFolder = None,
    hours: Annotated[float, optional("NUMBER")] = 9.0,
    device: Annotated[str | None, optional("NAME")] = None,
) -> None:
    """Estimate which folds, epochs and members of a training fit into sessions of limited length.

    A few steps of each network are timed here and scaled by the ratio of the device's speed to this
    machine's, which the output states. The estimate depends on the device's data sheet and one assumption;
    the first epoch on the device itself gives a better one. Train with `severstal train RECIPE --hours
    NUMBER`: it stops in time, and resumes in the next session from the saved output.

    Args:
        recipe: name of a recipe (see `severstal recipes`) or a TOML file.
        input: input folder in Kaggle's layout, for the number and size of its images; by default those of
            the competition: 12,568 labelled and 5,506 test images.
        hours: length of a session, 9 by default as on Kaggle.
        device: t4, t4x2, l4, v100, a100 or h100; by default this machine.
    """
    from dataclasses import replace

    from severstal.competition.folder import open_input
    from severstal.competition.spec import SEVERSTAL
    from severstal.data.download.competition import TEST_IMAGES, TRAIN_IMAGES
    from severstal.experiments.gpus import REACHED, find_gpu
    from severstal.experiments.sessions import estimate_training, measure_networks, measure_ratio
    from severstal.report.columns import format_columns
    from severstal.runs.opening import choose_recipe

    if not hours > 0:
        raise SeverstalError(f"--hours is {hours:g}: give more than 0")
    gpu = None if device is None else find_gpu(device)
    loaded, spec, images, test = choose_recipe(recipe), SEVERSTAL, TRAIN_IMAGES, TEST_IMAGES
    if input is not None:
        data = open_input(input)
        names = data.train_names()
        # Times are measured on pictures of one size.
        spec, images = replace(data.spec, image_shape=data.spec.typical_shape(names)), len(names)
        test = len(data.test_names()) if data.has_test else 0
    times = measure_networks(loaded, spec, images)
    found = estimate_training(loaded, times, images, test, measure_ratio(gpu), hours)
    rows = [("session", "network", "fold", "epochs", "hours")]
    rows += [
        (str(part.session), part.network, str(part.fold), f"{part.first} to {part.last}", f"{part.hours:.2f}")
        for part in found.parts
    ]
    print(*format_columns(rows, right={0, 2, 4}), sep="\n")
    speeds = ", ".join(f"{name} {rate:.3g}" for name, rate in found.crops.items())
    print(
        f"{found.hours:.2f} h of training in {found.sessions} sessions of {hours:g} h, "
        f"{found.prediction:.2f} h of prediction after it",
        f"crops per second, which the loader has to keep up with: {speeds}",
        sep="\n",
    )
    if gpu is not None:
        print(
            f"{device}: {found.ratio:.3g} times this machine, as {gpu.count} x {gpu.peak:g} TFLOP/s of "
            f"which {REACHED:.0%} are assumed to be reached"
        )
