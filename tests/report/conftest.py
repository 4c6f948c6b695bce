"""A labelled data set of any number of classes, and what every figure must keep."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from severstal.competition.masks import Masks
from severstal.competition.rle import encode
from severstal.competition.spec import Spec
from severstal.report.palette import Sheet

SHAPES = {1: (64, 64), 4: (256, 1600), 5: (256, 512), 16: (60, 200)}


@dataclass(frozen=True)
class Labelled:
    """Images with labels: `table` holds those of `images`, `pictures` their pixels."""

    spec: Spec
    images: list[str]
    table: pd.DataFrame
    pictures: dict[str, np.ndarray]

    @property
    def masks(self) -> Masks:
        """The picture of bits of each image."""
        return Masks(self.table, self.spec)

    def picture(self, name: str) -> np.ndarray:
        """The pixels of an image."""
        return self.pictures[name]


# Kaggle's four in the quick tests; every figure again with fewer and with more in the slow ones.
@pytest.fixture(params=[4, *(pytest.param(classes, marks=pytest.mark.slow) for classes in (1, 5, 16))])
def labelled(request) -> Labelled:
    """Twelve images, every third clean, the others with one or two classes; some names are long."""
    classes = request.param
    names = tuple(
        f"class {k}" if k % 3 else f"a class name of {k} times too many letters"
        for k in range(1, classes + 1)
    )
    spec = Spec("drawn", SHAPES[classes], names)
    rng = np.random.default_rng(classes)
    images = [f"{index:09x}.jpg" for index in range(12)]
    rows, pictures = [], {}
    for index, image in enumerate(images):
        pictures[image] = rng.integers(40, 200, spec.image_shape).astype(np.uint8)
        for class_id in sorted({1 + index % classes, 1 + 2 * index % classes}) if index % 3 else ():
            mask = np.zeros(spec.image_shape, np.uint8)
            top, left = rng.integers(0, spec.image_shape[0] - 9), rng.integers(0, spec.image_shape[1] - 9)
            mask[top : top + rng.integers(1, 60), left : left + rng.integers(1, 60)] = 1
            rows.append((image, class_id, encode(mask)))
    table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"]).astype({"ClassId": "int64"})
    return Labelled(spec, images, table, pictures)


@pytest.fixture
def clean(labelled) -> Labelled:
    """The same images without any defect."""
    return Labelled(labelled.spec, labelled.images, labelled.table.iloc[:0], labelled.pictures)


@pytest.fixture
def readable(monkeypatch) -> Callable[..., None]:
    """Assert that a figure has its title and labels, and that no text is cut off or covers another."""
    drawn: list[Text] = []
    draw = Text.draw

    def record(text: Text, renderer) -> None:
        drawn.append(text)
        draw(text, renderer)

    def check(figure: Figure, labels: tuple[str, ...] = ()) -> None:
        assert isinstance(figure, Sheet)
        drawn.clear()
        with monkeypatch.context() as patch:
            patch.setattr(Text, "draw", record)
            FigureCanvasAgg(figure).draw()  # a figure without pyplot has a canvas that draws nothing
        assert drawn
        assert figure.texts[0].get_text().strip()
        said = {axes.get_xlabel() for axes in figure.axes} | {axes.get_ylabel() for axes in figure.axes}
        assert set(labels) <= said

        badges = {text for axes in figure.axes for text in axes.texts if axes.images}
        shown = [text for text in dict.fromkeys(drawn) if text.get_visible() and text.get_text().strip()]
        boxes = [(text, text.get_window_extent()) for text in shown if text not in badges]
        for text, box in boxes:
            inside = (box.x0 >= 0, box.y0 >= 0, box.x1 <= figure.bbox.x1, box.y1 <= figure.bbox.y1)
            assert all(inside), f"{text.get_text()!r} is cut off"
        head = min(text.get_window_extent().y0 for text in figure.texts)
        assert all(axes.get_window_extent().y1 < head for axes in figure.axes)
        for index, (text, box) in enumerate(boxes):
            for other, other_box in boxes[index + 1 :]:
                covers = min(box.x1, other_box.x1) - max(box.x0, other_box.x0) > 1
                covers &= min(box.y1, other_box.y1) - max(box.y0, other_box.y0) > 1
                assert not covers, f"{text.get_text()!r} and {other.get_text()!r} overlap"

    return check
