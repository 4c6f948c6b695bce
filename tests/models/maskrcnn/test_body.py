import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from severstal.errors import SeverstalError
from severstal.models.network import encoder_of
from severstal.models.registry import build_model

SMALL = {"channels": 8}


def build(encoder="tu-test_resnet", seed=0, **settings):
    torch.manual_seed(seed)
    return build_model("maskrcnn", encoder, **{"options": SMALL, **settings})


def truth(count=2, classes=4, size=(70, 101)):
    masks = torch.zeros(count, classes, *size)
    masks[0, 0, 10:40, 20:60] = 1
    masks[0, 0, 50:52, 90:92] = 1
    masks[-1, -1, :, 30:36] = 1
    return masks


@pytest.mark.parametrize("encoder", ["resnet18", "tu-test_convnext", "mit_b0"])
def test_any_encoder_with_features_of_strides_4_to_32_learns_whole(encoder):
    network = build(encoder, class_head=True)
    output = network(torch.randn(2, 1, 33, 70))
    (output.loss(truth(2, 4, (33, 70))) + output.classes.mean()).backward()
    assert all(weight.grad is not None for weight in network.parameters())
    assert network.eval()(torch.randn(2, 1, 33, 70)).masks.shape == (2, 4, 33, 70)


def test_pretrained_weights_reach_the_encoder(tmp_path):
    source = encoder_of(build(seed=1))
    save_file(source.state_dict(), tmp_path / "encoder.safetensors")
    network = build(encoder_weights=str(tmp_path / "encoder.safetensors"))
    for name, tensor in encoder_of(network).state_dict().items():
        assert torch.equal(tensor, source.state_dict()[name]), name


def test_boxes_begin_rare_and_their_masks_open():
    heads = build(classes=7).body.segmentation_head
    begun = heads.box_predictor.cls_score.bias.softmax(0)
    torch.testing.assert_close(begun[1:], torch.full((7,), 0.01))
    assert heads.mask_predictor.mask_fcn_logits.bias.eq(0).all()
    assert build(classes=150).body.segmentation_head.box_predictor.cls_score.bias.isfinite().all()


def test_a_batch_of_pictures_is_the_mean_of_its_pictures():
    """Proposals and anchors are drawn; with as many as there are, nothing is left to chance."""
    network = build()
    network.body.proposals.fg_bg_sampler.batch_size_per_image = 10**6
    network.body.segmentation_head.fg_bg_sampler.batch_size_per_image = 10**6
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eval()
    pictures, masks = torch.randn(3, 1, 70, 101), truth(3)  # the second without a defect
    together = network(pictures).loss(masks)
    alone = torch.stack([network(pictures[n : n + 1]).loss(masks[n : n + 1]) for n in range(3)])
    assert alone.std() > 0
    torch.testing.assert_close(together, alone.mean())


def test_the_seed_fixes_the_samples():
    network = build()
    pictures, masks = torch.randn(2, 1, 128, 128), truth(2, 4, (128, 128))

    def loss(seed):
        torch.manual_seed(seed)
        return network(pictures).loss(masks)

    assert loss(1) == loss(1)
    assert loss(1) != loss(2)


def test_the_heads_stay_exact_under_autocast():
    network = build()
    seen = []
    network.body.segmentation_head.box_head.register_forward_hook(
        lambda _, given, result: seen.extend([given[0].dtype, result.dtype])
    )
    with torch.autocast("cpu", torch.bfloat16):
        loss = network(torch.randn(2, 1, 64, 64)).loss(truth(2, 4, (64, 64)))
        network.eval()(torch.randn(1, 1, 64, 64))
    assert loss.dtype == torch.float32
    assert set(seen) == {torch.float32}
    assert len(seen) == 4


@pytest.mark.parametrize("shape", [(2, 3, 70, 101), (1, 4, 70, 101), (2, 4, 96, 128)])
def test_masks_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"would be \(2, 4, 70, 101\)"):
        build()(torch.randn(2, 1, 70, 101)).loss(torch.zeros(shape))


def test_what_the_heads_say_of_a_box_is_what_the_masks_show():
    """With heads that say one thing of all boxes, the map is the union of the boxes, by that score."""
    network = build(classes=2).eval()
    heads = network.body.segmentation_head
    boxes = []
    network.body.proposals.register_forward_hook(lambda _, __, result: boxes.extend(result[0]))
    for layer in (heads.box_predictor.cls_score, heads.box_predictor.bbox_pred):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    with torch.no_grad():
        heads.box_predictor.cls_score.bias.copy_(torch.tensor([0.2, 0.7, 0.1]).log())
        nn.init.zeros_(heads.mask_predictor.mask_fcn_logits.weight)
        heads.mask_predictor.mask_fcn_logits.bias.copy_(torch.tensor([20.0, -20.0]))
        heads.nms_thresh, heads.detections_per_img = 1.0, 10**6  # every box is a detection
        maps = network(torch.randn(1, 1, 64, 96)).masks.sigmoid()[0]
    inside = torch.zeros(64, 96, dtype=torch.bool)
    rows, columns = torch.arange(64)[:, None] + 0.5, torch.arange(96) + 0.5
    for left, top, right, bottom in boxes[0]:
        inside |= (rows >= top) & (rows <= bottom) & (columns >= left) & (columns <= right)
    torch.testing.assert_close(maps[0], torch.where(inside, 0.7, 1e-4))
    torch.testing.assert_close(maps[1], torch.full((64, 96), 1e-4))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"channels": 0}, "model option 'channels' is 0: give a whole number from 1"),
        ({"detections": 2.5}, "model option 'detections' is 2.5"),
        ({"proposals": True}, "model option 'proposals' is True"),
        (
            {"anchor_sizes": [8, 16]},
            r"model option 'anchor_sizes' is \[8, 16\]: give a list of 5 numbers above 0",
        ),
        ({"anchor_sizes": 16}, "model option 'anchor_sizes' is 16"),
        ({"anchor_ratios": []}, "model option 'anchor_ratios' is"),
        ({"anchor_ratios": [1, -2]}, "model option 'anchor_ratios' is"),
        ({"anchor_ratios": [1, float("inf")]}, "model option 'anchor_ratios' is"),
        ({"anchor_size": [8]}, "'anchor_size' is unknown: the nearest known one is 'anchor_sizes'"),
    ],
)
def test_impossible_options_are_one_line(options, words):
    with pytest.raises(SeverstalError, match=words) as caught:
        build(options=options)
    assert "\n" not in str(caught.value)


def test_options_take_effect():
    options = {
        "channels": 8,
        "anchor_sizes": [8, 16, 32, 64, 128],
        "anchor_ratios": [1],
        "proposals": 20,
        "detections": 5,
    }
    network = build(options=options).eval()
    seen = []
    heads = network.body.segmentation_head
    heads.box_head.register_forward_hook(lambda _, given, __: seen.append(len(given[0])))
    heads.mask_head.register_forward_hook(lambda _, given, __: seen.append(len(given[0])))
    network(torch.randn(3, 1, 64, 96))
    assert seen == [60, 15]
    assert network.body.proposals.head.cls_logits.out_channels == 1
    assert network.body.proposals.anchor_generator.sizes == (8, 16, 32, 64, 128)


def test_an_encoder_of_one_stride_is_one_line():
    with pytest.raises(SeverstalError, match=r"maskrcnn on tu-test_vit .*strides 4 to 32") as caught:
        build("tu-test_vit")
    assert "\n" not in str(caught.value)
