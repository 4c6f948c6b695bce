"""The labelled data sets with maps that are right, miss, invent and confuse, and what rules draw of them."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from severstal.competition.masks import Masks
from severstal.competition.scored import ScoredPairs, score_masks
from severstal.data.dataset import unpack
from severstal.data.features import picture_features
from severstal.data.mask_statistics import mask_statistics
from severstal.decision.heldout import draw_cross_fitted
from severstal.decision.rules import ClassRule, Rules
from severstal.decision.summary import Summary, summarise
from severstal.inference.maps import MapReader, MapWriter
from severstal.report.errors import pair_errors


@dataclass(frozen=True)
class Predicted:
    """Labels with out-of-fold maps, and the masks drawn of them."""

    labelled: object
    reader: MapReader
    summary: Summary
    rules: dict[int, Rules]
    folds: np.ndarray
    drawn: pd.DataFrame
    pairs: ScoredPairs
    errors: pd.DataFrame

    @property
    def spec(self):
        return self.labelled.spec

    @property
    def masks(self) -> Masks:
        """What was drawn, as pictures of bits."""
        return Masks(self.drawn, self.spec)

    @property
    def lookups(self) -> tuple:
        """Picture, truth and mask by name."""
        return self.labelled.picture, self.labelled.masks.__getitem__, self.masks.__getitem__


def write_maps(folder, labelled, share: float, seed: int = 0, run: str = "drawn") -> MapReader:
    """Maps that show a share of the defects, and some that are not there."""
    spec, rng = labelled.spec, np.random.default_rng(seed)
    writer = MapWriter(folder, labelled.images, spec, 1, f"key {seed}", run=run)
    classes = len(spec.classes)
    for shard, names in writer.missing_shards():
        maps = []
        for name in names:
            planes = unpack(labelled.masks[name], classes) * rng.integers(60, 256, (classes, 1, 1))
            planes = planes * (rng.random((classes, 1, 1)) < share)
            # Some of what is seen is named as the next class.
            planes = np.roll(planes, int(rng.random() < 0.2), axis=0)
            noise = rng.integers(0, 40, planes.shape) * (share > 0)
            if rng.random() < share / 3:
                planes[rng.integers(classes), 5:9, 5:20] = 200
            maps.append(np.clip(planes + noise, 0, 255).astype(np.uint8))
        writer.write(shard, np.stack(maps))
    writer.close()
    return MapReader(folder)


def predict(folder, labelled, share: float) -> Predicted:
    reader = write_maps(folder, labelled, share)
    spec, folds = labelled.spec, np.arange(len(labelled.images)) % 2
    rules = {
        fold: Rules(spec.classes, (ClassRule(high, 0.4, 3),) * len(spec.classes))
        for fold, high in enumerate((0.5, 0.7))
    }
    summary = summarise(reader, labelled.masks, spec)
    drawn = draw_cross_fitted(reader, rules, folds, spec)
    pairs = score_masks(drawn, labelled.table, reader.names, spec, None, folds)
    features = picture_features(labelled_pictures(labelled))
    boxes, own = (mask_statistics(table, spec).masks for table in (labelled.table, drawn))
    errors = pair_errors(pairs, summary, features, boxes, own)
    return Predicted(labelled, reader, summary, rules, folds, drawn, pairs, errors)


def labelled_pictures(labelled):
    return SimpleNamespace(names=labelled.images, picture=labelled.picture)


@pytest.fixture
def predicted(labelled, tmp_path) -> Predicted:
    """Most defects found, some missed, some invented."""
    return predict(tmp_path / "maps", labelled, 0.7)


@pytest.fixture(params=["as ever", "nothing drawn", "no defect"])
def every(request, labelled, clean, tmp_path) -> Predicted:
    """Most defects found and some invented; nothing drawn at all; no defect in truth, but some invented."""
    share = 0.0 if request.param == "nothing drawn" else 0.7
    return predict(tmp_path / "maps", clean if request.param == "no defect" else labelled, share)


@pytest.fixture
def second(predicted, tmp_path) -> MapReader:
    """The maps of another run on the same images."""
    return write_maps(tmp_path / "second", predicted.labelled, 0.6, seed=5, run="second run")
