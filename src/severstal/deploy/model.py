"""The contract between the predictor and whatever computes probabilities: a run, an ensemble, a release.

A model is its description, which is plain data, and one method from pictures to probabilities. Neither this
module nor the predictor imports torch, so that a release with ONNX files opens where torch is not installed.
"""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from severstal.competition.spec import Spec
from severstal.data.picture_statistics import PictureStatistics
from severstal.decision.rules import Rules
from severstal.errors import SeverstalError
from severstal.recipe import DataSettings
from severstal.settings import build


@dataclass(frozen=True)
class ModelMember:
    """One of the runs that a model averages; a model of one run has one member.

    Attributes:
        name: name of the run.
        networks: how many are averaged in it, one per fold.
        data: preprocessing; of these settings `scale`, `mean`, `std` and `local_contrast` count.
    """

    name: str
    networks: int
    data: DataSettings


@dataclass(frozen=True)
class ModelDescription:
    """Everything that a predictor knows about a model but its weights.

    Attributes:
        name: name of the run, the ensemble or the release.
        key: checksum of all that the answers depend on: weights, preprocessing, views, averaging and rules.
        spec: name and classes of the data set; its `image_shape` is the size of the training pictures,
            None where they differed.
        rules: rules from probabilities to masks.
        members: what is averaged, at least one.
        map_scale: pixels of the picture along one side of a pixel of the map.
        stride: a picture whose height and width are multiples of it needs no padding.
        statistics: statistics of the training pictures; None where the run recorded none.
        mm_per_pixel: side of a pixel in millimetres; None where it is not known.

    Example:
        >>> from severstal.decision.rules import plain_rules
        >>> spec = Spec("tiny", (4, 6), ("scratch", "hole"))
        >>> member = ModelMember("first", 5, DataSettings())
        >>> model = ModelDescription("first", "0f", spec, plain_rules(spec), (member,), 2, 32)
        >>> ModelDescription.from_json(model.to_json(), "model.json") == model
        True
    """

    name: str
    key: str
    spec: Spec
    rules: Rules
    members: tuple[ModelMember, ...]
    map_scale: int
    stride: int
    statistics: PictureStatistics | None = None
    mm_per_pixel: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return {
            "name": self.name,
            "key": self.key,
            "spec": {"name": self.spec.name, **self.spec.facts()},
            "rules": self.rules.to_json(),
            "members": [_member_to_json(member) for member in self.members],
            "map_scale": self.map_scale,
            "stride": self.stride,
            "statistics": None if self.statistics is None else self.statistics.to_json(),
            "mm_per_pixel": self.mm_per_pixel,
        }

    @classmethod
    def from_json(cls, value: Any, source: str) -> "ModelDescription":
        """A description from what `to_json` gave.

        Args:
            value: plain JSON value, of any origin.
            source: the file, for the error message.

        Raises:
            SeverstalError: a value is missing, of another type or out of range.
        """
        try:
            spec = value["spec"]
            spec = Spec.from_facts(spec["name"], spec)
            members = tuple(_read_member(member, source) for member in value["members"])
            statistics, millimetres = value["statistics"], value["mm_per_pixel"]
            numbers = value["map_scale"], value["stride"]
            found = cls(
                str(value["name"]),
                str(value["key"]),
                spec,
                Rules.from_json(value["rules"], spec),
                members,
                *numbers,
                None if statistics is None else PictureStatistics.from_json(statistics, source),
                None if millimetres is None else float(millimetres),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SeverstalError(f"{source}: not the description of a model ({error!r})") from error
        except SeverstalError as error:  # not all of them name the file
            raise SeverstalError(f"{source}: {str(error).removeprefix(f'{source}: ')}") from error
        if not members or not all(type(number) is int and number >= 1 for number in numbers):
            raise SeverstalError(f"{source}: members, map_scale and stride must be at least 1")
        if found.mm_per_pixel is not None and not 0 < found.mm_per_pixel < float("inf"):
            raise SeverstalError(f"{source}: mm_per_pixel is {millimetres}: give a length above 0")
        return found


class ModelOutput(NamedTuple):
    """What a model says of a batch of pictures of equal size; 0 to 255 stands for probabilities 0 to 1.

    Attributes:
        maps: (N, C, h, w) uint8, where h is the pictures' height divided by `map_scale`, rounded up, and w
            likewise: the probability of each class at each pixel.
        classes: (N, C) uint8, the probability of each class being anywhere in the picture.
        spread: (N, C, h, w) uint8, the standard deviation among what is averaged: the members of an ensemble,
            else the folds of the run; None where there is only one of them.
    """

    maps: np.ndarray
    classes: np.ndarray
    spread: np.ndarray | None


class Model(Protocol):
    """Computes probabilities.

    Attributes:
        description: all else that there is to know.
        batch_size: pictures of the training size that suit one call on its device.
        device: device that computes, such as "cpu" or "cuda:0".
    """

    description: ModelDescription
    batch_size: int
    device: str

    def probabilities(self, pictures: np.ndarray) -> ModelOutput:
        """Predict a batch.

        Args:
            pictures: (N, H, W) uint8 grey, 0 black to 255 white, of any height and width from 1; padding, if
                the networks need it, is the model's own matter.

        Raises:
            SeverstalError: the output of a network is non-finite, or a single picture of this size does not
                fit into the device's memory. That a batch does not fit is the model's own matter.
        """
        ...


def _member_to_json(member: ModelMember) -> dict[str, Any]:
    data = {name: value for name, value in asdict(member.data).items() if value is not None}
    return {"name": member.name, "networks": member.networks, "data": data}


def _read_member(value: Any, source: str) -> ModelMember:
    networks = value["networks"]
    if type(networks) is not int or networks < 1:
        raise SeverstalError(f"{source}: networks is {networks!r}: give a whole number of at least 1")
    return ModelMember(str(value["name"]), networks, build(DataSettings, value["data"], source))
