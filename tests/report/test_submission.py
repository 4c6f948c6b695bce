"""What is submitted, beside what is known."""

import numpy as np

from severstal.report.submission import class_shares, predicted_counts, submission_gallery


def test_shares_are_those_of_the_presence(labelled):
    presence = labelled.masks.presence(labelled.images)
    shares = class_shares(labelled.table, len(labelled.images), labelled.spec)
    assert np.allclose(shares, [presence.any(1).mean(), *presence.mean(0)])


def test_predicted_counts(labelled, readable):
    spec = labelled.spec
    predicted = labelled.table.iloc[::2]
    figure = predicted_counts(predicted, labelled.table, 6, 12, spec)
    readable(figure, ("share of the images (%)",))
    bars = [bar.get_width() for bar in figure.axes[0].patches]
    expected = [*class_shares(predicted, 6, spec), *class_shares(labelled.table, 12, spec)]
    assert np.allclose(bars, 100 * np.array(expected))
    low, high = sorted(figure.axes[0].get_ylim())
    assert all(low <= bar.get_y() <= bar.get_y() + bar.get_height() <= high for bar in figure.axes[0].patches)
    assert [text.get_text() for text in figure.legends[0].texts] == [
        "predicted in the test images",
        "labelled in the train images",
    ]


def test_predicted_counts_without_a_defect(clean, readable):
    figure = predicted_counts(clean.table, clean.table, 6, 0, clean.spec)
    readable(figure)
    assert not any(bar.get_width() for bar in figure.axes[0].patches)


def test_gallery_beside_the_truth(labelled, readable):
    names, masks = labelled.images[1:4], labelled.masks
    figure = submission_gallery(
        names, labelled.picture, lambda name: masks[name] * 0, masks.__getitem__, labelled.spec
    )
    readable(figure)
    captions = [axes.get_title(loc="left") for axes in figure.axes]
    assert len(captions) == 6
    assert [caption.split("\n")[0] for caption in captions[::2]] == names
    assert captions[1::2] == ["\nsubmitted: clean"] * 3


def test_gallery_without_truth(labelled, readable):
    figure = submission_gallery(
        labelled.images[:3], labelled.picture, labelled.masks.__getitem__, None, labelled.spec
    )
    readable(figure)
    assert len(figure.axes) == 3
    assert figure.axes[0].get_title(loc="left").startswith(f"{labelled.images[0]}: clean"[:20])
