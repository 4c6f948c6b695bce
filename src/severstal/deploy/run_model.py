"""From the folder of a run, or of an ensemble of runs, to a model that torch computes."""

import math
from pathlib import Path

from severstal.competition.spec import Spec
from severstal.data.picture_statistics import PictureStatistics
from severstal.decision.rules import Rules
from severstal.deploy.model import ModelDescription, ModelMember
from severstal.deploy.torch_model import TorchMember, TorchModel
from severstal.device import choose_device
from severstal.errors import SeverstalError
from severstal.files import digest, read_json
from severstal.inference.ensemble import Combiner
from severstal.models.from_recipe import load_network
from severstal.recipe import Recipe
from severstal.runs.folder import read_run
from severstal.runs.layout import RunFiles
from severstal.runs.members import read_ensemble
from severstal.runs.record import file_checksum


def open_run_model(folder: str | Path, device: str | None = None) -> TorchModel:
    """Open a run or an ensemble of runs; neither its data nor its maps are needed.

    Args:
        folder: `runs/NAME`.
        device: device by torch's name, such as "cpu" or "cuda:1"; None takes the GPU where there is one.

    Raises:
        SeverstalError: the folder is not a run's; its training or tuning is unfinished; weights are missing
            or damaged. There is no falling back on random weights.
    """
    files = RunFiles(Path(folder))
    recipe, _, spec = read_run(folder)
    if not files.is_ensemble:
        folders, combiner = [files.folder], None
    else:
        folders = list(read_ensemble(folder).members)
        combiner = Combiner.load(files.combiner)
        if len(combiner.weights) != len(folders):
            raise SeverstalError(f"{files.combiner}: is of other members: search the rules again")
    recipes = [_read_member(each, spec) for each in folders]
    weights = [
        [RunFiles(each).weights(of_run, fold) for fold in range(of_run.data.train_folds)]
        for each, of_run in zip(folders, recipes, strict=True)
    ]
    rules = Rules.load(files.rules, spec)
    placement = choose_device(device, recipe.training.precision)
    members = [
        TorchMember(of_run, [load_network(of_run, spec, path) for path in paths])
        for of_run, paths in zip(recipes, weights, strict=True)
    ]
    scales = {of_run.inference.map_scale for of_run in recipes}
    strides = [network.stride * member.recipe.data.scale for member in members for network in member.networks]
    description = ModelDescription(
        name=files.folder.resolve().name,
        key=digest(
            [
                [[file_checksum(path) for path in paths] for paths in weights],
                [each.to_dict()["inference"] | each.to_dict()["data"] for each in recipes],
                None if combiner is None else combiner.maps_key([], held_out=False),
                rules.to_json(),
            ]
        ),
        spec=spec,
        rules=rules,
        members=tuple(
            ModelMember(each.resolve().name, len(member.networks), member.recipe.data)
            for each, member in zip(folders, members, strict=True)
        ),
        map_scale=scales.pop() if len(scales) == 1 else 1,
        stride=math.lcm(*strides, *scales),
        statistics=_statistics(folders[0]),
    )
    return TorchModel(description, members, combiner, placement)


def _read_member(folder: Path, spec: Spec) -> Recipe:
    recipe, _, of_member = read_run(folder)
    if of_member.channels != spec.channels:
        raise SeverstalError(
            f"{folder}: reads colours where the ensemble reads grey, or grey: train it again"
        )
    if of_member.classes != spec.classes:
        raise SeverstalError(f"{folder}: its classes are not those of the ensemble: train it again")
    return recipe


def _statistics(folder: Path) -> PictureStatistics | None:
    path = RunFiles(folder).statistics
    return PictureStatistics.from_json(read_json(path), str(path)) if path.is_file() else None
