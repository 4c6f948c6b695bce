import numpy as np
import pytest
import torch

from severstal.models.classical.features import RANGES, pixel_features, to_bins


@pytest.mark.parametrize("size", [(9, 14), (1, 33), (20, 3)])
@pytest.mark.parametrize(("window", "surround"), [(3, 7), (1, 5), (5, 61)])
def test_each_is_what_numpy_finds_around_the_pixel(size, window, surround):
    torch.manual_seed(0)
    pictures = torch.randn(2, 1, *size)
    features = pixel_features(pictures, window, surround).numpy()
    grey = pictures[:, 0].double().numpy()

    def around(values, row, column, width):
        half = width // 2
        return values[max(0, row - half) : row + half + 1, max(0, column - half) : column + half + 1]

    for number, picture in enumerate(grey):
        steel = np.empty(size)
        for place in np.ndindex(size):
            steel[place] = around(picture, *place, surround).mean()
        for place in np.ndindex(size):
            near = around(picture, *place, window)
            rough = around(picture - steel, *place, window).std()
            expected = [picture[place], picture[place] - steel[place], near.mean() - steel[place], rough]
            np.testing.assert_allclose(features[(number, slice(None), *place)], expected, atol=1e-5)


def test_a_constant_picture_has_no_contrast():
    features = pixel_features(torch.full((1, 1, 40, 60), 3.3), 7, 31)
    assert features[0, 0].unique().tolist() == pytest.approx([3.3])
    assert features[0, 1:].abs().max() < 1e-6


def test_colours_are_averaged_and_glare_is_cut():
    pictures = torch.randn(2, 3, 20, 30)
    torch.testing.assert_close(
        pixel_features(pictures, 3, 9), pixel_features(pictures.mean(1, keepdim=True), 3, 9)
    )
    assert pixel_features(1e6 * pictures, 3, 9).abs().max() <= 16


def test_a_mirrored_picture_has_mirrored_features():
    pictures = torch.randn(1, 1, 21, 30)
    torch.testing.assert_close(
        pixel_features(pictures.flip(-1), 5, 11), pixel_features(pictures, 5, 11).flip(-1)
    )


@pytest.mark.parametrize("feature", range(len(RANGES)))
def test_bins_are_numpys(feature):
    torch.manual_seed(feature)
    values = 3 * torch.randn(2, len(RANGES), 30, 40)
    low, high = list(RANGES.values())[feature]
    inner = np.linspace(low, high, 21)[1:-1]
    expected = np.digitize(values[:, feature].numpy(), inner)
    assert np.array_equal(to_bins(values, feature, 20).numpy(), expected)
