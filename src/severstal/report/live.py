"""A figure that is interactive in a running notebook, and static everywhere else."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

STATIC = "SEVERSTAL_STATIC"  # an environment variable: set, it turns everything interactive off


class Live:
    """A static figure or table, and an interactive one in its place where a notebook is used by hand.

    What `severstal notebooks` executes, its pages of HTML and the notebooks of the repository hold the static
    one alone. So does a notebook without Plotly.

    Example:
        >>> live = Live("a figure", lambda: "<b>move</b>")
        >>> os.environ[STATIC] = "1"
        >>> live._repr_mimebundle_()
        ({'text/plain': "'a figure'"}, {})
        >>> del os.environ[STATIC]
        >>> live._repr_mimebundle_()[0]["text/html"]
        '<b>move</b>'
    """

    def __init__(self, static: Any, build: Callable[[], str]) -> None:
        """Keep both.

        Args:
            static: a `Sheet`, a table of pandas, or anything that a notebook displays.
            build: returns the HTML of the interactive one; an `ImportError` leaves the static one.
        """
        self.static = static
        self._build = build

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict, dict]:
        data, metadata = _bundle(self.static)
        if not os.environ.get(STATIC):
            with suppress(ImportError):  # Plotly is an optional extra
                data["text/html"] = self._build()
        return data, metadata


def plotly_html(figure: Any) -> str:
    """The HTML of a Plotly figure for a notebook.

    Kaggle and Colab show each output in a frame of its own, and the browser has a network: there Plotly's
    script is a link. Elsewhere it is part of the output, so that no network is needed.
    """
    hosted = Path("/kaggle/working").is_dir() or "google.colab" in sys.modules
    return figure.to_html(
        full_html=False, include_plotlyjs="cdn" if hosted else True, config={"displaylogo": False}
    )


def _bundle(shown: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The MIME bundle and metadata of any object that a notebook displays."""
    if hasattr(shown, "_repr_mimebundle_"):
        found = shown._repr_mimebundle_()
        return found if isinstance(found, tuple) else (found, {})
    data = {"text/plain": repr(shown)}
    html = shown._repr_html_() if hasattr(shown, "_repr_html_") else None
    return (data if html is None else data | {"text/html": html}), {}
