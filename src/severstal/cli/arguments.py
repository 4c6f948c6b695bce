"""The arguments that several commands share, each with one meaning and one placeholder."""

from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg


def optional(metavar: str) -> object:
    """An optional argument with a placeholder, whose help text states the default in words.

    Args:
        metavar: placeholder of the value, such as DIR.
    """
    return arg(metavar=metavar, help_behavior_hint="")


Recipe = Positional[Annotated[str, arg(metavar="RECIPE")]]
Recipes = Positional[Annotated[list[str], arg(metavar="RECIPE...", help_behavior_hint="")]]
Run = Positional[Annotated[Path, arg(metavar="RUN")]]
Runs = Positional[Annotated[list[Path], arg(metavar="RUN...", help_behavior_hint="")]]
Csv = Positional[Annotated[Path, arg(metavar="CSV")]]
RunOrCsv = Positional[Annotated[Path, arg(metavar="RUN_OR_CSV")]]

InputFolder = Annotated[Path | None, optional("DIR")]
OutputFolder = Annotated[Path | None, optional("DIR")]
OutputCsv = Annotated[Path, arg(metavar="CSV")]
Folder = Annotated[Path, arg(metavar="DIR")]
RunName = Annotated[str | None, optional("NAME")]
Labels = Annotated[Path | None, optional("CSV")]
Images = Annotated[Path | None, optional("DIR_OR_CSV")]
FoldsCsv = Annotated[Path | None, optional("CSV")]
JsonFile = Annotated[Path | None, optional("FILE")]
HtmlFile = Annotated[Path | None, optional("FILE")]
TrainFolds = Annotated[int | None, optional("N")]
Amount = Annotated[int, arg(metavar="N")]
Count = Annotated[int | None, optional("N")]
OptionalCsv = Annotated[Path | None, optional("CSV")]
OptionalFolder = Annotated[Path | None, optional("DIR")]
Names = Annotated[tuple[str, ...], optional("NAME...")]
MemberWeights = Annotated[tuple[str, ...], arg(metavar="uniform|selected|NUMBER")]
Number = Annotated[float, arg(metavar="NUMBER")]
OptionalNumber = Annotated[float | None, optional("NUMBER")]

Engine = Literal["local", "ray"]
AveragingMode = Literal["mean", "logit", "power", "rank"]
