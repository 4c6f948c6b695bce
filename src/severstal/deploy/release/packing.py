"""Packing a run or an ensemble as a release: a folder that opens anywhere."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from severstal.competition.folder import InputFolder, open_input
from severstal.competition.spec import Spec
from severstal.data.folds import load_folds
from severstal.deploy.agreement import Agreement, compare_models
from severstal.deploy.model import ModelDescription
from severstal.deploy.onnx.export import ExportRecord, export_onnx
from severstal.deploy.release.card import CardFacts, model_card
from severstal.deploy.release.contents import (
    CARD_FILE,
    COMBINER_FILE,
    ONNX_FILE,
    PARITY_FILE,
    weights_file,
    write_contents,
)
from severstal.deploy.release.manifest import ReleaseFiles, write_release_files
from severstal.deploy.release.opening import open_release_weights
from severstal.deploy.release.scores import current_scores
from severstal.deploy.run_model import open_run_model
from severstal.deploy.torch_model import TorchModel
from severstal.deploy.trial_pictures import odd_crops, picture_source, trial_pictures
from severstal.device import choose_device
from severstal.errors import SeverstalError
from severstal.files import atomic_folder, digest, read_json, write_json, write_text
from severstal.models.checkpoint import read_tensors, write_tensors
from severstal.runs.folder import read_run
from severstal.runs.layout import RunFiles
from severstal.runs.members import read_ensemble

logger = logging.getLogger("severstal")


@dataclass(frozen=True)
class PackedRelease:
    """A release that was written.

    Attributes:
        folder: folder of the release.
        networks: how many networks it holds.
        size: size of all files, in bytes.
        fp16: agreement of the weights in fp16 with those before; None where they were kept, or where no
            pictures were at hand to measure it on.
        onnx: the record of the export; None without an ONNX file.
    """

    folder: Path
    networks: int
    size: int
    fp16: Agreement | None
    onnx: ExportRecord | None


def pack_release(
    runs: Sequence[str | Path],
    output: str | Path,
    fp16: bool = False,
    onnx: bool = False,
    input: str | Path | None = None,
) -> PackedRelease:
    """Write a release of a run or an ensemble.

    Args:
        runs: folder of a run or an ensemble, `runs/NAME`; several name the ensemble that was tuned of them.
        output: new folder, which is written as a whole.
        fp16: round the weights to fp16, half the size.
        onnx: also write one ONNX file of the whole model.
        input: input folder whose pictures the result is tried on; None takes the run's own where it is there.

    Raises:
        SeverstalError: a run is unfinished or damaged, the folder holds something, a weight exceeds fp16, or
            the model cannot be exported. Nothing is left then.
    """
    run = _choose_run(runs)
    model = open_run_model(run, "cpu")
    data = _pictures_of(run, model.description.spec, input)
    pictures = trial_pictures(data, model.description.spec)
    folders = list(read_ensemble(run).members) if RunFiles(run).is_ensemble else [run]
    description = (
        replace(model.description, key=digest([model.description.key, "fp16"])) if fp16 else model.description
    )
    with atomic_folder(output) as part:
        _write_weights(part, folders, model, fp16)
        recipes = [member.recipe for member in model.members]
        write_contents(part, description, recipes)
        if model.combiner is not None:
            model.combiner.save(part / COMBINER_FILE)
        packed = _on_cpu(_reopened(part, description))
        change = None
        if fp16 and data is not None:
            change = compare_models(_on_cpu(model), packed, pictures)
        record = None
        if onnx:
            tried = [*pictures, *odd_crops(pictures)]
            record = export_onnx(packed, part / ONNX_FILE, tried, picture_source(data))
            write_json(part / PARITY_FILE, record.to_json())
        facts = CardFacts(
            recipes=recipes,
            scores=current_scores(run),
            environment=_environment(folders[0]),
            images=_labelled_images(folders[0]),
            fp16=fp16,
            fp16_agreement=change,
            onnx=None if record is None else record.to_json(),
        )
        write_text(part / CARD_FILE, model_card(description, facts))
        write_release_files(part)
        size = sum(path.stat().st_size for path in part.iterdir())
    networks = sum(member.networks for member in description.members)
    return PackedRelease(Path(output), networks, size, change, record)


def _choose_run(runs: Sequence[str | Path]) -> Path:
    """The folder to pack: the one named, or the ensemble of several that lies beside them."""
    folders = [Path(run) for run in runs]
    if not folders:
        raise SeverstalError("no run is named: give at least one folder, runs/NAME")
    for folder in folders:
        read_run(folder)  # raises where it is none
    if len(folders) == 1:
        return folders[0]
    wanted = {folder.resolve() for folder in folders}
    for beside in sorted(folders[0].resolve().parent.iterdir()):
        files = RunFiles(beside)
        if not files.is_ensemble or not files.rules.is_file():
            continue
        if {member.resolve() for member in read_ensemble(beside).members} == wanted:
            return beside
    names = " ".join(folder.as_posix() for folder in folders)
    raise SeverstalError(
        f"{names}: no tuned ensemble of these runs lies beside them: search its rules by `severstal tune "
        f"{names}`, then pack again"
    )


def _pictures_of(run: Path, spec: Spec, input: str | Path | None) -> InputFolder | None:
    """The input folder given, else the run's own where it is still there."""
    root = read_run(run)[1] if input is None else Path(input)
    try:
        data = open_input(root)
    except SeverstalError:
        if input is None:
            return None
        raise
    if data.spec != replace(spec, name=data.spec.name):
        if input is None:
            return None
        raise SeverstalError(
            f"{root}: other classes, sizes or channels than the run's: give its own input folder"
        )
    return data


def _write_weights(part: Path, folders: Sequence[Path], model: TorchModel, fp16: bool) -> None:
    for number, (folder, member) in enumerate(zip(folders, model.members, strict=True), 1):
        for fold in range(len(member.networks)):
            source = RunFiles(folder).weights(member.recipe, fold)
            tensors, metadata = read_tensors(source)
            if fp16:
                tensors = {name: _rounded(tensor, name, source) for name, tensor in tensors.items()}
            write_tensors(tensors, part / weights_file(number, fold), metadata)


def _rounded(tensor: torch.Tensor, name: str, source: Path) -> torch.Tensor:
    """A tensor in fp16; whole numbers stay as they are."""
    if not tensor.is_floating_point():
        return tensor
    half = tensor.half()
    if not half.isfinite().all():
        raise SeverstalError(f"{source}: {name} exceeds the range of fp16: leave out --fp16")
    return half


def _reopened(part: Path, description: ModelDescription) -> TorchModel:
    """What the written weights give, opened as a release's are."""
    files = ReleaseFiles(part, frozenset(path.name for path in part.iterdir()))
    return open_release_weights(files, description, "cpu")


def _on_cpu(model: TorchModel) -> TorchModel:
    """The same networks in fp32 on the CPU."""
    return TorchModel(model.description, model.members, model.combiner, choose_device("cpu", "fp32"))


def _environment(run: Path) -> dict[str, object] | None:
    path = RunFiles(run).environment
    return read_json(path) if path.is_file() else None


def _labelled_images(run: Path) -> int | None:
    path = RunFiles(run).folds
    return len(load_folds(path)) if path.is_file() else None
