"""The command line: one subcommand per task, each a single call."""

import io
import sys
from importlib.metadata import version

import tyro

from severstal.cli.ablate import ablate
from severstal.cli.annotations import export, import_
from severstal.cli.catalogue import losses, networks, recipes
from severstal.cli.compare import compare
from severstal.cli.console import error_line, escape_results
from severstal.cli.distill import distill
from severstal.cli.doctor import doctor
from severstal.cli.download import download
from severstal.cli.folds import duplicates, lookup
from severstal.cli.jobs import notebooks, predict, run, submit, train, tune
from severstal.cli.kaggle import kaggle
from severstal.cli.metrics import metrics
from severstal.cli.outputs import command_name, protect_inputs
from severstal.cli.pack import pack
from severstal.cli.paired import compare_runs, compare_submissions
from severstal.cli.plan import plan
from severstal.cli.runs import runs
from severstal.cli.sample import sample
from severstal.cli.score import score
from severstal.cli.segment import segment
from severstal.cli.submissions import check, diff, leaderboard
from severstal.cli.weights import weights
from severstal.errors import SeverstalError
from severstal.logs import log_shown
from severstal.processes import process_count

COMMANDS = {
    command_name(command): escape_results(protect_inputs(command))
    for command in (
        sample,
        weights,
        download,
        doctor,
        duplicates,
        lookup,
        export,
        import_,
        run,
        notebooks,
        plan,
        train,
        predict,
        tune,
        submit,
        distill,
        segment,
        pack,
        kaggle,
        check,
        diff,
        score,
        metrics,
        compare_submissions,
        leaderboard,
        runs,
        compare_runs,
        compare,
        ablate,
        recipes,
        networks,
        losses,
    )
}


def main(arguments: list[str] | None = None) -> None:
    """Run a subcommand; a user's error is printed in one line, with exit code 2."""
    escape_unprintable()
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["--version"]:
        print(f"severstal {version('severstal')}")
        sys.exit(0)
    try:
        if process_count() > 1 and words[:1] != ["train"]:
            raise SeverstalError(
                f"{words[0] if words else 'severstal'} works in one process: leave out torchrun and "
                "accelerate launch"
            )
        with log_shown():
            code = tyro.extras.subcommand_cli_from_dict(
                COMMANDS,
                prog="severstal",
                description="Kaggle's Severstal: Steel Defect Detection.",
                args=arguments,
            )
    except SeverstalError as error:
        print(error_line(error), file=sys.stderr)
        code = error.exit_code
    except OSError as error:  # of a file that no check above covers
        where, what = error.filename or "input or output", error.strerror or error
        print(error_line(f"{where}: {what}"), file=sys.stderr)
        code = SeverstalError.exit_code
    except KeyboardInterrupt:
        print("severstal: stopped: the same command resumes from here", file=sys.stderr)
        code = 130
    sys.exit(code or 0)


def escape_unprintable() -> None:
    r"""Write characters that the console's code page lacks as escapes, such as \uac15, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not where a test or a notebook has put its own
            stream.reconfigure(errors="backslashreplace")
