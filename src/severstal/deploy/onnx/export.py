"""Export of a model to one ONNX file, which is only kept where it draws the same masks.

torch has two exporters: one traces by TorchScript, in a second, and misses what depends on the picture's
size in some networks; `torch.export` takes ten times as long and misses others. Each is tried in turn, and
judged by what its file answers on pictures of several sizes.
"""

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from severstal.deploy.agreement import Agreement, compare_models
from severstal.deploy.model import Model, ModelDescription
from severstal.deploy.onnx.graph import ModelGraph
from severstal.deploy.onnx.model import INPUT, KEY, OUTPUTS, OnnxModel
from severstal.deploy.torch_model import TorchModel
from severstal.errors import SeverstalError

logger = logging.getLogger("severstal")

Exporter = Literal["torchscript", "torch.export"]
_LARGEST_DIFFERENCE = 2.5 / 255  # of a probability; it judges pictures without a mask too
_OPSET = 18  # the newest that the TorchScript exporter writes; it has everything that the graph needs


@dataclass(frozen=True)
class ExportRecord:
    """What was compared before the file was kept.

    Attributes:
        exporter: the exporter of torch that made it.
        agreement: agreement of torch and ONNX Runtime.
        pictures: which pictures were compared, in words.
        packages: versions of torch, onnx and onnxruntime.
    """

    exporter: Exporter
    agreement: Agreement
    pictures: str
    packages: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return {
            "exporter": self.exporter,
            "opset": _OPSET,
            "pictures": self.pictures,
            "masks_equal": self.agreement.masks_differing == 0,
            "agreement": self.agreement.to_json(),
            "packages": self.packages,
        }


def export_onnx(model: TorchModel, path: Path, pictures: Sequence[np.ndarray], source: str) -> ExportRecord:
    """Write a model as an ONNX file from grey bytes to probabilities, and compare it with torch.

    Batch, height and width are free. Nothing is left at `path` where the masks differ, or a
    probability by more than 2 of 255 steps.

    Args:
        model: model on the CPU, in fp32.
        path: path of the new file.
        pictures: pictures to compare the answers on, (H, W) uint8 of several sizes, or (H, W, 3) of colours.
        source: which pictures these are, in words.

    Raises:
        SeverstalError: onnx, onnxscript or onnxruntime is not installed; the rules need torch; no exporter
            takes the networks; or the masks differ. The line names the reason of each exporter.
    """
    packages = _installed()
    if model.description.rules.need_pictures:
        raise SeverstalError("the rules have a CRF, which torch computes: leave out --onnx, or set crf = 0")
    graph = ModelGraph(model.members, model.combiner).eval()
    reasons = []
    for exporter in ("torchscript", "torch.export"):
        try:
            _write(graph, path, exporter, model.description)
            agreement = _compare(model, OnnxModel(model.description, path), pictures)
        except SeverstalError as error:
            reasons.append(f"{exporter}: {error}")
        else:
            if agreement.masks_differing == 0 and agreement.probability <= _LARGEST_DIFFERENCE:
                return ExportRecord(exporter, agreement, source, packages)
            reasons.append(f"{exporter}: on {agreement}")
        path.unlink(missing_ok=True)
        logger.info("ONNX by %s", reasons[-1])
    raise SeverstalError(f"no ONNX file is written, {'; '.join(reasons)}: leave out --onnx")


def _compare(model: TorchModel, other: Model, pictures: Sequence[np.ndarray]) -> Agreement:
    """Compare single pictures, and a batch with its parts."""
    agreement = compare_models(model, other, pictures)
    pair = np.stack([pictures[0], pictures[0][::-1]])
    together, one = other.probabilities(pair), other.probabilities(pair[1:])
    if together.maps.shape[0] != 2 or np.abs(together.maps[1:].astype(int) - one.maps).max() > 1:
        raise SeverstalError("a batch of two pictures gets another answer than each of them")
    return agreement


def _write(graph: ModelGraph, path: Path, exporter: Exporter, description: ModelDescription) -> None:
    """Export, and put the model's key into the file.

    Raises:
        SeverstalError: the exporter fails.
    """
    import onnx

    networks = [network for member in graph.members for network in member.networks]
    scale = max(member.recipe.data.scale for member in graph.members)
    side = scale * max(64, *(max(network.stride, network.smallest) for network in networks))
    colours = () if description.spec.channels == 1 else (description.spec.channels,)
    example = torch.randint(0, 256, (2, side, side * 3 // 2, *colours), dtype=torch.uint8)
    count = len(OUTPUTS) if graph.combined or graph.members[0].several else len(OUTPUTS) - 1
    names = {"input_names": [INPUT], "output_names": list(OUTPUTS[:count]), "opset_version": _OPSET}
    if exporter == "torchscript":
        free = dict(enumerate(("batch", "height", "width")))
        maps = {0: "batch", 2: "map_height", 3: "map_width"}
        named = {INPUT: free, "maps": maps, "classes": {0: "batch"}, "finite": {0: "batch"}, "spread": maps}
        kept = {name: named[name] for name in (INPUT, *OUTPUTS[:count])}
        options: dict[str, Any] = {"dynamo": False, "dynamic_axes": kept}
    else:
        free = dict.fromkeys(range(3), torch.export.Dim.DYNAMIC)
        free |= dict.fromkeys(range(3, example.ndim), torch.export.Dim.STATIC)
        options = {"dynamo": True, "dynamic_shapes": (free,), "external_data": False, "verbose": False}
    buffer = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings(), _silenced():
        warnings.simplefilter("ignore")
        try:
            program = torch.onnx.export(
                graph, (example,), None if options["dynamo"] else buffer, **names, **options
            )
        except Exception as error:  # each layer of the exporters has errors of its own
            raise SeverstalError(_reason(error)) from error
    proto = program.model_proto if options["dynamo"] else onnx.load_from_string(buffer.getvalue())
    onnx.helper.set_model_props(proto, {KEY: description.key})
    proto.doc_string = ""
    for node in proto.graph.node:
        node.doc_string = ""  # which holds the source lines that it was traced from, with their folders
        del node.metadata_props[:]
    del proto.graph.metadata_props[:]
    path.write_bytes(proto.SerializeToString())


def _installed() -> dict[str, str]:
    try:
        import onnx
        import onnxruntime
        import onnxscript
    except ImportError as error:
        raise SeverstalError(
            f"--onnx needs the package {error.name}, which is not installed: pip install 'severstal[onnx]'"
        ) from error
    found = (torch, onnx, onnxruntime, onnxscript)
    return {module.__name__: module.__version__ for module in found}


def _reason(error: Exception) -> str:
    """The first words of an exporter's error; of torch.export's the cause."""
    cause = error.__cause__ or error
    text = " ".join(f"{type(cause).__name__}: {cause}".split())
    return text if len(text) <= 200 else text[:200] + "..."


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Keep what the exporters print and log from the user, also what their C++ parts write."""
    noisy = ("torch.onnx", "torch.export", "torch.fx", "onnxscript", "onnx_ir")
    loggers = [logging.getLogger(name) for name in noisy]
    before = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL)
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(stream) for stream in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        for stream, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, stream)
            os.close(copy)
        os.close(nowhere)
        for each, level in zip(loggers, before, strict=True):
            each.setLevel(level)
