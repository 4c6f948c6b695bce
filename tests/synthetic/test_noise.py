"""Random fields have the correlation that theory gives white noise blurred by a Gaussian."""

import numpy as np
import pytest

from severstal.synthetic.noise import cloud, step


@pytest.mark.parametrize(("sigma_y", "sigma_x"), [(1, 1), (3, 1.5), (1.2, 8), (12, 20)])
def test_correlation_falls_as_the_blur_says(sigma_y: float, sigma_x: float) -> None:
    field = np.stack([cloud(np.random.default_rng(k), (200, 300), sigma_y, sigma_x) for k in range(6)])
    assert abs(field.std() - 1) < 0.12
    for axis, sigma in ((1, sigma_y), (2, sigma_x)):
        lag = max(1, round(sigma))
        ahead, behind = np.arange(lag, field.shape[axis]), np.arange(field.shape[axis] - lag)
        product = (field.take(ahead, axis) * field.take(behind, axis)).mean() / (field**2).mean()
        assert abs(product - np.exp(-(lag**2) / (4 * sigma**2))) < 0.12


@pytest.mark.parametrize("shape", [(1, 1600), (256, 1), (7, 5), (256, 1600)])
def test_any_shape_and_width(shape: tuple[int, int]) -> None:
    for sigma in (0.5, 3, 300):
        field = cloud(np.random.default_rng(0), shape, sigma, sigma)
        assert field.shape == shape
        assert field.dtype == np.float32
        assert np.isfinite(field).all()


def test_step_rises_from_0_to_1() -> None:
    rise = step(np.linspace(-5, 5, 101))
    assert rise[0] < 0.01
    assert rise[-1] > 0.99
    assert (np.diff(rise) > 0).all()
