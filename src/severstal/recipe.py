"""One experiment: frozen dataclasses, and TOML files that name only what differs from their defaults."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import tomli_w

from severstal.errors import SeverstalError
from severstal.files import write_text
from severstal.settings import build, within

RECIPES = Path(__file__).with_name("recipes")
PLAIN_NAME = re.compile(r"[\w-][\w.-]*")  # of a recipe and of a run: it names a folder


@dataclass(frozen=True)
class DataSettings:
    """Which pictures are trained on, and how large the network sees them.

    Attributes:
        folds: number of folds the labelled images are dealt into.
        train_folds: how many of them are trained, from fold 0.
        max_images: at most so many labelled images are used, drawn with every class in proportion; 0 is all.
        scale: pictures are shrunk by this factor before the network sees them.
        mean: of the pictures, 0 to 1; taken off before the network. The real train pictures have 0.344.
        std: the pictures are divided by this after that.
    """

    folds: int = within(5, 2, 50)
    train_folds: int = within(5, 1, 50)
    max_images: int = within(0, 0, 10**9)
    scale: int = within(1, 1, 8)
    mean: float = within(0.344, 0.0, 1.0)
    std: float = within(0.18, 0.001, 1.0)


@dataclass(frozen=True)
class ModelSettings:
    """The network.

    Attributes:
        architecture: a name in the registry of networks.
        encoder_name: an encoder of segmentation-models-pytorch, or of timm as `tu-NAME`.
        encoder_weights: pretrained weights by name (fetched on first use), a `.safetensors` file, or "none".
        class_head: whether the network also says which classes the picture holds.
        options: further settings of that architecture, as segmentation-models-pytorch names them.
    """

    architecture: str = "fpn"
    encoder_name: str = "efficientnet-b3"
    encoder_weights: str = "imagenet"
    class_head: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LossSettings:
    """What training makes small.

    Attributes:
        masks: weight of each mask loss, by its name in the registry of losses.
        classes: weight of the class head's cross-entropy; without a head it must be 0.
    """

    masks: Mapping[str, float] = field(default_factory=lambda: {"bce": 0.75, "dice": 0.25})
    classes: float = within(0.0, 0.0, 1000.0)


@dataclass(frozen=True)
class AugmentSettings:
    """How a training crop is drawn and changed.

    Attributes:
        crop: height and width in pixels of the picture on disk; a larger one is cut to the picture.
        non_empty: share of the crops of a picture with a defect that are made to hold some of it.
        horizontal_flip: chance of mirroring left and right.
        vertical_flip: chance of mirroring top and bottom.
        brightness: largest change, as a share of full white.
        contrast: largest change, as a share of the contrast.
    """

    crop: tuple[int, int] = within((256, 512), 32, 100_000)
    non_empty: float = within(0.5, 0.0, 1.0)
    horizontal_flip: float = within(0.5, 0.0, 1.0)
    vertical_flip: float = within(0.5, 0.0, 1.0)
    brightness: float = within(0.2, 0.0, 1.0)
    contrast: float = within(0.2, 0.0, 1.0)


@dataclass(frozen=True)
class TrainingSettings:
    """How a fold is trained.

    Attributes:
        epochs: each ends with a validation on the fold's own images.
        epoch_images: training crops in an epoch, drawn in rounds over the images; 0 is one round.
        batch_size: crops in a step, over all devices.
        learning_rate: of AdamW, at the end of the warm-up.
        weight_decay: of AdamW.
        warmup: share of all steps in which the learning rate rises; after it, it falls as a cosine to 0.
        precision: of the arithmetic; "auto" takes bf16 or fp16 where a GPU has it, fp32 on a CPU.
        workers: processes that prepare crops; -1 takes up to 8 beside a GPU and none on a CPU.
        overfit_images: train and validate on so many images with a defect and no augmentation; 0 is off.
    """

    epochs: int = within(40, 1, 10_000)
    epoch_images: int = within(0, 0, 10**9)
    batch_size: int = within(24, 1, 4096)
    learning_rate: float = within(5e-4, 1e-8, 10.0)
    weight_decay: float = within(1e-2, 0.0, 10.0)
    warmup: float = within(0.05, 0.0, 0.9)
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    workers: int = within(-1, -1, 256)
    overfit_images: int = within(0, 0, 1024)


@dataclass(frozen=True)
class InferenceSettings:
    """How maps are made.

    Attributes:
        batch_size: pictures in a batch.
        flips: the picture is also predicted so mirrored, mirrored back and averaged.
        shifts: and moved right by this share of its width, cyclically, with each of the flips.
        scales: and with height and width times this, with each of the flips and shifts.
        weights: of each fold, those of the epoch with the best validation or those of the last epoch; the
            last are no choice made on a few held-out images, and after a cosine seldom worse.
        map_scale: maps are kept this much smaller than the picture; a multiple of `data.scale`.
    """

    batch_size: int = within(8, 1, 4096)
    flips: tuple[Literal["none", "horizontal", "vertical", "both"], ...] = ("none", "horizontal", "vertical")
    shifts: tuple[float, ...] = within((0.0,), 0.0, 1.0)
    scales: tuple[float, ...] = within((1.0,), 0.25, 4.0)
    weights: Literal["best", "last"] = "best"
    map_scale: int = within(2, 1, 8)


@dataclass(frozen=True)
class DecisionSettings:
    """How maps become masks: what is searched for the rules, and what is set by hand.

    Attributes:
        choice: of the rules within the noise of the best, the one whose neighbours score best; or the best.
        gates: ways in which a class probability may count, of which each class takes the one that suits it;
            "none" is always among them.
        test_like_weight: in the search, the fifth of the images most like the test set counts so many times.
        min_component: components of fewer pixels are left out of every mask.
        fill_holes: what a mask encloses becomes part of it.
        exclusive: where two masks meet, a pixel stays with the class whose map is higher; "auto" where no two
            classes share a pixel in the labels.
    """

    choice: Literal["flattest", "best"] = "flattest"
    gates: tuple[Literal["none", "veto", "soft", "area"], ...] = ("none", "veto", "soft", "area")
    test_like_weight: float = within(1.0, 0.0, 1000.0)
    min_component: int = within(0, 0, 10**9)
    fill_holes: bool = False
    exclusive: Literal["auto", "on", "off"] = "auto"


@dataclass(frozen=True)
class Recipe:
    """The settings of one experiment.

    Attributes:
        name: names the run, with the input folder.
        description: one sentence for a person.
        seed: of folds, weights and crops.
        data, model, loss, augment, training, inference, decision: settings by step.

    Example:
        >>> Recipe().model.architecture, load_recipe("smoke").name
        ('fpn', 'smoke')
    """

    name: str = "default"
    description: str = ""
    seed: int = within(0, 0, 2**31 - 1)
    data: DataSettings = DataSettings()
    model: ModelSettings = ModelSettings()
    loss: LossSettings = LossSettings()
    augment: AugmentSettings = AugmentSettings()
    training: TrainingSettings = TrainingSettings()
    inference: InferenceSettings = InferenceSettings()
    decision: DecisionSettings = DecisionSettings()

    def to_dict(self) -> dict[str, Any]:
        """Every setting as plain JSON and TOML values."""
        return _plain(asdict(self))


def recipe_names() -> list[str]:
    """Names of the recipes that come with the project.

    Example:
        >>> recipe_names()
        ['baseline', 'overfit', 'smoke']
    """
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def load_recipe(name: str | Path) -> Recipe:
    """Read a recipe that comes with the project by its name, or any other by the path of its TOML file.

    Raises:
        SeverstalError: no such recipe, or a key is unknown (the nearest known one is named), or its value
            is of another type or outside its range.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = RECIPES / f"{name}.toml"
        if str(name) not in recipe_names():
            known = ", ".join(recipe_names())
            raise SeverstalError(
                f"recipe {str(name)!r} is unknown: take one of {known}, or the path of a .toml"
            )
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such recipe: correct the path") from None
    except OSError as error:
        raise SeverstalError(f"{path}: cannot be read ({error.strerror}): name a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SeverstalError(f"{path}: not TOML ({error}): correct that line") from error
    settings.setdefault("name", path.stem)
    recipe = build(Recipe, settings, str(path))
    _check_together(recipe, str(path))
    return recipe


def save_recipe(recipe: Recipe, path: str | Path) -> None:
    """Write every setting of a recipe as TOML, so that `load_recipe` gives the same recipe again."""
    write_text(path, tomli_w.dumps(recipe.to_dict()))


def _plain(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return value


def _repeated_view(settings: InferenceSettings) -> str | None:
    """What to say where a view of a picture stands twice."""
    for name in ("flips", "shifts", "scales"):
        values = getattr(settings, name)
        if len(set(values)) < len(values):
            return f"inference.{name} is {values!r}: name each once"
    return None


def _check_together(recipe: Recipe, source: str) -> None:
    """Refuse settings that are possible alone but not together."""
    data, scale, loss = recipe.data, recipe.inference.map_scale, recipe.loss.classes
    if data.train_folds > data.folds:
        fault = f"data.train_folds is {data.train_folds}: there are {data.folds} folds (data.folds)"
    elif scale % data.scale:
        fault = f"inference.map_scale is {scale}: give a multiple of data.scale, {data.scale}"
    elif loss and not recipe.model.class_head:
        fault = f"loss.classes is {loss:g} without a class head: set model.class_head = true"
    elif repeated := _repeated_view(recipe.inference):
        fault = repeated
    elif not PLAIN_NAME.fullmatch(recipe.name):
        fault = f"name is {recipe.name!r}: give letters, digits, - and _, since it names the run's folder"
    else:
        return
    raise SeverstalError(f"{source}: {fault}")
