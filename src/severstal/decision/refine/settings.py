"""Settings of the mask refinement: each step is off by default."""

from dataclasses import dataclass

from severstal.errors import SeverstalError


@dataclass(frozen=True)
class Refinement:
    """Settings of the refinement of a mask; 0 skips a step.

    Attributes:
        crf: iterations of a fully connected CRF on the map, before the mask is cut from it.
        opening: radius in pixels of the disc that must fit into the mask: what is thinner goes.
        closing: radius in pixels of the disc that must fit beside it: gaps and inlets that are thinner close.
        smooth_edges: standard deviation in pixels of the Gaussian that rounds the outline.

    Raises:
        SeverstalError: a value is out of range.

    Example:
        >>> Refinement(opening=2).active, Refinement().active
        (True, False)
        >>> Refinement(closing=-1)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: closing is -1: give a whole number from 0 to 1000
    """

    crf: int = 0
    opening: int = 0
    closing: int = 0
    smooth_edges: float = 0.0

    def __post_init__(self) -> None:
        for name in ("crf", "opening", "closing"):
            value = getattr(self, name)
            if type(value) is not int or not 0 <= value <= 1000:
                raise SeverstalError(f"{name} is {value!r}: give a whole number from 0 to 1000")
        value = self.smooth_edges
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1000:
            raise SeverstalError(f"smooth_edges is {value!r}: give a number of pixels from 0 to 1000")

    @property
    def active(self) -> bool:
        """Whether any refinement is switched on."""
        return self != Refinement()

    def __str__(self) -> str:
        """The steps in words.

        Example:
            >>> print(Refinement(crf=5, opening=2, smooth_edges=1.5))
            CRF of 5 iterations, opened by 2, edges smoothed by 1.5 pixels
        """
        words = [f"CRF of {self.crf} iterations"] if self.crf else []
        words += [f"opened by {self.opening}"] if self.opening else []
        words += [f"closed by {self.closing}"] if self.closing else []
        words += [f"edges smoothed by {self.smooth_edges:g}"] if self.smooth_edges else []
        return ", ".join(words) + (" pixels" if self.opening or self.closing or self.smooth_edges else "")


NO_REFINEMENT = Refinement()
