import pytest
import torch
from torch.nn import functional

from severstal.models.maskrcnn.instances import find_instances, merge_instances, paste


def flood(mask):
    """The 8-connected components of a mask as sets of (row, column), by hand."""
    left = {(int(row), int(column)) for row, column in mask.nonzero()}
    while left:
        found, new = set(), {min(left)}
        while new:
            found |= new
            left -= new
            new = {(r + y, c + x) for r, c in new for y in (-1, 0, 1) for x in (-1, 0, 1)} & left
        yield found


def test_instances_are_components_by_hand():
    torch.manual_seed(0)
    masks = (torch.rand(3, 13, 17) > 0.75).float()  # diagonals, specks and overlapping classes
    masks[2] = 0
    masks[2, 4:, 3:9] = 1
    found = find_instances(masks)
    side = (1, 1)
    seen = []
    for number, box in enumerate(found.boxes):
        left, top, right, bottom = map(int, box)
        which = torch.tensor([number])
        label = int(found.labels[number])
        cells = [(r, c) for r in range(13) for c in range(17)]
        squares = torch.tensor([[c, r, c + 1, r + 1] for r, c in cells], dtype=torch.float32)
        mask = found.crop(which.expand(len(cells)), squares, *side[:1]).flatten()
        pixels = {cell for cell, value in zip(cells, mask, strict=True) if value == 1}
        assert set(mask.tolist()) <= {0.0, 1.0}
        assert (left, right - 1) == (min(c for _, c in pixels), max(c for _, c in pixels))
        assert (top, bottom - 1) == (min(r for r, _ in pixels), max(r for r, _ in pixels))
        seen.append((label, frozenset(pixels)))
    expected = [(label, frozenset(one)) for label, mask in enumerate(masks, 1) for one in flood(mask)]
    assert len(seen) == len(set(seen))
    assert set(seen) == set(expected)


def test_diagonals_touch_and_pixels_are_boxes_of_their_own():
    masks = torch.zeros(2, 5, 6)
    masks[0, 0, 0] = masks[0, 1, 1] = 1
    masks[0, 4, 5] = 1
    masks[1, 0:2, 0:2] = 1  # over the other class
    found = find_instances(masks)
    assert found.boxes.tolist() == [[0, 0, 2, 2], [5, 4, 6, 5], [0, 0, 2, 2]]
    assert found.labels.tolist() == [1, 1, 2]
    assert found.boxes.dtype == torch.float32
    assert found.labels.dtype == torch.int64


def test_mixed_masks_count_from_a_half():
    masks = torch.tensor([[[0.49, 0.0, 0.5, 0.51]]])
    assert find_instances(masks).boxes.tolist() == [[2, 0, 4, 1]]


def test_no_defect_is_no_instance():
    found = find_instances(torch.zeros(3, 4, 5))
    assert found.boxes.shape == (0, 4)
    assert found.labels.shape == (0,)
    assert found.crop(torch.zeros(0, dtype=torch.int64), found.boxes, 28).shape == (0, 28, 28)


def test_a_crop_is_the_share_of_each_cell():
    mask = torch.zeros(1, 8, 8)
    mask[0, 2:6, 1:7] = 1
    found = find_instances(mask)
    box = torch.tensor([[0.0, 0.0, 8.0, 8.0]])
    shares = functional.avg_pool2d(mask, 2)
    # The nearest samples lie a quarter of a cell from its edges, so that a cell cut in halves has a half.
    assert torch.allclose(found.crop(torch.tensor([0]), box, 4), shares)


def interpolate(mask, box, height, width):
    """Paste one mask pixel by pixel."""
    left, top, right, bottom = box
    side = len(mask)
    result = torch.zeros(height, width)
    for row in range(height):
        for column in range(width):
            y, x = (row + 0.5 - top) / (bottom - top), (column + 0.5 - left) / (right - left)
            if not (0 <= y <= 1 and 0 <= x <= 1):
                continue
            y, x = (min(max(part * side - 0.5, 0), side - 1) for part in (y, x))
            value = 0.0
            for i in range(side):
                for j in range(side):
                    value += max(0, 1 - abs(y - i)) * max(0, 1 - abs(x - j)) * mask[i, j].item()
            result[row, column] = value
    return result


BOXES = torch.tensor(
    [[1.3, 2.1, 9.8, 7.4], [0.0, 0.0, 12.0, 9.0], [5.0, 1.0, 6.0, 9.0], [4.5, 0.0, 11.9, 2.2]]
)


def test_pasting_pixel_by_pixel():
    torch.manual_seed(0)
    masks = torch.rand(4, 5, 5)
    pasted = paste(masks, BOXES, 9, 12)
    for mask, box, result in zip(masks, BOXES.tolist(), pasted, strict=True):
        torch.testing.assert_close(result, interpolate(mask, box, 9, 12))


def test_a_box_of_the_whole_picture_is_interpolation_as_torch_has_it():
    masks = torch.rand(2, 7, 7)
    box = torch.tensor([[0.0, 0.0, 40.0, 23.0]]).expand(2, 4)
    expected = functional.interpolate(masks[None], (23, 40), mode="bilinear")[0]
    torch.testing.assert_close(paste(masks, box, 23, 40), expected)


def test_an_empty_box_is_finite():
    pasted = paste(torch.ones(2, 4, 4), torch.tensor([[3.0, 3.0, 3.0, 3.0], [0.0, 0.0, 0.0, 0.0]]), 8, 8)
    assert pasted.isfinite().all()
    assert pasted.sum() <= 2


def test_merging_is_the_largest_score_times_mask():
    torch.manual_seed(0)
    masks, scores = torch.rand(4, 5, 5), torch.tensor([0.9, 0.2, 0.7, 0.4])
    labels = torch.tensor([2, 0, 2, 0])
    merged = merge_instances(masks, BOXES, labels, scores, (3, 9, 12))
    expected = torch.zeros(3, 9, 12)
    for mask, box, label, score in zip(masks, BOXES.tolist(), labels, scores, strict=True):
        expected[label] = expected[label].maximum(score * interpolate(mask, box, 9, 12))
    torch.testing.assert_close(merged, expected)
    assert merged[1].max() == 0


@pytest.mark.parametrize("extra", [0.0, 1.5])
def test_perfect_detections_give_the_masks_back(extra):
    """Through boxes that fit, and through ones that are a little large."""
    rows, columns = torch.meshgrid(torch.arange(64), torch.arange(96), indexing="ij")
    truth = torch.zeros(2, 64, 96)
    truth[0] = ((rows - 20) ** 2 / 90 + (columns - 30) ** 2 / 200 < 1).float()  # an ellipse
    truth[0, :, 70:76] = 1  # a stripe over the whole height
    truth[1] = ((rows - columns / 3 - 20).abs() < 4).float()  # a slanted scratch
    truth[1, 2:5, 80:83] = 1  # a speck
    found = find_instances(truth)
    assert len(found.boxes) == 4
    boxes = found.boxes + extra * torch.tensor([-1, -1, 1, 1])
    masks = found.crop(torch.arange(4), boxes, 28)
    merged = merge_instances(masks, boxes, found.labels - 1, torch.ones(4), (2, 64, 96)) > 0.5
    for label in range(2):
        dice = 2 * (merged[label] * truth[label]).sum() / (merged[label].sum() + truth[label].sum())
        assert dice > 0.95
