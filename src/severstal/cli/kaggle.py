"""A kit for a submission on Kaggle, where the internet is off."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional

from severstal.cli.arguments import Number, OptionalFolder, optional
from severstal.errors import SeverstalError

Models = Positional[Annotated[tuple[Path, ...], optional("RUN_OR_RELEASE...")]]
User = Annotated[str | None, optional("NAME")]


def kaggle(
    models: Models = (),
    output: OptionalFolder = None,
    user: User = None,
    hours: Number = 1.0,
    check: OptionalFolder = None,
) -> int:
    """Write what Kaggle's client uploads for a submission without internet: weights, wheels, a notebook.

    The notebook trains nothing. It first writes a valid all-empty submission.csv, runs one process per GPU,
    and drops views and then networks if time runs short.

    With --check: check such a kit, without a network; exit code 0 valid, 1 findings, 2 no kit.

    Args:
        models: folder of a release, or of a tuned run or ensemble; several stand for their tuned ensemble.
        output: folder to write; it must be new or empty.
        user: name of the Kaggle account, as in the URL of its profile.
        hours: hours that the notebook may take; the competition allows 1.
        check: check the kit in this folder instead of writing one.
    """
    if check is not None:
        if models or output is not None or user is not None:
            raise SeverstalError(
                "--check looks at a kit that is there: leave out the models, --output and --user"
            )
        from severstal.deploy.kaggle.check import check_kit

        findings = check_kit(check)
        print("\n".join(findings) if findings else f"{check}: no findings")
        return 1 if findings else 0
    if output is None or user is None:
        raise SeverstalError("name the folder to write with --output, and your Kaggle account with --user")
    from severstal.deploy.kaggle.kit import write_kit

    kit = write_kit(models, output, user, hours)
    print(f"{kit.folder}: {kit.size / 1e6:.1f} MB; to upload it:")
    print("\n".join(kit.commands))
    return 0
