import pytest
import torch
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import batched_nms, box_iou, roi_align

from severstal.models.maskrcnn.body import RATIOS, SIZES
from severstal.models.maskrcnn.regions import Anchors, Proposals, roi_features, surviving


@pytest.fixture
def pyramid():
    torch.manual_seed(0)
    return [torch.randn(2, 8, 64 // stride, 128 // stride) for stride in (4, 8, 16, 32)]


def images(count=2, size=(60, 120)):
    return ImageList(torch.zeros(count, 1, 64, 128), [size] * count)


def test_anchors_lie_round_the_cells():
    first, second = Anchors((16, 40), (0.25, 1, 4))(
        images(), [torch.zeros(2, 8, 16, 32), torch.zeros(2, 8, 8, 16)]
    )
    assert torch.equal(first, second)
    assert len(first) == 3 * (16 * 32 + 8 * 16)
    assert first[:3].tolist() == [[-14, -2, 18, 6], [-6, -6, 10, 10], [-2, -14, 6, 18]]  # round (2, 2)
    one_right, one_down = first[3:6], first[3 * 32 : 3 * 33]
    torch.testing.assert_close(one_right, first[:3] + torch.tensor([4.0, 0, 4, 0]))
    torch.testing.assert_close(one_down, first[:3] + torch.tensor([0.0, 4, 0, 4]))
    last = first[-2]
    torch.testing.assert_close(last, torch.tensor([124.0, 60, 124, 60]) + torch.tensor([-20.0, -20, 20, 20]))


def test_survivors_are_those_of_torchvision():
    torch.manual_seed(0)
    corners = 50 * torch.rand(200, 2)
    boxes = torch.cat([corners, corners + 5 + 20 * torch.rand(200, 2)], dim=1)
    scores, groups = torch.rand(200), torch.randint(3, (200,))
    kept = surviving(boxes, scores, groups, 0.4)
    assert set(kept.nonzero()[:, 0].tolist()) == set(batched_nms(boxes, scores, groups, 0.4).tolist())
    assert 0 < kept.sum() < 200


def proposals(number):
    torch.manual_seed(1)
    network = Proposals(Anchors((16, 32, 64, 128), (0.5, 1, 2)), channels=8, number=number)
    for layer in (network.head.cls_logits, network.head.bbox_pred):
        torch.nn.init.normal_(layer.weight, std=0.3)
    return network


def test_proposals_are_as_many_whatever_is_seen(pyramid):
    network = proposals(40).eval()
    with torch.no_grad():
        for features in (pyramid, [torch.zeros_like(feature) for feature in pyramid]):
            boxes, _ = network(images(), dict(enumerate(features)))
            for part in boxes:
                assert part.shape == (40, 4)
                assert part.min() >= 0
                assert (part[:, 2] <= 120).all()
                assert (part[:, 3] <= 60).all()


def test_too_few_survivors_are_filled_up_by_the_best(pyramid):
    network = proposals(1500).eval()
    with torch.no_grad():
        boxes, _ = network(images(), dict(enumerate(pyramid)))
    for part in boxes:
        assert part.shape == (1500, 4)
        repeated = (part == part[0]).all(1)
        count = int(repeated.sum())
        assert 1 < count < 1500
        assert repeated[-count + 1 :].all()  # the places left over are the last
        assert len(part.unique(dim=0)) == 1501 - count


def test_proposals_are_those_of_torchvision(pyramid):
    network = proposals(30)
    with torch.no_grad():
        mine, _ = network.eval()(images(), dict(enumerate(pyramid)))
        # torchvision's own, which its class gives in training mode, with losses that are not looked at.
        nothing = [{"boxes": torch.zeros(0, 4)}] * 2
        theirs, _ = network.train()(images(), dict(enumerate(pyramid)), nothing)
    for one, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(one, other)


def test_losses_are_means_over_pictures(pyramid):
    network = proposals(30)
    truth = [{"boxes": torch.tensor([[10.0, 10, 40, 30]])}, {"boxes": torch.zeros(0, 4)}]

    def losses(places):
        torch.manual_seed(0)
        features = {n: feature[places] for n, feature in enumerate(pyramid)}
        found = network(images(len(places)), features, [truth[place] for place in places])[1]
        return torch.stack([found["loss_objectness"], found["loss_rpn_box_reg"]])

    # Which anchors are drawn is chance: with as many as there are, nothing is.
    network.fg_bg_sampler.batch_size_per_image = 10000
    together, alone = losses([0, 1]), (losses([0]) + losses([1])) / 2
    torch.testing.assert_close(together, alone)
    assert losses([1])[1] == 0
    assert losses([0])[1] > 0


def test_pooling_reads_each_box_from_its_level(pyramid):
    boxes = [torch.tensor([[3.0, 5, 30, 40], [0, 0, 113, 113]]), torch.tensor([[20.0, 10, 20.5, 10.5]])]
    found = roi_features(pyramid, [4, 8, 16, 32], boxes, 7)
    assert found.shape == (3, 8, 7, 7)
    for place, (picture, box, level) in enumerate(
        [(0, boxes[0][0], 0), (0, boxes[0][1], 1), (1, boxes[1][0], 0)]
    ):
        expected = roi_align(
            pyramid[level],
            [box[None] if n == picture else box[None][:0] for n in range(2)],
            7,
            1 / 2 ** (2 + level),
            2,
            aligned=True,
        )
        torch.testing.assert_close(found[place : place + 1], expected)


def test_a_slope_is_read_where_it_is():
    """The feature says where its cells' centres are, in pixels: a box's cells read their own centres."""
    rows, columns = torch.meshgrid(torch.arange(16), torch.arange(32), indexing="ij")
    slope = 4 * torch.stack([rows, columns])[None] + 2.0
    read = roi_features([slope], [4], [torch.tensor([[20.0, 12, 48, 40]])], 7)[0]
    centres = torch.arange(7) * 4 + 2.0
    torch.testing.assert_close(read[0], (12 + centres)[:, None].expand(7, 7))
    torch.testing.assert_close(read[1], (20 + centres)[None].expand(7, 7))


STEEL = [(12, 12), (20, 60), (60, 20), (30, 200), (25, 256), (120, 256), (250, 256), (400, 200), (200, 60)]


@pytest.mark.parametrize(
    ("sizes", "ratios", "least"),
    [(SIZES, RATIOS, (0.45, 1.0)), ((32, 64, 128, 256, 512), (0.5, 1, 2), (0.0, 0.2))],  # the paper's
)
def test_sizes_suit_steel(sizes, ratios, least):
    pictures = ImageList(torch.zeros(1, 1, 256, 1600), [(256, 1600)])
    features = [torch.zeros(1, 1, 256 // stride, 1600 // stride) for stride in (4, 8, 16, 32, 64)]
    (anchors,) = Anchors(sizes, ratios)(pictures, features)
    boxes = torch.tensor([[801.0, 128 - h / 2, 801 + w, 128 + h / 2] for w, h in STEEL])
    assert least[0] < box_iou(boxes, anchors).amax(1).min() < least[1]
