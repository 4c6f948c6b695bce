"""The matrices show every value, at any number of runs and classes."""

import numpy as np
import pytest

from severstal.competition.spec import Spec
from severstal.report.disagreement import disagreement_matrices


def spec_of(classes: int) -> Spec:
    return Spec("drawn", (6, 10), tuple(f"class {k}" for k in range(1, classes + 1)))


@pytest.mark.parametrize(("members", "classes"), [(2, 1), (3, 4), (6, 5), (9, 2)])
def test_the_matrices_hold_every_value(readable, members, classes):
    matrices = np.random.default_rng(members).random((classes, members, members))
    runs = ("a run with quite a long name", *(f"run-{k}" for k in range(1, members)))
    figure = disagreement_matrices(runs, matrices, spec_of(classes))
    readable(figure)
    assert len(figure.axes) == classes
    for axes, matrix in zip(figure.axes, matrices, strict=True):
        assert [text.get_text() for text in axes.texts] == [f"{value:.2f}" for value in matrix.ravel()]
        assert np.asarray(axes.images[0].get_array()) == pytest.approx(matrix)


def test_a_single_run_has_no_matrix(readable):
    figure = disagreement_matrices(("only",), np.zeros((2, 1, 1)), spec_of(2))
    readable(figure)
    assert not figure.axes
    assert figure.texts[1].get_text().startswith("Only one run")
