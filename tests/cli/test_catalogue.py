"""Recipes, networks and losses are all listed."""

import pytest

from severstal import cli
from severstal.losses.registry import MASK_LOSSES
from severstal.models.registry import architectures
from severstal.recipe import recipe_names


@pytest.mark.parametrize(
    ("word", "names"),
    [("recipes", recipe_names()), ("networks", architectures()), ("losses", sorted(MASK_LOSSES))],
)
def test_every_name_is_listed_with_what_it_is(
    word: str, names: list[str], capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([word])
    assert not ended.value.code
    title, *rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == list(names)
    assert all(len(row) > title.rindex("  ") + 2 for row in rows)


def test_the_version_is_printed(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert not ended.value.code
    word, number = capsys.readouterr().out.split()
    assert word == "severstal"
    assert number[0].isdigit()
