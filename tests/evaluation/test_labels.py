"""Labels have the `ClassId` once and fit."""

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_label, class_labels, truncate


def test_a_label_has_the_class_id_once():
    spec = Spec("s", (4, 4), ("class 1", "crack", "type3", "4"))
    assert class_labels(spec) == ["class 1", "2 crack", "3 type3", "4"]
    assert class_label(spec, 2) == "2 crack"
    long = Spec("s", (4, 4), tuple(f"{'long ' * 30}{k}" for k in range(1, 17)))
    assert len(set(class_labels(long))) == 16
    assert {len(label) for label in class_labels(long)} == {32}
    assert class_label(Spec("s", (4, 4), (" ",)), 1) == "1  "


def test_shortened_text_has_the_given_length():
    assert truncate("abcdef", 6) == "abcdef"
    assert truncate("abcdefg", 6) == "abcde…"
