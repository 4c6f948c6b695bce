"""The stage that scores the run: the scorecard as JSON, HTML and text."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from severstal.competition.masks import Masks
from severstal.competition.scored import score_masks
from severstal.decision.scorecard import crossfit_scorecard
from severstal.evaluation import scorecard as evaluation
from severstal.evaluation.class_counts import ClassCount, count_classes
from severstal.evaluation.examples import select_outcomes
from severstal.evaluation.scorecard import Scorecard
from severstal.files import read_json, write_text
from severstal.pipeline.copies import describe_copies_in_test, describe_leaks_out_of_fold
from severstal.pipeline.rules import FoundRules
from severstal.pipeline.submission import TestMasks
from severstal.recipe.overview import key_settings
from severstal.report import scorecard as report
from severstal.report.submission import submission_gallery
from severstal.runs import inputs
from severstal.runs.ensemble import jobs_of
from severstal.runs.layout import RunFiles
from severstal.runs.record import Stage, file_checksum


@dataclass(frozen=True)
class SavedScorecard:
    """The scorecard of a run, on disk and read lazily.

    Attributes:
        files: files of the run.
    """

    files: RunFiles

    @cached_property
    def scores(self) -> dict[str, Any]:
        """All figures: `oof`, each image by rules searched without its fold; `test`, where truth is known."""
        return read_json(self.files.scorecard)

    @cached_property
    def text(self) -> str:
        """The scorecard for a terminal."""
        return self.files.scorecard_text.read_text(encoding="utf-8")


def write_scorecard(found: FoundRules, masks: TestMasks | None) -> SavedScorecard:
    """Score the masks of the labelled images, and of the test images where their truth is known.

    Writes `scorecard.json`, `scorecard.html` and `scorecard.txt`.

    Args:
        found: the rules, with what they score out of fold.
        masks: masks of the test images; None where there are none.
    """
    run, files = found.run, found.run.files
    truth = run.data.truth_csv
    notes = _notes(found, masks)
    stated = inputs.scorecard(
        pairs=file_checksum(files.oof_pairs),
        search=file_checksum(files.search),
        maps=None if masks is None else masks.maps.layout.key,
        submission=None if masks is None else masks.checksum,
        truth=file_checksum(truth) if truth.is_file() else None,
        copies=[note for note in notes.values() if note],
    )
    stage = Stage(run.folder, "scorecard", stated)
    if not stage.is_done():
        cards, counts = score(found, masks, notes)
        report.save_scorecard(files.scorecard, cards)
        report.save_page(files.scorecard_page, run.folder.name, list(cards.values()), counts, describe(found))
        parts = [report.format_scorecard(card) for card in cards.values()]
        if counts:
            parts += ["test images", report.format_counts(counts)]
        write_text(files.scorecard_text, "\n".join(parts) + "\n")
        stage.finish([files.scorecard, files.scorecard_page, files.scorecard_text])
    return SavedScorecard(files)


def describe(found: FoundRules) -> report.PageHead:
    """Return the head of the page: data set, date, recipe, and pictures of predictions."""
    run = found.run
    jobs = jobs_of(run)
    recipe, spec = run.recipe, run.spec
    size = "their own sizes" if spec.image_shape is None else "{} x {} pixels".format(*spec.image_shape)
    settings = key_settings(recipe)
    facts = (
        ("data set", f"{spec.name}: {len(jobs[0].images):,} labelled pictures of {size}"),
        ("classes", ", ".join(spec.classes)),
        ("recipe", f"{recipe.name}. {recipe.description}"),
        ("network", f"{settings['network']} on {settings['encoder']}; epochs: {settings['epochs']}"),
        ("date", date.today().isoformat()),
    )
    chosen = select_outcomes(found.pairs)
    if chosen.empty:
        return report.PageHead(facts)
    remarks = {row.ImageId: f"{row.why}, mean Dice {row.score:.2f}" for row in chosen.itertuples()}
    figure = submission_gallery(
        list(remarks),
        jobs[0].train_pictures.picture,
        Masks(found.masks, spec).__getitem__,
        jobs[0].masks.__getitem__,
        spec,
        remarks,
        "Held-out pictures, beside the truth",
    )
    return report.PageHead(facts, figure.picture()[1], "Held-out pictures: left the truth, right the masks.")


def score(
    found: FoundRules, masks: TestMasks | None, caveats: Mapping[str, str | None]
) -> tuple[dict[str, Scorecard], tuple[ClassCount, ...]]:
    """Compute a run's scorecards; nothing is written.

    Args:
        found: the rules, with what they score out of fold.
        masks: masks of the test images; None where there are none.
        caveats: lines on near-duplicates across the split, for `oof` and `test`; None where there are none.

    Returns:
        `oof`, and `test` where the input folder holds `test_labels.csv`; and where it does not, how many test
        images were given each class.
    """
    run, summarised = found.run, found.summarised
    title = f"{run.folder.name}: out of fold, cross-fitted"
    _, card = crossfit_scorecard(summarised.summary, found.fitted, summarised.folds, title)
    if told := caveats["oof"]:
        card = replace(card, notes=(told, *card.notes))
    cards, counts = {"oof": card}, ()
    if masks is None:
        return cards, counts
    maps = masks.maps
    if run.truth is not None:
        pairs = score_masks(masks.table, run.truth, maps.names, run.spec)
        title = f"{run.folder.name}: test images"
        told = [note for note in (caveats["test"],) if note]
        cards["test"] = evaluation.build_scorecard(pairs, title, maps.class_probability, notes=told)
    else:
        pairs = score_masks(masks.table, run.labels.iloc[:0], maps.names, run.spec)
        counts = count_classes(pairs.predicted, run.spec, maps.class_probability)
    return cards, counts


def _notes(found: FoundRules, masks: TestMasks | None) -> dict[str, str | None]:
    """What is said of near-duplicates across the split: out of fold, and of the test images."""
    oof = describe_leaks_out_of_fold(found.oof.folds, found.oof.maps.names)
    known = masks is not None and found.run.truth is not None
    return {"oof": oof, "test": describe_copies_in_test(jobs_of(found.run)[0]) if known else None}
