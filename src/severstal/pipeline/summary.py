"""The stage that summarises the out-of-fold maps in one pass, for the search of the rules."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from severstal.data.folds import split_folds as split
from severstal.decision.summary import Summary, summarise
from severstal.pipeline.combination import OofMaps
from severstal.runs import inputs
from severstal.runs.record import Stage

_PARTS = 5  # into which the images of a single trained fold are split, to search on some and judge on others


@dataclass(frozen=True)
class OofSummary:
    """The summary of the out-of-fold maps, on disk and read lazily.

    Attributes:
        oof: the maps.
        checksum: checksum of the summary's file.
    """

    oof: OofMaps
    checksum: str

    @cached_property
    def summary(self) -> Summary:
        """Areas and intersections at every threshold."""
        return Summary.load(self.oof.run.files.summary)

    @cached_property
    def folds(self) -> pd.DataFrame:
        """Rows of `folds.csv` for the images that have an out-of-fold map, in their order.

        Where only one fold is trained, its images are split again: a search may be judged on any images that
        it did not see.
        """
        names, job = self.oof.maps.names, self.oof.folds.job
        folds = self.oof.folds.table.set_index("ImageId").loc[names].reset_index()
        if folds["fold"].nunique() < 2:
            groups = folds.set_index("ImageId")["group"]
            parts = min(_PARTS, groups.nunique())
            again = split(names, job.masks.presence(names), parts, job.recipe.fold_seed, groups)
            folds["fold"] = again["fold"].to_numpy()
        return folds

    @property
    def fold_of(self) -> np.ndarray:
        """(N,) fold of each image."""
        return self.folds["fold"].to_numpy()

    @property
    def groups(self) -> np.ndarray:
        """(N,) group of near-duplicates of each image."""
        return self.folds["group"].to_numpy()


def summarise_oof(oof: OofMaps) -> OofSummary:
    """Summarise the out-of-fold maps in one pass: `oof/summary.npz`."""
    run = oof.run
    path = run.files.summary
    stage = Stage(run.folder, "summary", inputs.summary(maps=oof.maps.layout.key, labels=run.labels_digest))
    if not stage.is_done():
        summarise(oof.maps, run.masks, run.spec).save(path)
        stage.finish([path])
    return OofSummary(oof, stage.checksum(path))
