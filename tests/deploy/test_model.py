"""A model's description: plain JSON and back, without torch."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from severstal.competition.spec import Spec
from severstal.data.picture_statistics import PictureStatistics, ValueRange
from severstal.decision.rules import plain_rules
from severstal.deploy.model import ModelDescription, ModelMember
from severstal.errors import SeverstalError
from severstal.recipe import DataSettings

SPEC = Spec("tiny", (64, 96), ("bright", "dark"))
SHARE = ValueRange(0.1, 0.5)
DESCRIPTION = ModelDescription(
    name="both",
    key="0f",
    spec=SPEC,
    rules=plain_rules(SPEC),
    members=(ModelMember("first", 5, DataSettings(scale=2)), ModelMember("second", 1, DataSettings(std=0.3))),
    map_scale=2,
    stride=32,
    statistics=PictureStatistics(
        9, ValueRange(64.0, 64.0), ValueRange(96.0, 128.0), SHARE, SHARE, ValueRange(0.0, 1.0)
    ),
    mm_per_pixel=0.25,
)


@pytest.mark.parametrize(
    "description", [DESCRIPTION, replace(DESCRIPTION, statistics=None, mm_per_pixel=None)]
)
def test_a_description_goes_through_json(description: ModelDescription) -> None:
    text = json.dumps(description.to_json())
    assert ModelDescription.from_json(json.loads(text), "release.json") == description


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("spec", {"name": "tiny"}),
        ("spec", None),
        ("rules", {}),
        ("members", []),
        ("members", [{"name": "first", "networks": 0, "data": {}}]),
        ("members", [{"name": "first", "networks": 1, "data": {"scales": 2}}]),
        ("map_scale", 0),
        ("stride", "32"),
        ("statistics", {"pictures": 3}),
        ("mm_per_pixel", -1),
        ("mm_per_pixel", "small"),
    ],
)
def test_a_faulty_description_names_its_file(key: str, value: object) -> None:
    with pytest.raises(SeverstalError, match=r"^release\.json: "):
        ModelDescription.from_json(DESCRIPTION.to_json() | {key: value}, "release.json")


def test_a_missing_key_is_named() -> None:
    value = DESCRIPTION.to_json()
    del value["map_scale"]
    with pytest.raises(SeverstalError, match=r"release\.json: not the description of a model.*map_scale"):
        ModelDescription.from_json(value, "release.json")


def test_the_predictor_imports_no_torch() -> None:
    heavy = ("torch", "pandas", "matplotlib", "albumentations", "severstal.training")
    code = (
        "import sys, severstal.deploy.model, severstal.deploy.opening, severstal.deploy.predictor; "
        f"print(*sorted(set({heavy}) & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
