"""A model computed by ONNX Runtime on the CPU; torch is not imported."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from severstal.deploy.model import ModelDescription, ModelOutput
from severstal.errors import SeverstalError, import_fault
from severstal.threads import available_cores

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

INPUT = "pictures"
OUTPUTS = ("maps", "classes", "finite", "spread")
KEY = "severstal.key"
"""The entry of a file's metadata that says which model it was made from."""

_CPU_BATCH = 2


class OnnxModel:
    """Predicts by the graph that `onnx.export` wrote.

    Args:
        description: description of the model.
        path: path of the file.

    Attributes:
        description, batch_size, device: see `deploy.model.Model`.

    Raises:
        SeverstalError: onnxruntime is not installed, cannot open the file, or the file is of another model.
    """

    def __init__(self, description: ModelDescription, path: str | Path) -> None:
        self.description, self.batch_size, self.device = description, _CPU_BATCH, "cpu"
        self._session = open_session(path)
        self._outputs = [output.name for output in self._session.get_outputs()]
        inputs = [(each.name, each.type, len(each.shape)) for each in self._session.get_inputs()]
        axes = 3 if description.spec.channels == 1 else 4
        if inputs != [(INPUT, "tensor(uint8)", axes)] or tuple(self._outputs) not in (OUTPUTS, OUTPUTS[:-1]):
            raise SeverstalError(f"{path}: not a model of this project: pack the release again with --onnx")
        if self._session.get_modelmeta().custom_metadata_map.get(KEY) != description.key:
            raise SeverstalError(f"{path}: made from another model: pack the release again with --onnx")

    def probabilities(self, pictures: np.ndarray) -> ModelOutput:
        """Predict a batch; see `deploy.model.Model.probabilities`."""
        try:
            said = dict(zip(self._outputs, self._session.run(None, {INPUT: pictures}), strict=True))
        except Exception as error:  # onnxruntime has no common class for what may fail
            height, width = pictures.shape[1:3]
            reason = str(error).splitlines()[0][:200]
            raise SeverstalError(
                f"ONNX Runtime failed on {len(pictures)} pictures of {height} x {width} ({reason}): give "
                "smaller pictures or tiles"
            ) from error
        if not said["finite"].all():
            raise SeverstalError(
                f"picture {int(np.argmin(said['finite'])) + 1}: the output of a network is non-finite: "
                "train it again with a lower training.learning_rate"
            )
        return ModelOutput(said["maps"], said["classes"], said.get("spread"))


def open_session(path: str | Path) -> "InferenceSession":
    """Open an ONNX file on the CPU, by as many threads as OMP_NUM_THREADS or the machine allows.

    The file is read first and handed over as bytes, so that no tensor in it can name another file.

    Raises:
        SeverstalError: onnxruntime is not installed, or cannot open the file.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise SeverstalError(
            f"{path}: needs ONNX Runtime, which {import_fault(error, 'onnxruntime')}: pip install onnxruntime"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # warnings about folded constants are of no use to a user
    # A waiting thread that spins takes the core from other programs, see docs/performance.md.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Where tensors outside of the file are looked for: nowhere, instead of in the working folder.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", os.devnull)
    try:
        return onnxruntime.InferenceSession(
            Path(path).read_bytes(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime has no common class for what may fail
        reason = str(error).splitlines()[0][:200]
        raise SeverstalError(f"{path}: ONNX Runtime cannot open it ({reason}): pack it again") from error


def _threads() -> int:
    chosen: Any = os.environ.get("OMP_NUM_THREADS", "")
    return int(chosen) if chosen.isdigit() and int(chosen) > 0 else available_cores()
