"""The model card: front matter that the Hub reads, and the figures of the scorecard."""

import json
from pathlib import Path

import yaml

from severstal.deploy.release.packing import pack_release

RUN = "runs/tiny-small"


def parts(card: str) -> tuple[dict, str]:
    _, front, text = card.split("---\n", 2)
    return yaml.safe_load(front), text


def test_the_card_states_scores_with_intervals(work: Path, tmp_path: Path) -> None:
    pack_release([RUN], tmp_path / "release")
    front, text = parts((tmp_path / "release" / "README.md").read_text())
    scores = json.loads(Path(RUN, "scorecard.json").read_text())["oof"]
    assert front["license"] == "mit"
    assert front["library_name"] == "severstal"
    assert front["pipeline_tag"] == "image-segmentation"
    result = front["model-index"][0]["results"][0]
    assert result["dataset"]["name"] == "small"
    assert result["metrics"][0]["value"] == round(scores["score"], 4)
    low, high = scores["interval"]
    assert f"| all | {scores['score']:.4f} | {low:.4f} to {high:.4f} |" in text
    assert "| bright |" in text
    assert "| dark |" in text
    for said in (
        "18 labelled images",
        "2 of 2 folds",
        "unet on tu-mobilenetv3_small_050",
        "MIT licence",
        "torch 2.",
    ):
        assert said in text, said


def test_scores_of_earlier_rules_are_left_out(work: Path, tmp_path: Path) -> None:
    pairs = Path(RUN, "oof/pairs.csv")
    pairs.write_text(pairs.read_text() + "\n")
    pack_release([RUN], tmp_path / "release")
    front, text = parts((tmp_path / "release" / "README.md").read_text())
    assert "model-index" not in front
    assert "No scorecard of these rules" in text
