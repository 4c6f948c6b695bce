"""Refinement that a recipe asks for: in the rules, on the held-out masks and in the submission."""

from pathlib import Path

import numpy as np
import pytest

from severstal import pipeline
from severstal.competition.masks import Masks
from severstal.competition.tables import read_submission
from severstal.decision.draw import apply
from severstal.decision.refine.settings import Refinement
from severstal.decision.rules import Rules
from severstal.inference.maps import MapReader
from severstal.runs.opening import open_job


@pytest.mark.slow
def test_a_recipe_refines_every_mask_after_its_own_picture(
    small_input: Path, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    steps = "crf = 2\nopening = 1\nclosing = 2\nsmooth_edges = 1.0\n"
    text = tiny_recipe.read_text()
    assert "[decision]" not in text
    tiny_recipe.write_text(f'{text}\n[decision]\nchoice = "plain"\n{steps}')
    job = open_job(tiny_recipe, small_input)
    pipeline.run(tiny_recipe, small_input)
    rules = Rules.load(job.folder / "rules.json", job.spec)
    assert {rule.refine for rule in rules.rules} == {Refinement(2, 1, 2, 1.0)}
    tables = {
        "test": (read_submission(pipeline.SUBMISSION, job.spec), job.test_pictures),
        "oof": (pipeline.find_rules(job)[1].masks, job.train_pictures),
    }
    for part, (table, pictures) in tables.items():
        maps, masks = MapReader(job.folder / part), Masks(table, job.spec)
        assert len(table)
        for row, name in enumerate(maps.names):
            sure, picture = maps.class_probability[row], pictures.picture(name)
            drawn = apply(maps.full(row), rules, job.spec, sure, picture)
            assert np.array_equal(masks[name], drawn), (part, name)
