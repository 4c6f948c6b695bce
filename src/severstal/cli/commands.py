"""The command line: one subcommand a job, one call each."""

import sys

import tyro

from severstal.cli.annotations import export, import_
from severstal.cli.doctor import doctor
from severstal.cli.download import download
from severstal.cli.folds import duplicates
from severstal.cli.jobs import notebooks, predict, run, segment, submit, train, tune
from severstal.cli.runs import compare
from severstal.cli.sample import sample
from severstal.cli.submissions import check, diff, leaderboard, score
from severstal.errors import SeverstalError

COMMANDS = {
    command.__name__.rstrip("_"): command  # import_: the word itself is Python's
    for command in (
        sample,
        download,
        doctor,
        duplicates,
        export,
        import_,
        run,
        notebooks,
        train,
        predict,
        tune,
        submit,
        segment,
        check,
        diff,
        score,
        compare,
        leaderboard,
    )
}


def main(arguments: list[str] | None = None) -> None:
    """Run a subcommand; an error that a person can repair is one line and exit code 2."""
    try:
        code = tyro.extras.subcommand_cli_from_dict(
            COMMANDS,
            prog="severstal",
            description="Kaggle's Severstal: Steel Defect Detection.",
            args=arguments,
        )
    except SeverstalError as error:
        print(f"severstal: {error}", file=sys.stderr)
        code = error.exit_code
    except OSError as error:  # of a file that nothing above foresaw
        print(f"severstal: {error.filename or 'input or output'}: {error.strerror or error}", file=sys.stderr)
        code = SeverstalError.exit_code
    except KeyboardInterrupt:
        print("severstal: stopped: the same command goes on from here", file=sys.stderr)
        code = 130
    sys.exit(code or 0)
