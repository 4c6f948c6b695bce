from severstal.losses.registry import MASK_LOSSES, describe_losses


def test_every_loss_is_described_by_a_paper_and_a_line():
    rows = describe_losses()
    assert [row.name for row in rows] == sorted(MASK_LOSSES)
    for row in rows:
        assert any(str(year) in row.paper for year in range(2015, 2027)), row
        assert "\n" not in row.summary, row
        assert len(row.summary) <= 100, row
