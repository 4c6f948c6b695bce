"""Synthetic steel: a small data set in Kaggle's layout, drawn from the statistics of the real one."""

from severstal.synthetic.draw import draw_image, draw_sample

__all__ = ["draw_image", "draw_sample"]
