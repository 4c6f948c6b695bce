"""Weights that install with pip, against the reference network of the same project."""

from dataclasses import replace
from pathlib import Path

import pytest
import timm
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from severstal.errors import SeverstalError
from severstal.files import checksum
from severstal.models import packaged
from severstal.models.packaged import WEIGHTS_PACKAGES, convert_package, find_package, is_installed
from severstal.models.registry import build_model
from severstal.models.weights import find_weights

LITE0 = WEIGHTS_PACKAGES["tu-tf_efficientnet_lite0"]
REFERENCE_SIZES = {"lite0": 224, "lite1": 240, "lite2": 260}  # elsewhere the reference pads otherwise

installed = pytest.mark.skipif(
    not all(map(is_installed, WEIGHTS_PACKAGES.values())), reason="the extra `weights` is not installed"
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv(packaged.WEIGHTS_VARIABLE, str(tmp_path / "weights"))
    return tmp_path / "weights"


@pytest.fixture
def fake(tmp_path, monkeypatch) -> packaged.WeightsPackage:
    """A package of weights as pip would leave it, of a tiny network."""
    state = {f"_{name}": tensor for name, tensor in timm.create_model("test_resnet").state_dict().items()}
    path = tmp_path / "site" / "tiny_weights" / "models" / "tiny.pth"
    path.parent.mkdir(parents=True)
    (path.parents[1] / "__init__.py").write_text("raise RuntimeError('the code of the package is not run')\n")
    torch.save(state, path)
    information = tmp_path / "site" / "tiny_weights-1.2.0.dist-info" / "METADATA"
    information.parent.mkdir()
    information.write_text("Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.2.0\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    return packaged.WeightsPackage(
        encoder="tu-test_resnet",
        tag="r160_in1k",
        distribution="tiny-weights",
        version="1.2.0",
        file="tiny_weights/models/tiny.pth",
        sha256=checksum(path),
        size=path.stat().st_size,
    )


def test_a_package_is_converted_once(fake, folder):
    path = convert_package(fake)
    made = path.stat()
    network = timm.create_model("test_resnet", pretrained_cfg_overlay={"file": str(path)}, pretrained=True)
    source = torch.load(packaged._package_file(fake), weights_only=True)
    for own, theirs in zip(network.state_dict().values(), source.values(), strict=True):
        assert torch.equal(own, theirs)
    assert convert_package(fake).stat().st_mtime_ns == made.st_mtime_ns
    assert [entry.name for entry in folder.iterdir()] == [path.name]


@pytest.mark.parametrize("fault", ["cut", "of another source", "not safetensors"])
def test_a_faulty_converted_file_is_made_again(fault, fake):
    path = convert_package(fake)
    whole = path.read_bytes()
    match fault:
        case "cut":
            path.write_bytes(whole[:1000])
        case "of another source":
            save_file({"a": torch.zeros(1)}, path, {"source_sha256": "0" * 64})
        case "not safetensors":
            path.write_text("<html>")
    assert convert_package(fake).read_bytes() == whole


def test_another_version_is_one_line(fake):
    other = replace(fake, version="1.3.0")
    with pytest.raises(SeverstalError, match=r"1\.2\.0 is installed .*tiny-weights==1\.3\.0") as caught:
        convert_package(other)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fault", ["changed", "missing"])
def test_a_faulty_package_is_one_line(fault, fake):
    path = packaged._package_file(fake)
    if fault == "changed":
        path.write_bytes(path.read_bytes() + b"\0")
    else:
        path.unlink()
    with pytest.raises(SeverstalError, match=r"tiny\.pth: is .*--force-reinstall") as caught:
        convert_package(fake)
    assert "\n" not in str(caught.value)


def test_a_pickle_of_code_is_not_run(fake, tmp_path):
    class Payload:
        def __reduce__(self):
            return Path.touch, (tmp_path / "run",)

    path = packaged._package_file(fake)
    torch.save({"a": Payload()}, path)
    with pytest.raises(Exception, match="weights_only"):
        convert_package(replace(fake, sha256=checksum(path)))
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_written_is_one_line(fake, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(packaged.WEIGHTS_VARIABLE, str(tmp_path / "file" / "weights"))
    with pytest.raises(SeverstalError, match=f"set {packaged.WEIGHTS_VARIABLE} to a folder") as caught:
        convert_package(fake)
    assert "\n" not in str(caught.value)


def test_tensors_that_do_not_fit_are_refused(fake):
    with pytest.raises(SeverstalError, match="its 1 tensors do not fit"):
        packaged.name_in_order({"a": torch.zeros(1)}, fake)


def test_the_packed_file_serves_without_the_package(fake, monkeypatch):
    path = convert_package(fake)
    monkeypatch.setattr(packaged, "WEIGHTS_PACKAGES", {})
    monkeypatch.setattr("sys.path", [])
    target = packaged.packed_path("tu-test_resnet.r160_in1k", "imagenet")
    path.rename(target)
    assert find_weights("tu-test_resnet.r160_in1k", "imagenet") == target


@pytest.mark.parametrize("name", ["resnet18", "tu-tf_efficientnet_lite3", "tu-tf_efficientnet_lite0.other"])
def test_other_weights_have_no_package(name):
    assert find_package(name, "imagenet") is None
    assert find_package("tu-tf_efficientnet_lite0", "none") is None


@installed
@pytest.mark.parametrize("package", WEIGHTS_PACKAGES.values(), ids=lambda package: package.encoder[-5:])
def test_outputs_are_those_of_the_reference_bit_for_bit(package):
    reference = pytest.importorskip("efficientnet_lite_pytorch").EfficientNet
    kind = package.encoder[-5:]
    theirs = reference.from_name(f"efficientnet-{kind}")
    theirs.load_state_dict(torch.load(packaged._package_file(package), weights_only=True))
    ours = timm.create_model(
        package.encoder.removeprefix("tu-"),
        pretrained=True,
        pretrained_cfg_overlay={"file": str(find_weights(package.encoder, "imagenet"))},
    )
    torch.manual_seed(0)
    pictures = torch.randn(2, 3, REFERENCE_SIZES[kind], REFERENCE_SIZES[kind])
    with torch.inference_mode():
        assert torch.equal(ours.eval()(pictures), theirs.eval()(pictures))


@installed
@pytest.mark.parametrize("package", WEIGHTS_PACKAGES.values(), ids=lambda package: package.encoder[-5:])
def test_a_network_by_name_has_the_weights(package):
    network = build_model("fpn", package.encoder, "imagenet")
    with safe_open(find_weights(package.encoder, "imagenet"), "pt") as file:
        expected = file.get_tensor("blocks.6.0.conv_dw.weight")
    state = network.body.encoder.state_dict()
    (found,) = (state[key] for key in state if key.endswith("blocks.6.0.conv_dw.weight"))
    assert torch.equal(found, expected)


@installed
def test_the_checked_file_is_the_installed_one():
    path = packaged._package_file(LITE0)
    assert (path.stat().st_size, checksum(path)) == (LITE0.size, LITE0.sha256)
