"""The pairs shown are those with the largest disagreement."""

from severstal.inference.ensemble.disagreement import measure_disagreement
from severstal.report.errors import most_disputed


def test_the_most_disputed_pairs(predicted, second, readable):
    readers = [predicted.reader, second]
    found = measure_disagreement(readers, predicted.labelled.masks)
    figure = most_disputed(found, readers, *predicted.lookups[:2])
    readable(figure)
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    captioned = [text for text in texts if "disagreement" in text]
    assert len(captioned) == 4
    for text, image in zip(captioned, found.pairs["ImageId"], strict=False):
        assert image in text
        assert text.endswith(("drawn and second run", "second run and drawn"))


def test_a_single_run_is_reported(predicted, readable):
    found = measure_disagreement([predicted.reader], predicted.labelled.masks)
    figure = most_disputed(found, [predicted.reader], *predicted.lookups[:2])
    readable(figure)
    assert figure.texts[1].get_text().startswith("Only one run")
