import pytest
import segmentation_models_pytorch as smp
import torch

from severstal.errors import SeverstalError
from severstal.models.encoders import find_encoder, find_published, find_stride, weight_tags


@pytest.mark.parametrize("name", ["resnet18", "mit_b0", "tu-resnet18", "tu-resnet18.a1_in1k"])
def test_a_known_name_stays(name):
    assert find_encoder(name) == name


@pytest.mark.filterwarnings("ignore:`timm-` encoders are deprecated")
@pytest.mark.parametrize("name", ["timm-regnetx_002", "timm-mobilenetv3_small_minimal_100", "timm-gernet_s"])
def test_names_that_smp_translates_build_what_smp_builds(name):
    ours = smp.encoders.get_encoder(find_encoder(name), weights=None).state_dict()
    theirs = smp.encoders.get_encoder(name, weights=None).state_dict()
    assert {key: tensor.shape for key, tensor in ours.items()} == {
        key: tensor.shape for key, tensor in theirs.items()
    }


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("resnet-18", "resnet18"),
        ("efficientnet_b3", "efficientnet-b3"),
        ("tu-conv-next_tiny", "tu-convnext_tiny"),
        ("convnext_tiny", "tu-convnext_tiny"),
        ("tu-resnet18.a1in1k", "tu-resnet18.a1_in1k"),
    ],
)
def test_an_unknown_name_gets_the_nearest(name, near):
    with pytest.raises(SeverstalError, match=f"{name!r} is unknown: the nearest known one is {near!r}"):
        find_encoder(name)


def test_the_default_tag_comes_first():
    tags = weight_tags("tu-resnet18")
    assert tags[0] == "a1_in1k"
    assert len(tags) > 3
    assert tags[1:] == sorted(tags[1:])


def test_where_weights_lie():
    assert find_published("resnet18", "imagenet")[0] == "smp-hub/resnet18.imagenet"
    assert len(find_published("resnet18", "ssl")[1]) == 40  # a commit, not a branch
    assert find_published("tu-resnet18", "imagenet")[0] == "timm/resnet18.a1_in1k"
    assert find_published("tu-resnet18", "a2_in1k")[0] == "timm/resnet18.a2_in1k"
    assert find_published("tu-resnet18.a3_in1k", "imagenet")[0] == "timm/resnet18.a3_in1k"


@pytest.mark.parametrize(
    ("encoder", "weights", "near"),
    [
        ("resnet18", "swl", "swsl"),
        ("tu-resnet18", "a1in1k", "a1_in1k"),
        ("tu-dpn48b", "imagenet", "none"),  # nobody published any
        ("tu-gcvit_tiny", "imagenet", "none"),  # published only as a pickle
    ],
)
def test_unknown_weights_get_the_nearest(encoder, weights, near):
    with pytest.raises(SeverstalError, match=f"of {encoder} is unknown: the nearest known one is {near!r}"):
        find_published(encoder, weights)


@pytest.mark.parametrize(
    ("name", "depth", "stride"), [("resnet18", 5, 32), ("resnet18", 3, 8), ("tu-test_resnet", 4, 16)]
)
def test_stride_of_encoders_that_take_any_size(name, depth, stride):
    encoder = smp.encoders.get_encoder(name, in_channels=1, depth=depth, weights=None)
    assert find_stride(encoder, name, 1) == stride


def test_stride_of_windows_is_the_size_that_they_divide():
    encoder = smp.encoders.get_encoder("tu-test_maxvit", in_channels=1, weights=None)
    assert find_stride(encoder, "tu-test_maxvit", 1) == 160
    encoder(torch.zeros(1, 1, 160, 480))
    with pytest.raises(AssertionError):
        encoder(torch.zeros(1, 1, 160, 192))


def test_an_encoder_for_one_size_only_is_refused():
    encoder = smp.encoders.get_encoder("tu-test_coatnet", in_channels=1, weights=None)
    with pytest.raises(SeverstalError, match="tu-test_coatnet takes only pictures of 160 x 160"):
        find_stride(encoder, "tu-test_coatnet", 1)


@pytest.mark.parametrize("size", [[256, 1600], 0, "256"])
def test_an_impossible_size_is_refused(size):
    encoder = smp.encoders.get_encoder("tu-test_maxvit", in_channels=1, weights=None)
    with pytest.raises(SeverstalError, match="img_size"):
        find_stride(encoder, "tu-test_maxvit", 1, size)
