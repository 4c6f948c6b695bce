"""The pass over the maps against brute force; the selection finds the members that are any good."""

from dataclasses import dataclass

import numpy as np
import pytest

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.inference.ensemble import measure_overlap, select_weights
from severstal.inference.ensemble.selection import SOFT_DICE_SMOOTH
from severstal.inference.maps import MapReader, MapWriter

SPEC = Spec("tiny", (16, 24), ("scratch", "hole"))
IMAGES = 24
NAMES = [f"{index}.jpg" for index in range(IMAGES)]
FOLDS = np.arange(IMAGES) % 3


@dataclass
class Drawn:
    truth: dict[str, np.ndarray]
    readers: list[MapReader]
    maps: np.ndarray  # (M, N, C, H, W)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """Two members that see the truth through noise of their own, and one that sees nothing."""
    rng = np.random.default_rng(0)
    planes = np.zeros((IMAGES, 2, 16, 24))
    for index in range(IMAGES):
        if index % 2:
            top, left = rng.integers(0, 8), rng.integers(0, 12)
            planes[index, index // 2 % 2, top : top + 6, left : left + 9] = 1
    noise = rng.normal(0, 0.25, (3, *planes.shape))
    maps = (np.stack([planes, planes, np.full_like(planes, 0.3)]) + noise).clip(0, 1)
    maps = (maps * 255).astype(np.uint8)
    readers = []
    for number, member in enumerate(maps):
        folder = tmp_path_factory.mktemp(f"run{number}")
        writer = MapWriter(folder, NAMES, SPEC, 1, f"key {number}", run=f"run{number}")
        writer.write(0, member)
        writer.close()
        readers.append(MapReader(folder))
    bits = (planes[:, 0] + 2 * planes[:, 1]).astype(np.uint8)
    return Drawn(dict(zip(NAMES, bits, strict=True)), readers, maps)


def test_soft_dice_of_any_weights_is_that_of_the_averaged_maps(drawn: Drawn) -> None:
    overlap = measure_overlap(drawn.readers, drawn.truth)
    assert overlap.runs == ("run0", "run1", "run2")
    smooth = SOFT_DICE_SMOOTH * 16 * 24
    for weights in ([1, 0, 0], [0.2, 0.3, 0.5], [1 / 3] * 3):
        mean = np.tensordot(weights, drawn.maps / 255, 1)  # (N, C, H, W)
        found = overlap.soft_dice(np.array(weights))
        for row, name in enumerate(NAMES):
            for index in range(2):
                true, map_ = (drawn.truth[name] >> index) & 1, mean[row, index]
                exact = 2 * (map_ * true).sum() + smooth
                exact /= np.square(map_).sum() + true.sum() + smooth
                assert found[row, index] == pytest.approx(exact, rel=1e-5)


def test_disagreement_is_symmetric_and_zero_with_oneself(drawn: Drawn) -> None:
    apart = measure_overlap(drawn.readers, drawn.truth).disagreement()
    assert apart.shape == (2, 3, 3)
    assert np.allclose(apart, apart.transpose(0, 2, 1))
    assert np.allclose(np.einsum("cii->ci", apart), 0, atol=1e-9)
    a, b = drawn.maps[0, :, 0].astype(float), drawn.maps[1, :, 0].astype(float)
    assert apart[0, 0, 1] == pytest.approx(1 - 2 * (a * b).sum() / (np.square(a).sum() + np.square(b).sum()))


def test_the_selection_trusts_those_who_see_and_beats_the_uniform_mean(drawn: Drawn) -> None:
    selection = select_weights(measure_overlap(drawn.readers, drawn.truth), FOLDS)
    assert selection.weights.sum() == pytest.approx(1)
    assert np.allclose(selection.weights, selection.by_fold.mean(0))
    # Pulled toward the uniform mean: a bag of 3 and 6 picks keeps one ninth for the blind member.
    assert selection.weights[2] == pytest.approx(1 / 9)
    assert selection.weights[:2].min() > 0.3
    assert selection.selected > selection.uniform
    assert selection.selected > selection.single.max()
    assert selection.single.argmin() == 2


def test_no_picks_are_the_uniform_mean(drawn: Drawn) -> None:
    selection = select_weights(measure_overlap(drawn.readers, drawn.truth), FOLDS, picks=0)
    assert np.allclose(selection.weights, 1 / 3)
    assert selection.selected == pytest.approx(selection.uniform)


@pytest.fixture(scope="module")
def reversed_fold(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[MapReader], dict[str, np.ndarray]]:
    """Of two members one is right everywhere but in fold 1, which the other alone knows."""
    truth, members = {}, np.zeros((2, IMAGES, 2, 16, 24), np.uint8)
    for row, name in enumerate(NAMES):
        truth[name] = np.zeros((16, 24), np.uint8)
        truth[name][2:9, 3:15] = 1
        members[int(FOLDS[row] == 1), row, 0] = truth[name] * 255
    readers = []
    for number, member in enumerate(members):
        folder = tmp_path_factory.mktemp(f"reversed{number}")
        writer = MapWriter(folder, NAMES, SPEC, 1, f"key {number}", run=f"run{number}")
        writer.write(0, member)
        writer.close()
        readers.append(MapReader(folder))
    return readers, truth


def test_the_weights_of_a_fold_are_selected_without_it(reversed_fold) -> None:
    overlap = measure_overlap(*reversed_fold)
    selection = select_weights(overlap, FOLDS, picks=40)
    assert selection.folds == (0, 1, 2)
    # Without fold 1 the first member is always right; with it, the second would be picked there.
    assert selection.by_fold[1] == pytest.approx([41 / 42, 1 / 42])
    own = select_weights(overlap.take(FOLDS == 1), np.arange(8) % 2, picks=40)
    assert own.weights == pytest.approx([1 / 42, 41 / 42])
    # So the judgement of fold 1 is that of weights which know nothing of it.
    judged = [
        overlap.take(fold == FOLDS).soft_dice(weights).mean(1)
        for fold, weights in zip(selection.folds, selection.by_fold, strict=True)
    ]
    assert selection.selected == pytest.approx(np.concatenate(judged).mean())
    assert judged[1].mean() < 0.6 < judged[0].mean()


def test_weights_without_a_fold_do_not_change_with_its_truth(reversed_fold) -> None:
    readers, truth = reversed_fold
    found = select_weights(measure_overlap(readers, truth), FOLDS, picks=40)
    for fold in range(3):
        changed = {name: bits * (FOLDS[row] != fold) for row, (name, bits) in enumerate(truth.items())}
        other = select_weights(measure_overlap(readers, changed), FOLDS, picks=40)
        assert np.array_equal(other.by_fold[fold], found.by_fold[fold])
        assert found.fold_weights[fold] == tuple(found.by_fold[fold].tolist())
    # Fold 1 decides the others' weights: a leak would show in one of the three.
    nothing = {name: bits * (FOLDS[row] != 1) for row, (name, bits) in enumerate(truth.items())}
    other = select_weights(measure_overlap(readers, nothing), FOLDS, picks=40)
    assert not np.array_equal(other.by_fold[0], found.by_fold[0])


def test_some_images_and_half_resolution(drawn: Drawn, tmp_path) -> None:
    writer = MapWriter(tmp_path, NAMES, SPEC, 2, "half", run="half")
    halves = drawn.maps[0].reshape(IMAGES, 2, 8, 2, 12, 2).astype(float).mean((3, 5)).round().astype(np.uint8)
    writer.write(0, halves)
    writer.close()
    overlap = measure_overlap([drawn.readers[0], MapReader(tmp_path)], drawn.truth, NAMES[1:5])
    assert overlap.products.shape == (4, 2, 2, 2)
    assert (overlap.pixels == 8 * 12).all()
    assert np.allclose(overlap.products[..., 0, 0], overlap.products[..., 1, 1], rtol=0.02)
    with pytest.raises(SeverstalError, match="no image"):
        measure_overlap(drawn.readers, drawn.truth, [])


def test_one_fold_is_an_error(drawn: Drawn) -> None:
    overlap = measure_overlap(drawn.readers, drawn.truth)
    with pytest.raises(SeverstalError, match="at least 2 folds"):
        select_weights(overlap, np.zeros(IMAGES, int))
