"""The leaderboard's figures fit each other and the data set."""

from severstal.competition import leaderboard
from severstal.competition.spec import SEVERSTAL
from severstal.competition.tables import read_labels, read_sample


def test_every_row_has_a_count_for_each_class():
    for counts in (leaderboard.TRUE, leaderboard.SMALLEST_MASKS, *leaderboard.PREDICTED.values()):
        assert len(counts) == len(SEVERSTAL.classes)


def test_the_public_images_scaled_to_themselves_are_the_counts():
    counts = leaderboard.counts_for(leaderboard.IMAGES)
    assert counts == {"true": leaderboard.TRUE, **leaderboard.PREDICTED}
    assert list(counts) == ["true", "1st", "13th", "9th", "7th", "khornlund", "zdaiot"]


def test_probing_and_the_all_empty_score_agree_to_ten_pairs():
    pairs = leaderboard.IMAGES * len(SEVERSTAL.classes)
    assert abs(pairs * (1 - leaderboard.PUBLIC_ALL_EMPTY) - sum(leaderboard.TRUE)) < 10


def test_counts_are_scaled_to_all_test_images(real_data):
    path = real_data / "severstal" / "reference" / "sample_submission_official.csv"
    images = len(read_sample(path, SEVERSTAL).images)
    assert leaderboard.counts_for(images)["1st"] == (297, 6, 1868, 336)


def test_no_label_is_smaller_than_the_smallest(real_data):
    labels = read_labels(real_data / "severstal" / "reference" / "train_rle.csv", SEVERSTAL)
    for class_id, runs in zip(labels["ClassId"], labels["EncodedPixels"], strict=True):
        assert sum(map(int, runs.split()[1::2])) >= leaderboard.SMALLEST_MASKS[class_id - 1]
