"""ONNX Runtime as a model: without torch, and with a line for what it cannot open."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

import severstal
from severstal.deploy.onnx.export import export_onnx
from severstal.deploy.onnx.model import OnnxModel
from severstal.deploy.release.packing import pack_release
from severstal.deploy.torch_model import TorchModel
from severstal.errors import SeverstalError
from severstal.recipe import InferenceSettings

Make = Callable[..., TorchModel]
PLAIN = InferenceSettings(flips=("none",), map_scale=1)

WITHOUT_TORCH = """
import importlib.abc, json, sys

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "torchvision", "timm", "segmentation_models_pytorch", "onnx"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refuse())
import numpy as np
import severstal
from severstal.deploy.opening import open_model
model = open_model(sys.argv[1])
maps = [model.probabilities(np.load(path)[None]).maps.tolist() for path in sys.argv[2:]]
predictor = severstal.load(sys.argv[1])
masks = [predictor(np.load(path)).mask.tolist() for path in sys.argv[2:]]
assert not [name for name in sys.modules if name.split(".")[0] in ("torch", "timm", "albumentations")]
print(json.dumps({"kind": type(model).__name__, "maps": maps, "masks": masks}))
"""


def test_a_release_opens_without_torch(finished_folder: Path, tmp_path: Path) -> None:
    run = finished_folder / "runs/tiny-small"
    pack_release([run], tmp_path / "release", onnx=True, input=finished_folder / "small")
    record = json.loads((tmp_path / "release" / "onnx.json").read_text())
    assert record["masks_equal"] is True
    assert record["pictures"] == "test pictures"
    rng, paths = np.random.default_rng(0), []
    for place, shape in enumerate(((64, 96), (50, 71))):
        paths.append(tmp_path / f"{place}.npy")
        np.save(paths[-1], rng.integers(0, 256, shape, np.uint8))
    command = [sys.executable, "-c", WITHOUT_TORCH, str(tmp_path / "release"), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["kind"] == "OnnxModel"
    torch_model = severstal.deploy.opening.open_model(run, "cpu")
    predictor = severstal.load(run, device="cpu")
    for path, maps, mask in zip(paths, said["maps"], said["masks"], strict=True):
        theirs = torch_model.probabilities(np.load(path)[None]).maps
        assert np.abs(np.array(maps) - theirs).max() <= 1
        assert (np.array(mask) == predictor(np.load(path)).mask).all()


def test_a_file_of_another_model_is_refused(
    make_model: Make, pictures: Sequence[np.ndarray], tmp_path: Path
) -> None:
    from dataclasses import replace

    model = make_model((PLAIN, 1))
    export_onnx(model, tmp_path / "model.onnx", pictures, "drawn pictures")
    with pytest.raises(SeverstalError, match=r"model\.onnx: made from another model"):
        OnnxModel(replace(model.description, key="ffff"), tmp_path / "model.onnx")


def test_other_bytes_are_refused(make_model: Make, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    for data in (b"", b"not a model", bytes(range(256)) * 40):
        path.write_bytes(data)
        with pytest.raises(SeverstalError, match=r"model\.onnx: ONNX Runtime cannot open it") as refused:
            OnnxModel(make_model((PLAIN, 1)).description, path)
        assert "\n" not in str(refused.value)


def test_a_graph_of_other_shape_is_refused(make_model: Make, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    value = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy"]
    graph = onnx.helper.make_graph([node], "g", value[:1], value[1:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=8)
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(SeverstalError, match="not a model of this project"):
        OnnxModel(make_model((PLAIN, 1)).description, tmp_path / "model.onnx")


@pytest.mark.parametrize("location", ["/etc/hostname", "../secret.bin", "secret.bin"])
def test_no_tensor_reads_another_file(
    location: str, make_model: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    onnx = pytest.importorskip("onnx")
    folder = tmp_path / "release"
    folder.mkdir()
    for place in (folder, tmp_path):
        (place / "secret.bin").write_bytes(b"secret..")
    monkeypatch.chdir(folder)
    weight = onnx.TensorProto(name="w", data_type=onnx.TensorProto.UINT8, dims=[8])
    weight.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", "8")):
        weight.external_data.add(key=key, value=value)
    node = onnx.helper.make_node("Add", ["x", "w"], ["y"])
    value = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, [8]) for name in "xy"]
    graph = onnx.helper.make_graph([node], "g", value[:1], value[1:], [weight])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=8)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(SeverstalError, match="ONNX Runtime cannot open it"):
        OnnxModel(make_model((PLAIN, 1)).description, folder / "model.onnx")
