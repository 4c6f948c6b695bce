"""The whole job, stage by stage: from the input folder to a submission and its scorecard.

Each stage is a function of a run, and from the maps on also of a team of runs. It is skipped when its output
is there and its inputs are unchanged, and it can be killed at any instant and called again. The notebooks and
the command line call the same functions.
"""

from severstal.pipeline.data import (
    check_input,
    find_duplicates,
    make_folds,
    measure_likeness,
    prepare,
    report_duplicates,
)
from severstal.pipeline.prediction import predict_oof, predict_oofs, predict_test, predict_tests
from severstal.pipeline.rules import draw_oof, explore_rules, fold_table, score_oof, summarise_oof, tune_rules
from severstal.pipeline.run import run
from severstal.pipeline.scorecard import make_scorecard
from severstal.pipeline.submission import SUBMISSION, check_output, draw_test, submit
from severstal.pipeline.training import train_fold, train_folds
from severstal.runs.ensemble import Ensemble, RunOrEnsemble, jobs_of, open_ensemble, open_run_or_ensemble
from severstal.runs.leaderboard import enter_scores, format_leaderboard, read_leaderboard
from severstal.runs.listing import list_runs

__all__ = [
    "SUBMISSION",
    "Ensemble",
    "RunOrEnsemble",
    "check_input",
    "check_output",
    "draw_oof",
    "draw_test",
    "enter_scores",
    "explore_rules",
    "find_duplicates",
    "fold_table",
    "format_leaderboard",
    "jobs_of",
    "list_runs",
    "make_folds",
    "make_scorecard",
    "measure_likeness",
    "open_ensemble",
    "open_run_or_ensemble",
    "predict_oof",
    "predict_oofs",
    "predict_test",
    "predict_tests",
    "prepare",
    "read_leaderboard",
    "report_duplicates",
    "run",
    "score_oof",
    "submit",
    "summarise_oof",
    "train_fold",
    "train_folds",
    "tune_rules",
]
