import pytest
import torch
from torch import nn

from severstal.errors import SeverstalError
from severstal.models.gcn import BoundaryRefinement, GlobalConvolution
from severstal.models.registry import build_model


@pytest.mark.parametrize(("before", "after", "kernel"), [(8, 4, 7), (64, 21, 15), (3, 3, 1)])
def test_costs_two_thin_kernels_each_way(before, after, kernel):
    layer = GlobalConvolution(before, after, kernel)
    weights = sum(weight.numel() for name, weight in layer.named_parameters() if name.endswith("weight"))
    assert weights == 2 * kernel * (before + after) * after


@pytest.mark.parametrize("kernel", [1, 5, 15])
def test_sees_exactly_k_by_k(kernel):
    layer = GlobalConvolution(1, 2, kernel)
    picture = torch.zeros(1, 1, 31, 31, requires_grad=True)
    layer(picture)[0, :, 15, 15].abs().sum().backward()
    seen = picture.grad[0, 0].nonzero() - 15
    assert len(seen) == kernel**2
    assert seen.abs().max() == kernel // 2


def test_is_the_sum_of_two_separable_kernels():
    layer = GlobalConvolution(1, 1, 5)
    kernel = torch.zeros(5, 5)
    for path in (layer.high_first, layer.wide_first):
        one, other = (part.weight[0, 0] for part in path)
        kernel = kernel + one * other  # a column times a row, in either order
        for part in path:
            nn.init.zeros_(part.bias)
    picture = torch.randn(1, 1, 12, 13)
    expected = nn.functional.conv2d(picture, kernel[None, None], padding=2)
    torch.testing.assert_close(layer(picture), expected, atol=1e-5, rtol=1e-5)
    assert torch.linalg.matrix_rank(kernel) == 2


def test_the_papers_orders():
    layer = GlobalConvolution(2, 3, 7)
    assert [part.kernel_size for part in layer.high_first] == [(7, 1), (1, 7)]
    assert [part.kernel_size for part in layer.wide_first] == [(1, 7), (7, 1)]


def test_refinement_adds_to_the_scores():
    layer = BoundaryRefinement(3)
    scores = torch.randn(1, 3, 6, 7)
    nn.init.zeros_(layer.residual[2].weight)
    nn.init.zeros_(layer.residual[2].bias)
    assert torch.equal(layer(scores), scores)


def test_four_strides_have_score_maps():
    network = build_model(
        "gcn", "tu-test_resnet", options={"decoder_kernel": 5, "decoder_channels": 6}
    ).eval()
    seen = []
    for read in network.body.segmentation_head.maps:
        read.register_forward_hook(lambda _, __, scores: seen.append(tuple(scores.shape[1:])))
    network(torch.zeros(1, 1, 64, 128))
    assert seen == [(6, 16, 32), (6, 8, 16), (6, 4, 8), (6, 2, 4)]


@pytest.mark.parametrize("place", range(4))
def test_the_masks_depend_on_each_map(place):
    torch.manual_seed(0)
    head = build_model("gcn", "tu-test_resnet").body.segmentation_head
    depths = [read[0].high_first[0].in_channels for read in head.maps]
    features = [None, None, *(torch.randn(1, depth, 16 >> n, 16 >> n) for n, depth in enumerate(depths))]
    before = head(features)
    assert before.shape == (1, 4, 64, 64)
    features[2 + place] = features[2 + place] + 1
    assert not torch.allclose(head(features), before)


@pytest.mark.parametrize("kernel", [4, 0, -3])
def test_an_even_kernel_is_one_line(kernel):
    with pytest.raises(SeverstalError, match=f"'decoder_kernel' is {kernel}: give an odd number"):
        build_model("gcn", "tu-test_resnet", options={"decoder_kernel": kernel})
