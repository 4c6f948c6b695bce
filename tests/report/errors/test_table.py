"""Every pair is described as its two masks, counted by hand, say."""

from types import SimpleNamespace

import numpy as np
import pytest

from severstal.data.features import picture_features
from severstal.decision.summary import Summary
from severstal.errors import SeverstalError
from severstal.report.errors import error_counts, pair_errors
from severstal.report.errors.table import KINDS, SEEN, worst


def test_each_row_says_what_its_masks_say(predicted):
    for row in predicted.errors.itertuples():
        true, mask = (
            (bits[row.ImageId] >> (row.ClassId - 1) & 1).astype(bool)
            for bits in (predicted.labelled.masks, predicted.masks)
        )
        both = int((true & mask).sum())
        assert (row.true, row.predicted) == (true.sum(), mask.sum())
        dice = 2 * both / (true.sum() + mask.sum()) if true.any() or mask.any() else 1.0
        assert row.dice == pytest.approx(dice)
        kind = {(True, False): "missed", (False, True): "false alarm"}.get((true.any(), mask.any()))
        assert row.kind == (kind or ("right" if dice == 1 else "outline"))
        if true.any():
            assert row.covered == pytest.approx(both / true.sum())
        if mask.any():
            assert row.exact == pytest.approx(both / mask.sum())
        shown = true if true.any() else mask
        if shown.any():
            columns = np.flatnonzero(shown.any(axis=0))
            assert row.x == pytest.approx((columns[0] + columns[-1] + 1) / 2 / shown.shape[1])
            assert row.edge == (columns[0] == 0 or columns[-1] == shown.shape[1] - 1)
        else:
            assert np.isnan(row.x)
            assert not row.edge
        plane = predicted.reader.full(predicted.reader.names.index(row.ImageId))[row.ClassId - 1]
        assert row.peak == pytest.approx(plane.max() / 255)
        if true.any():
            each = [
                2 * (true & (plane >= level)).sum() / (true.sum() + (plane >= level).sum())
                for level in range(51, 256, 4)
            ]
            assert row.best >= max(each) - 1e-12
            assert row.best >= row.dice
        else:
            assert np.isnan(row.best)
    assert set(predicted.errors["kind"]) - {"right"}


def test_what_is_lost_is_what_the_score_lacks(predicted):
    score = predicted.pairs.score
    assert 1 - predicted.errors["lost"].sum() == pytest.approx(score.score)
    counted = error_counts(predicted.errors, predicted.spec)
    assert counted.iloc[:-1].sum().to_numpy() == pytest.approx(counted.loc["all"].to_numpy())
    assert counted.loc["all", "defects"] == len(predicted.labelled.table)
    assert counted.loc["all"].filter(like="lost").sum() == pytest.approx(1 - score.score)
    missed = predicted.errors[predicted.errors["kind"] == "missed"]
    assert counted.loc["all", "missed"] == len(missed)
    assert counted.loc["all", "saw"] == (missed["best"] >= SEEN).sum()


def test_the_order_of_the_summary_does_not_matter(predicted):
    back = predicted.summary.take(np.arange(len(predicted.summary))[::-1])
    tables = [
        pair_errors(predicted.pairs, summary, *_rest(predicted)) for summary in (predicted.summary, back)
    ]
    assert tables[0].equals(tables[1])


def test_an_image_without_a_map_is_refused(predicted):
    short = predicted.summary.take(np.arange(3))
    with pytest.raises(SeverstalError, match="has no map"):
        pair_errors(predicted.pairs, short, *_rest(predicted))


def _rest(predicted):
    labelled = predicted.labelled
    features = picture_features(SimpleNamespace(names=labelled.images, picture=labelled.picture))
    nothing = labelled.table.iloc[:0].assign(top=0, left=0, height=0, width=0)
    return features, nothing, nothing


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("most", [1, 8])
def test_the_worst_are_the_worst_of_their_class(predicted, kind, most):
    own = predicted.errors[predicted.errors["kind"] == kind]
    chosen = worst(predicted.errors, kind, predicted.spec, most)
    assert set(chosen.index) <= set(own.index)
    assert chosen["ClassId"].is_monotonic_increasing
    assert len(chosen) <= max(most, 1)
    assert len(chosen) >= min(most, own["ClassId"].nunique())
    by, sign = {"missed": ("true", -1), "false alarm": ("probability", -1), "outline": ("dice", 1)}[kind]
    for class_id, shown in chosen.groupby("ClassId"):
        left = own[(own["ClassId"] == class_id) & ~own.index.isin(shown.index)]
        assert (sign * shown[by]).is_monotonic_increasing
        if len(left):
            assert (sign * shown[by]).max() <= (sign * left[by]).min()


def test_a_map_alike_everywhere_is_not_seen(predicted):
    summary, spec = predicted.summary, predicted.spec
    areas = np.zeros_like(summary.areas)
    areas[:, :, :30] = spec.pixels  # no more than noise, but it covers every defect
    inside = np.where(areas > 0, summary.true[:, :, None], 0).astype(np.int32)
    flat = Summary(summary.names, spec, areas, inside, summary.true, summary.class_probability)
    table = pair_errors(predicted.pairs, flat, *_rest(predicted))
    missed = table[table["kind"] == "missed"]
    assert (missed["best"] == 0).all()
