"""Names and labels that annotations may hold."""

import pytest

from severstal.annotations.target import Target
from severstal.competition.spec import Spec

SPEC = Spec("tiny", (6, 9), ("hole", "crack"))


def test_a_mapping_adds_labels_and_goes_before_the_spec():
    target = Target([], SPEC, {"Riss": 2, "hole": 2})
    assert [target.class_id(label, "a") for label in ("Riss", "hole", "crack")] == [2, 2, 2]


def test_an_ambiguous_stem_is_refused(fault):
    target = Target(["a.jpg", "a.png", "b.jpg"], SPEC)
    assert target.image_of_stem("b", "x") == "b.jpg"
    assert "may belong to a.jpg or a.png" in fault(target.image_of_stem, "a", "x")


@pytest.mark.parametrize("label", ["Hole", " hole", "h" * 10_000, "a\nb", 1, None])
def test_an_unknown_label_names_file_label_and_the_repair(label, fault):
    message = fault(Target([], SPEC).class_id, label, "a.json shape 1")
    assert message.startswith("a.json shape 1: label ")
    assert "--classes" in message
    assert len(message) < 300
