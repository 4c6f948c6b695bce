"""No output over an input, no link out of a folder, under whatever name."""

from pathlib import Path

import pytest

from severstal.errors import SeverstalError
from severstal.path_checks import refuse_links_outside, refuse_overwrite


@pytest.mark.parametrize("kind", ["itself", "symlink", "hard link", "dots", "within", "symlink to within"])
def test_an_output_over_an_input_is_refused(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    table = Path("data/train.csv")
    table.parent.mkdir()
    table.write_text("a")
    output, read = {
        "itself": (table, table),
        "symlink": (Path("link.csv"), table),
        "hard link": (Path("hard.csv"), table),
        "dots": (Path("data/../data/train.csv"), table.resolve()),
        "within": (table, table.parent),
        "symlink to within": (Path("link.csv"), table.parent),
    }[kind]
    Path("link.csv").symlink_to(table)
    Path("hard.csv").hardlink_to(table)
    with pytest.raises(
        SeverstalError, match=r"\.csv: belongs to what is read, which stays as it is: name ano"
    ):
        refuse_overwrite([None, output], [None, read])
    refuse_overwrite([output], [])
    refuse_overwrite(["data/new.csv", "new.csv"], [table, table.parent])


def test_two_outputs_on_one_file_are_refused(tmp_path):
    refuse_overwrite([tmp_path / "a.json", tmp_path / "a.html"], [])
    with pytest.raises(SeverstalError, match=r"a\.json: is named for two outputs"):
        refuse_overwrite([tmp_path / "a.json", None, tmp_path / "b" / ".." / "a.json"], [])
    refuse_overwrite(["/dev/stdout", "/dev/stdout"], ["/dev/stdout"])  # written to as they are


def test_a_link_out_of_a_folder_is_refused(tmp_path):
    run, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    (run / "fold0").mkdir(parents=True)
    elsewhere.mkdir()
    (run / "weights").symlink_to(run / "fold0")
    refuse_links_outside(run)
    (run / "fold0" / "deep").symlink_to(elsewhere)
    with pytest.raises(SeverstalError, match=r"deep: is a symlink that leads out of .*run: put the files"):
        refuse_links_outside(run)
    (run / "fold0" / "deep").unlink()
    (run / "rules.json").symlink_to(tmp_path / "not there")
    with pytest.raises(SeverstalError, match=r"rules\.json: is a symlink that leads out"):
        refuse_links_outside(run)
