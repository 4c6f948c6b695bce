"""Would OpenVINO or int8 pay? Both beside ONNX Runtime in fp32, on the network of one fold.

    pip install openvino
    python benchmarks/onnx_alternatives.py RUN [--fold 0] [--pictures 48] [--calibration 24] [--threads 1]

The fold's network is exported as `severstal pack --onnx` does it. OpenVINO compiles the same file, in fp32.
For int8, ONNX Runtime quantises the convolutions statically (QDQ, one scale per channel of the weights), with
the ranges of activations from pictures that the fold was trained on. All take turns on pictures that the fold
was validated on, one picture per call. Printed are processor and wall time per picture, and the Dice out of
fold at 0.5, over the pairs with a defect.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession, SessionOptions
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from severstal.data.arrays import unpack
from severstal.deploy.model import ModelMember
from severstal.deploy.onnx.export import export_onnx
from severstal.deploy.onnx.model import INPUT, OUTPUTS
from severstal.deploy.run_model import open_run_model
from severstal.deploy.torch_model import TorchModel
from severstal.inference.maps import enlarge
from severstal.pipeline.folds import open_folds
from severstal.runs.opening import open_run

Maps = Callable[[np.ndarray], np.ndarray]
"""From (H, W) uint8 to the maps, (C, h, w) uint8."""


class Calibration(CalibrationDataReader):
    """Pictures for the ranges of activations, one at a time."""

    def __init__(self, pictures: list[np.ndarray]) -> None:
        self._pictures: Iterator[np.ndarray] = iter(pictures)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next input, or None at the end."""
        picture = next(self._pictures, None)
        return None if picture is None else {INPUT: picture[None]}


def of_fold(model: TorchModel, fold: int) -> TorchModel:
    """The model of one fold's network alone."""
    [member] = model.members
    description = model.description
    only = ModelMember(description.members[0].name, 1, description.members[0].data)
    model.members = [replace(member, networks=[member.networks[fold]])]
    model.description = replace(description, members=(only,))
    return model


def by_onnxruntime(path: Path, threads: int) -> Maps:
    """ONNX Runtime on so many threads."""
    options = SessionOptions()
    options.intra_op_num_threads = threads
    session = InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda picture: session.run([OUTPUTS[0]], {INPUT: picture[None]})[0][0]


def by_openvino(path: Path, threads: int) -> Maps:
    """OpenVINO on so many threads, in fp32."""
    import openvino

    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1}
    compiled = openvino.Core().compile_model(str(path), "CPU", settings)
    request = compiled.create_infer_request()
    return lambda picture: request.infer({INPUT: picture[None]})[OUTPUTS[0]][0]


def quantised(path: Path, pictures: list[np.ndarray]) -> Path:
    """The file with int8 convolutions, beside the given one."""
    ready, made = path.with_name("ready.onnx"), path.with_name("int8.onnx")
    quant_pre_process(path, ready, skip_symbolic_shape=True)
    quantize_static(
        ready,
        made,
        Calibration(pictures),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv"],
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    return made


def main() -> None:
    """Print one line per runtime."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--fold", type=int, default=0)
    parser.add_argument("--pictures", type=int, default=48)
    parser.add_argument("--calibration", type=int, default=24)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    job = open_run(given.run)
    folds, spec = open_folds(job), job.spec
    defective = set(job.labels["ImageId"])
    held_out = [name for name in folds.held_out(given.fold) if name in defective][: given.pictures]
    learnt = [job.train_pictures.picture(name) for name in folds.training(given.fold)[: given.calibration]]
    model = of_fold(open_run_model(given.run, "cpu"), given.fold)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        record = export_onnx(model, path, learnt[:2], "training pictures")
        print(f"exported by {record.exporter}: {record.agreement}")
        sides = {"onnxruntime fp32": by_onnxruntime(path, given.threads)}
        if find_spec("openvino"):
            sides["openvino fp32"] = by_openvino(path, given.threads)
        sides["onnxruntime int8"] = by_onnxruntime(quantised(path, learnt), given.threads)
        spent = {side: np.zeros(2) for side in sides}
        dice: dict[str, list[float]] = {side: [] for side in sides}
        for maps in sides.values():
            maps(learnt[0])  # warms up
        for name in held_out:
            picture, truth = job.train_pictures.picture(name), unpack(job.masks[name], len(spec.classes))
            for side, maps in sides.items():
                start = np.array([time.process_time(), time.perf_counter()])
                found = maps(picture)
                spent[side] += np.array([time.process_time(), time.perf_counter()]) - start
                masks = enlarge(found, spec.shape_of(name)) >= 128
                for mask, true in zip(masks, truth.astype(bool), strict=True):
                    if true.any():
                        both = np.count_nonzero(mask & true)
                        dice[side].append(2 * both / (np.count_nonzero(mask) + np.count_nonzero(true)))
    first, count = "onnxruntime fp32", len(held_out)
    for side, (cpu, wall) in spent.items():
        ratios = spent[first] / spent[side]
        loss = np.mean(dice[side]) - np.mean(dice[first])
        print(f"{side:18s} {cpu / count * 1000:.1f} ms of CPU time, {wall / count * 1000:.1f} by the clock")
        print(f"{'':18s} {ratios[0]:.2f} and {ratios[1]:.2f} times as fast as {first}")
        print(f"{'':18s} Dice {np.mean(dice[side]):.4f} over {len(dice[side])} pairs, {loss:+.4f}")


if __name__ == "__main__":
    main()
