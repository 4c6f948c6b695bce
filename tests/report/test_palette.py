"""One colour per class, and figures that a notebook shows."""

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch

from severstal.competition.spec import MAX_CLASSES
from severstal.report.colours import COLOURS, colour, rgb
from severstal.report.palette import dress, empty_sheet, ink, legend_below, sheet


def contrast(first: str, second: str) -> float:
    """Contrast ratio of WCAG 2: 1 for equal colours, 21 for black on white."""

    def luminance(name: str) -> float:
        parts = np.array(to_rgb(name))
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ (0.2126, 0.7152, 0.0722))

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_class_has_its_own_colour():
    assert len(set(COLOURS)) == len(COLOURS) == MAX_CLASSES
    assert [colour(k) for k in range(1, 17)] == list(COLOURS)
    for k in range(1, 17):
        assert np.allclose(np.array(rgb(k)) / 255, to_rgb(colour(k)))


def test_colours_stand_out_on_dark_steel():
    assert all(contrast(each, "#202020") > 2.5 for each in COLOURS)


@pytest.mark.parametrize("background", [*COLOURS, "#000000", "#FFFFFF"])
def test_ink_can_be_read(background):
    assert contrast(ink(background), background) > 3


def test_a_sheet_shows_itself_as_png_and_leaves_no_state(readable):
    figure, axes = sheet(
        6, 2, "A title that is far too long for one line of so narrow a sheet, " * 2, "A note. " * 40
    )
    dress(axes[0, 0], "x (pixels)", "y (pixels)")
    readable(figure, ("x (pixels)", "y (pixels)"))
    picture = figure.picture()[1]
    assert picture.startswith(b"\x89PNG")
    width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == pytest.approx(figure.get_size_inches() * 100, abs=1)
    assert not matplotlib._pylab_helpers.Gcf.figs


def test_a_notebook_gets_the_words_of_a_picture_as_its_alternative_text():
    figure, axes = sheet(6, 2, "Counts", "One bar\nper class")
    dress(axes[0, 0])
    data, metadata = figure._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == data["text/plain"] == "Counts. One bar per class."


def test_a_figure_without_axes_is_words_and_no_picture():
    data, _ = empty_sheet("Missed defects")._repr_mimebundle_()
    assert data["text/markdown"] == "Missed defects. There is none."
    assert not any(kind.startswith("image/") for kind in data)


@pytest.mark.parametrize("handles", [1, 3, 16])
def test_a_legend_fits(readable, handles):
    figure, axes = sheet(9.6, 2, "Legend")
    dress(axes[0, 0])
    legend_below(figure, [Patch(label=f"a name of some length {k}") for k in range(handles)])
    readable(figure)


@pytest.mark.parametrize(
    "name", ["$x_{", "a $5 crack of $\\frac{", "\\$", "$a^2$", "$\\mathdefault{", "100 $"]
)
def test_a_dollar_begins_no_formula(name):
    figure, axes = sheet(6, 3, f"Counts of {name}", f"{name} and {name}", columns=2)
    for place in axes.flat:
        place.set_title(name)
        place.plot([1, 10, 1000], [1, 2, 3], label=name)
        dress(place, name, name)
    axes[0, 0].set_yticks([1, 2], [name, "other"])
    axes[0, 1].set_xscale("log")
    axes[0, 1].annotate(name, (1, 1))
    legend_below(figure, [Patch(label=name)])
    assert figure.picture()[1].startswith(b"\x89PNG")
    assert figure.texts[0].get_window_extent().width > 10
    assert not axes[0, 0].title.get_parse_math()
    assert axes[0, 1].get_xticklabels()[1].get_parse_math()  # powers of ten of matplotlib's own
