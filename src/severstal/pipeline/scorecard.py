"""The stage that says what it is all worth: in the terminal, as JSON, as a page of HTML."""

from severstal.competition.scored import score_masks
from severstal.decision.scorecard import crossfit_scorecard
from severstal.evaluation import scorecard as evaluation
from severstal.evaluation.class_counts import count_classes
from severstal.evaluation.scorecard import Scorecard
from severstal.pipeline.prediction import predict_test
from severstal.pipeline.rules import explore_rules, fold_table
from severstal.pipeline.submission import draw_test
from severstal.report import scorecard as report
from severstal.runs.ensemble import RunOrEnsemble


def make_scorecard(candidate: RunOrEnsemble, show: bool = True) -> dict[str, Scorecard]:
    """Score the masks of the labelled images, and of the test images where their truth is known.

    Writes `scorecard.json` and `scorecard.html`.

    Args:
        candidate: a run, or a team of runs.
        show: also print them.

    Returns:
        `oof`, each image drawn by the rules searched without its fold; `test`, where the input folder holds
        `test_labels.csv`.
    """
    summary, fitted = explore_rules(candidate)
    _, card = crossfit_scorecard(
        summary, fitted, fold_table(candidate), f"{candidate.folder.name}: out of fold, cross-fitted"
    )
    cards = {"oof": card}
    maps, table = predict_test(candidate), draw_test(candidate)
    counts = ()
    if candidate.truth is not None:
        pairs = score_masks(table, candidate.truth, maps.names, candidate.spec)
        title = f"{candidate.folder.name}: test images"
        cards["test"] = evaluation.make_scorecard(pairs, title, maps.class_probability)
    else:
        nothing = candidate.labels.iloc[:0]
        pairs = score_masks(table, nothing, maps.names, candidate.spec)
        counts = count_classes(pairs.predicted, candidate.spec, maps.class_probability)
    report.save_scorecard(candidate.folder / "scorecard.json", cards)
    report.save_page(candidate.folder / "scorecard.html", candidate.folder.name, list(cards.values()), counts)
    if show:
        for each in cards.values():
            print(report.format_scorecard(each), flush=True)
        if counts:
            print("test images", report.format_counts(counts), sep="\n", flush=True)
    return cards
