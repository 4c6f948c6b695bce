"""Every row agrees with the pixels of its two masks."""

from types import SimpleNamespace

import numpy as np
import pytest

from severstal.data.features import picture_features
from severstal.decision.pair_errors import pair_errors
from severstal.decision.summary import Summary
from severstal.errors import SeverstalError


def test_each_row_agrees_with_its_masks(predicted):
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
            rows = np.flatnonzero(shown.any(axis=1))
            assert row.y == pytest.approx((rows[0] + rows[-1] + 1) / 2 / shown.shape[0])
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
    none = labelled.table.iloc[:0].assign(top=0, left=0, height=0, width=0)
    return features, none, none


def test_a_nearly_constant_map_has_not_seen_the_defect(predicted):
    summary, spec = predicted.summary, predicted.spec
    areas = np.zeros_like(summary.areas)
    areas[:, :, :30] = spec.pixels  # no more than noise, but it covers every defect
    inside = np.where(areas > 0, summary.true[:, :, None], 0).astype(np.int32)
    flat = Summary(summary.names, spec, areas, inside, summary.true, summary.class_probability)
    table = pair_errors(predicted.pairs, flat, *_rest(predicted))
    missed = table[table["kind"] == "missed"]
    assert (missed["best"] == 0).all()
