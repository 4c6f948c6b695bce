"""The page of methods names every network, loss and metric, with the papers that the code names."""

from pathlib import Path

import numpy as np
import pytest

from severstal.competition.spec import Spec
from severstal.evaluation.suite import MetricSuite
from severstal.losses.registry import describe_losses
from severstal.models.registry import describe_networks

PAGE = Path(__file__).parents[1] / "docs" / "methods.md"


def rows(heading: str) -> dict[str, str]:
    """The rows of a section's first table, by each name in its first cell."""
    section = (
        PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0].split("\n### ")[0]
    )
    table = [line for line in section.splitlines() if line.startswith("| `")]
    return {name.strip(" `"): line for line in table for name in line.split("|")[1].split(",")}


@pytest.mark.parametrize(
    ("heading", "described"), [("Networks", describe_networks), ("Losses", describe_losses)]
)
def test_every_network_and_loss_has_a_row_with_its_paper(heading, described):
    page = rows(heading)
    assert set(page) == {row.name for row in described()}
    for row in described():
        for paper in row.paper.split("; "):
            if row.name != "dinov3_dpt" or "2025" in paper:  # DPT's paper stands in its own row
                assert paper.removesuffix(", with weights of classes") in page[row.name], row


def test_every_metric_has_a_row():
    suite = MetricSuite(Spec("tiny", (4, 6), ("hole",)))
    suite.update(np.zeros((1, 4, 6), np.uint8), np.zeros((1, 4, 6), np.uint8))
    assert set(rows("Metrics")) == set(suite.compute())
