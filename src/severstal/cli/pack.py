"""A release of a run: a folder that opens on any machine."""

from severstal.cli.arguments import Folder, InputFolder, Runs


def pack(
    runs: Runs,
    output: Folder,
    fp16: bool = False,
    onnx: bool = False,
    input: InputFolder = None,
) -> None:
    """Pack a run or an ensemble as a release: one folder of weights, rules, model card and checksums.

    `severstal.load` and `severstal segment` open it on a machine that has neither the run nor its data. It
    contains no image and no path of this machine.

    Args:
        runs: folder of a tuned run or ensemble, runs/NAME; several stand for their tuned ensemble.
        output: folder to write; it must be new or empty.
        fp16: round the weights to fp16, half the size; prints how the masks of some images change.
        onnx: also write model.onnx, which runs without torch; an error if its masks differ from torch's.
        input: input folder whose images the release is compared on; by default the run's own, if it exists,
            else synthetic images.
    """
    from severstal.deploy.release.packing import pack_release

    packed = pack_release(runs, output, fp16, onnx, input)
    print(f"{packed.folder}: {packed.networks} networks, {packed.size / 1e6:.1f} MB")
    if fp16:
        change = (
            "no pictures at hand: the change of the masks was not measured"
            if packed.fp16 is None
            else packed.fp16
        )
        print(f"fp16 against fp32: {change}")
    if packed.onnx is not None:
        print(f"ONNX against torch, {packed.onnx.pictures}: {packed.onnx.agreement}")
