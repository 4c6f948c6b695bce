"""The model card of a release, `README.md` in the form of the Hugging Face Hub."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from severstal.deploy.agreement import Agreement
from severstal.deploy.model import ModelDescription
from severstal.models.sources import weights_sources
from severstal.recipe import Recipe


@dataclass(frozen=True)
class CardFacts:
    """What a card says beyond the model's description.

    Attributes:
        recipes: recipes of the members.
        scores: out of fold, as `current_scores` gives them; None where there are none.
        environment: environment of the training, as `environment.json` has it; None where it is not recorded.
        images: labelled images that the members were trained on; None where it is not known.
        fp16: whether the weights were rounded to fp16.
        fp16_agreement: with the weights before; None where it was not measured.
        onnx: the record of the export; None without an ONNX file.
    """

    recipes: Sequence[Recipe]
    scores: Mapping[str, Any] | None
    environment: Mapping[str, Any] | None
    images: int | None
    fp16: bool
    fp16_agreement: Agreement | None
    onnx: Mapping[str, Any] | None


def model_card(model: ModelDescription, facts: CardFacts) -> str:
    """Write the card: front matter in YAML, then Markdown."""
    front = yaml.safe_dump(_front_matter(model, facts), sort_keys=False, allow_unicode=True)
    sections = [
        f"# {_plain(model.name)}",
        _introduction(model),
        _usage(facts.onnx is not None),
        _data(model, facts),
        _scores(facts.scores),
        _networks(facts),
        _files(facts),
        _limits(model, facts),
        _licences(facts.recipes),
        _environment(facts.environment),
    ]
    return f"---\n{front}---\n\n" + "\n\n".join(sections) + "\n"


def _front_matter(model: ModelDescription, facts: CardFacts) -> dict[str, Any]:
    front: dict[str, Any] = {
        "license": "mit",
        "library_name": "severstal",
        "pipeline_tag": "image-segmentation",
        "tags": ["image-segmentation", "steel", "defect-detection", "pytorch"],
    }
    if facts.onnx is not None:
        front["tags"].append("onnx")
    if facts.scores is not None:
        task = {"type": "image-segmentation", "name": "Semantic segmentation of defects"}
        metric = {"type": "dice", "name": "mean Dice over pairs of image and class, out of fold"}
        metric["value"] = round(float(facts.scores["score"]), 4)
        data = {"type": _plain(model.spec.name), "name": _plain(model.spec.name)}
        results = [{"task": task, "dataset": data, "metrics": [metric]}]
        front["model-index"] = [{"name": _plain(model.name), "results": results}]
    return front


def _introduction(model: ModelDescription) -> str:
    classes = ", ".join(_plain(name) for name in model.spec.classes)
    networks = sum(member.networks for member in model.members)
    whole = f"{networks} network{'s' if networks > 1 else ''}"
    if len(model.members) > 1:
        whole += f" of {len(model.members)} runs"
    return (
        f"Segments defects in grey pictures: {classes}. The answer is the mean of {whole}, cut into masks by "
        "a rule for each class that was searched on labelled images which the networks had not seen."
    )


def _usage(onnx: bool) -> str:
    runtime = "onnxruntime, without torch" if onnx else "torch"
    return f"""## Use

```python
import severstal

predictor = severstal.load("FOLDER")  # computes by {runtime}
result = predictor("a.jpg")
```

Every file is compared with its SHA-256 in `release.json` first, and nothing is unpickled."""


def _data(model: ModelDescription, facts: CardFacts) -> str:
    shape = model.spec.image_shape
    size = "pictures of several sizes" if shape is None else f"{shape[0]} x {shape[1]} pixels"
    images = "" if facts.images is None else f", {facts.images:,} labelled images"
    lines = [f"## Data\n\nData set *{_plain(model.spec.name)}*, {size}{images}."]
    for member, recipe in zip(model.members, facts.recipes, strict=True):
        folds = f"{member.networks} of {recipe.data.folds} folds"
        lines.append(f"- {_plain(member.name)}: {folds}, near-duplicates kept in one fold.")
        if not recipe.data.group_duplicates:
            lines[-1] = f"- {_plain(member.name)}: {folds}; near-duplicates were not kept in one fold."
    return "\n".join(lines) + "\n\nNo picture of the data is in this release."


def _scores(scores: Mapping[str, Any] | None) -> str:
    if scores is None:
        return "## Scores\n\nNo scorecard of these rules was there when the run was packed."
    rows = [("all", scores), *((part["name"], part) for part in scores["classes"])]
    lines = [
        "| class | mean Dice | 95 % interval | all-empty baseline | defects found |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, part in rows:
        low, high = (_number(end) for end in part["interval"])
        found = "-" if part["defects_found"] is None else f"{part['defects_found']:.1%}"
        figures = f"{_number(part['score'])} | {low} to {high} | {_number(part['all_empty'])} | {found}"
        lines.append(f"| {_plain(name)} | {figures} |")
    return (
        "## Scores\n\nOut of fold and cross-fitted: each labelled image by networks that had not seen it, "
        "and by rules searched without its fold. A pair of image and class with both masks empty scores 1, "
        "with one empty 0.\n\n" + "\n".join(lines)
    )


def _networks(facts: CardFacts) -> str:
    lines = ["## Networks\n"]
    for number, recipe in enumerate(facts.recipes, 1):
        views = len(recipe.inference.flips) * len(recipe.inference.shifts) * len(recipe.inference.scales)
        lines.append(
            f"{number}. recipe *{_plain(recipe.name)}*: {recipe.model.architecture} on "
            f"{recipe.model.encoder_name}, {views} view{'s' if views > 1 else ''} of each picture."
        )
    return "\n".join(lines)


def _files(facts: CardFacts) -> str:
    weights = "rounded to fp16" if facts.fp16 else "as trained, fp32"
    text = f"## Files\n\n`memberM-foldF.safetensors` are the weights, {weights}."
    if facts.fp16:
        measured = "not measured, as no pictures were at hand"
        change = measured if facts.fp16_agreement is None else str(facts.fp16_agreement)
        text += f" The change against fp32: {change}."
    if facts.onnx is not None:
        text += (
            " `model.onnx` computes everything from grey bytes to probabilities; `onnx.json` records how it "
            "was compared with torch."
        )
    return text


def _limits(model: ModelDescription, facts: CardFacts) -> str:
    never = [name for name, rule in zip(model.spec.classes, model.rules.rules, strict=True)
             if rule.is_never_drawn(model.spec)]  # fmt: skip
    lines = [
        "## Limits\n",
        "- Trained on one data set: on steel of another mill, camera or light expect lower scores.",
        "- Not calibrated for other data; the areas in the rules are in pixels of these pictures.",
    ]
    if never:
        lines.append(f"- Never drawn by the rules: {', '.join(_plain(name) for name in never)}.")
    if model.statistics is None:
        lines.append("- Statistics of the training pictures are not known: unlike pictures give no warning.")
    if any(
        member.networks < recipe.data.folds
        for member, recipe in zip(model.members, facts.recipes, strict=True)
    ):
        lines.append("- Not every fold was trained.")
    return "\n".join(lines)


def _licences(recipes: Sequence[Recipe]) -> str:
    lines = ["## Licences\n", "The code is under the MIT licence. The encoders began with these weights:\n"]
    for source in weights_sources(recipes):
        lines.append(f"- {source.encoder}: {source.source}, licence {source.licence}")
    for recipe in recipes:
        given, encoder = recipe.model.encoder_weights, recipe.model.encoder_name
        if given.endswith(".safetensors"):
            lines.append(f"- {encoder}: a file of the trainer's own, whose licence the trainer has to name")
        elif given == "none":
            lines.append(f"- {encoder}: none, trained from random weights")
    return "\n".join(dict.fromkeys(lines))


def _environment(environment: Mapping[str, Any] | None) -> str:
    if environment is None:
        return "## Environment\n\nNot recorded."
    packages = ", ".join(f"{name} {number}" for name, number in environment.get("packages", {}).items())
    return (
        f"## Environment\n\nTrained with Python {environment.get('python')} on {environment.get('device')}, "
        f"commit {environment.get('commit') or 'not known'}: {packages}."
    )


def _plain(text: str) -> str:
    """A name in Markdown: without the signs that would format it."""
    return "".join(f"\\{one}" if one in "\\`*_[]<>|#" else one for one in text)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
