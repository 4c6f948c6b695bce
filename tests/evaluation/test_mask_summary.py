"""The summary agrees with the pixels of the masks."""

import numpy as np
from fixtures.labelled import Labelled

from severstal.competition.spec import SEVERSTAL
from severstal.competition.tables import read_labels
from severstal.data.mask_statistics import mask_statistics
from severstal.evaluation.labels import class_labels
from severstal.evaluation.mask_summary import summarise_masks


def test_the_summary_agrees_with_the_masks(labelled: Labelled) -> None:
    measured = mask_statistics(labelled.table, labelled.spec)
    summary = summarise_masks(measured.masks, labelled.spec)
    assert summary.index.tolist() == class_labels(labelled.spec)
    for class_id, (_, row) in zip(labelled.spec.class_ids, summary.iterrows(), strict=True):
        own = measured.masks[measured.masks["ClassId"] == class_id]
        assert row["masks"] == len(own)
        if not len(own):
            continue
        drawn = [
            (labelled.masks[name] >> (class_id - 1) & 1).astype(bool)
            for name in labelled.table.loc[labelled.table["ClassId"] == class_id, "ImageId"]
        ]
        assert row["area: median"] == round(np.median([mask.sum() for mask in drawn]))
        sides = 100 * np.mean([mask[:, [0, -1]].any() for mask in drawn])
        ends = 100 * np.mean([mask[[0, -1]].any() for mask in drawn])
        assert row["touches a side (%)"] == round(sides)
        assert row["touches top or bottom (%)"] == round(ends)
        assert row["fills its box (%)"] == 100  # each was drawn as a rectangle


def test_without_a_defect_the_measures_are_missing(clean: Labelled) -> None:
    summary = summarise_masks(mask_statistics(clean.table, clean.spec).masks, clean.spec)
    assert summary["masks"].tolist() == [0] * len(clean.spec.classes)
    assert summary["area: median"].isna().all()


def test_all_real_masks_are_counted(real_data) -> None:
    table = read_labels(real_data / "severstal" / "train.csv", SEVERSTAL)
    assert summarise_masks(mask_statistics(table, SEVERSTAL).masks, SEVERSTAL)["masks"].sum() == len(table)
