"""The figure of augmentations: one row each, before and after; those without an effect are left out."""

from severstal.report.augment import _SWITCHES, augment_figure


def test_a_row_a_switch(labelled, readable) -> None:
    names = labelled.images
    for name in names:
        labelled.pictures[name][:, : labelled.spec.image_shape[1] // 2] = 1  # a black band
    figure = augment_figure(labelled, labelled.masks, names, labelled.spec, (48, 60))
    readable(figure)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert len(titles) % 2 == 0
    assert all(title.startswith("before") for title in titles[::2])
    shown = {switch for switch in _SWITCHES if any(title.startswith(switch) for title in titles)}
    assert shown >= {"horizontal_flip, vertical_flip", "multi_scale", "roll_shift", "jpeg"}


def test_a_switch_that_changes_nothing_has_no_row(labelled) -> None:
    figure = augment_figure(labelled, labelled.masks, labelled.images, labelled.spec, (48, 60))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert not any(title.startswith("black_aware") for title in titles)  # no picture has a black band
