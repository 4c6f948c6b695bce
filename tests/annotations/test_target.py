"""Names and labels that annotations may hold."""

import pytest

from severstal.annotations.target import Target
from severstal.competition.spec import SEVERSTAL, Spec

SPEC = Spec("tiny", (6, 9), ("hole", "crack"))


def test_a_mapping_adds_labels_and_goes_before_the_spec():
    target = Target([], SPEC, {"Riss": 2, "hole": 2})
    assert [target.class_id(label, "a") for label in ("Riss", "hole", "crack")] == [2, 2, 2]


def test_class_numbers_are_labels_unless_a_class_is_named_so():
    target = Target([], Spec("tiny", (6, 9), ("2", "crack")))
    assert [target.class_id(label, "a") for label in ("2", "1", 2, "crack")] == [1, 1, 1, 2]


def test_labels_of_another_unicode_form_are_the_same():
    for one, other in (("\xd6l", "O\u0308l"), ("O\u0308l", "\xd6l")):
        assert Target([], Spec("tiny", (6, 9), ("hole", one))).class_id(other, "a") == 2
        assert Target([], SPEC, {one: 1}).class_id(other, "a") == 1


def test_sizes_may_be_text_or_absent_but_not_others(fault):
    target = Target(["a"], SPEC)
    for height, width in ((6, 9), ("6", "9"), (6.0, "9.0"), (None, None), (0, 0), ("", ""), (-1, -1)):
        target.check_size("a", height, width, "a")
    for height, width in ((9, 6), ("nine", 9), (6, None), ([6], 9), (6.5, 9), (float("inf"), 9)):
        assert "this data set is 6 x 9" in fault(target.check_size, "a", height, width, "a")
        target.check_size("absent", height, width, "a")


def test_a_folder_without_dataset_toml_is_told_to_write_one(fault):
    target = Target(["a"], SEVERSTAL)
    assert "write a dataset.toml with name and classes" in fault(target.check_size, "a", 6, 9, "a")
    assert "or list your classes in dataset.toml" in fault(target.class_id, "hole", "a")
    assert "dataset.toml" not in fault(Target(["a"], SPEC).class_id, "dent", "a")


def test_an_ambiguous_stem_is_refused(fault):
    target = Target(["a.jpg", "a.png", "b.jpg"], SPEC)
    assert target.image_of_stem("b", "x") == "b.jpg"
    assert "could belong to a.jpg or a.png" in fault(target.image_of_stem, "a", "x")


@pytest.mark.parametrize("label", ["Hole", " hole", "h" * 10_000, "a\nb", 7, "0", 1.0, True, None])
def test_an_unknown_label_names_file_label_and_the_repair(label, fault):
    message = fault(Target([], SPEC).class_id, label, "a.json shape 1")
    assert message.startswith("a.json shape 1: label ")
    assert "--classes" in message
    assert len(message) < 300
