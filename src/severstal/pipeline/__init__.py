"""The stages of the job, from the input folder to a submission and its scorecard.

Each stage takes what the one before it gave, and returns what the next one needs; `run` alone knows their
order. A stage is skipped when its output is there and made from the same inputs; it can be killed at any
instant and called again. Only `train_folds`, and what calls it, trains: `open_trained` refuses what is
missing or changed. The notebooks and the command line call the same functions.
"""

from severstal.pipeline.combination import OofMaps, RunMaps, combine_oof, combine_test
from severstal.pipeline.data import check_input, prepare, record
from severstal.pipeline.distillation import distill
from severstal.pipeline.folds import (
    Folds,
    duplicate_pairs,
    likeness_to_test_set,
    open_folds,
    split_into_folds,
)
from severstal.pipeline.prediction import predict_oof, predict_test
from severstal.pipeline.rules import FoundRules, explore_rules, tune_rules
from severstal.pipeline.run import (
    Finished,
    find_rules,
    prepare_folds,
    run,
    segment_test,
    summarise_run,
    train,
)
from severstal.pipeline.scorecard import SavedScorecard, write_scorecard
from severstal.pipeline.submission import SUBMISSION, TestMasks, check_output, draw_test, submit
from severstal.pipeline.summary import OofSummary, summarise_oof
from severstal.pipeline.trained import open_trained
from severstal.pipeline.training import Trained, train_fold, train_folds

__all__ = [
    "SUBMISSION",
    "Finished",
    "Folds",
    "FoundRules",
    "OofMaps",
    "OofSummary",
    "RunMaps",
    "SavedScorecard",
    "TestMasks",
    "Trained",
    "check_input",
    "check_output",
    "combine_oof",
    "combine_test",
    "distill",
    "draw_test",
    "duplicate_pairs",
    "explore_rules",
    "find_rules",
    "likeness_to_test_set",
    "open_folds",
    "open_trained",
    "predict_oof",
    "predict_test",
    "prepare",
    "prepare_folds",
    "record",
    "run",
    "segment_test",
    "split_into_folds",
    "submit",
    "summarise_oof",
    "summarise_run",
    "train",
    "train_fold",
    "train_folds",
    "tune_rules",
    "write_scorecard",
]
