import pytest
import segmentation_models_pytorch as smp
import torch
from torch import nn
from torch.nn import functional

from severstal.models.body import Body


class Coarse(nn.Module):
    """Gives a feature back, and remembers all of them."""

    def forward(self, features):
        self.seen = features
        return features[3]


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    return smp.encoders.get_encoder("tu-test_resnet", in_channels=1, weights=None).eval()


def test_the_head_sees_every_feature_and_its_masks_are_interpolated(encoder):
    body = Body(encoder, Coarse())
    pictures = torch.randn(2, 1, 64, 96)
    masks = body(pictures)
    features = encoder(pictures)
    assert len(body.segmentation_head.seen) == len(features)
    torch.testing.assert_close(masks, functional.interpolate(features[3], (64, 96), mode="bilinear"))


def test_the_class_head_reads_the_deepest_feature(encoder):
    aux = {"classes": 3, "activation": None, "pooling": "max", "dropout": 0.0}
    body = Body(encoder, Coarse(), aux).eval()
    pictures = torch.randn(2, 1, 64, 96)
    _, classes = body(pictures)
    linear = body.classification_head[3]
    torch.testing.assert_close(classes, linear(encoder(pictures)[-1].amax((2, 3))))
