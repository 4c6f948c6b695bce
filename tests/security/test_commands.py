"""Every command in a folder of traps: it overwrites and deletes no file of the user, and follows no link."""

import shutil
from pathlib import Path

import pytest

from severstal.cli.commands import COMMANDS
from severstal.cli.outputs import COMMAND_FILES

SLOW = ("notebooks", "ablate", "compare")
EVERY = [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in COMMANDS]


def test_every_command_has_a_row(rows):
    assert rows.keys() == COMMANDS.keys() == COMMAND_FILES.keys()


@pytest.mark.parametrize("name", EVERY)
def test_a_command_among_traps(name, workspace, row):
    """Links in the places of outputs and of their temporary files, as they were named and might be."""
    row = row(name)
    for output in map(Path, row.outputs):
        output.parent.mkdir(exist_ok=True)
        for planted in (
            f"{output.name}.part",
            f".{output.name}.part",
            f"{output.name}.tmp",
            f"{output.name}~",
        ):
            output.with_name(planted).symlink_to(workspace.home / ".bashrc")
        folder = output.with_name(f"{output.name}.part") if not output.suffix else None
        if folder is not None:  # that a command might take for its own
            folder.unlink()
            (folder / "thesis").mkdir(parents=True)
            (folder / "thesis" / "a.tex").write_text("mine")
        elif row.code != 2 and not row.merges:
            output.symlink_to(workspace.home / ".bashrc")
    before = workspace.look()
    code, printed = workspace.run(*row.words)
    assert code == row.code, printed
    assert workspace.strays(before, row.writes) == set()
    assert not list(workspace.home.rglob(".severstal-*"))
    for output in map(Path, row.outputs):
        assert row.code == 2 or (output.exists() and not output.is_symlink()), output


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in SLOW])
def test_no_command_writes_over_what_it_reads(name, workspace, row):
    row = row(name)
    targets = [(output, read) for output in row.outputs for read in row.reads if Path(output).suffix]
    link, hard = Path("link.csv"), Path("hard.csv")
    for number, (output, read) in enumerate(targets):
        link.unlink(missing_ok=True)
        hard.unlink(missing_ok=True)
        link.symlink_to(read)
        hard.hardlink_to(read)
        place = (Path(read), link, hard, Path("small/..") / read)[number % 4]
        before = workspace.look()
        words = [str(place) if word == output else word for word in row.words]
        code, printed = workspace.run(*words)
        assert code == 2, (words, printed)
        assert "name another file" in printed or "not the name of a submission" in printed
        assert printed.count("\n") == 1
        assert workspace.changed(before) == set()


def test_a_picture_is_never_replaced_by_an_overlay(workspace):
    pictures = Path("small/test_images")
    shutil.copy(pictures / "test01.png", pictures / "test00.overlay.png")
    before = workspace.look()
    names = [str(pictures / name) for name in ("test00.png", "test00.overlay.png")]
    code, said = workspace.run("segment", "runs/tiny-small", *names, "--output", str(pictures))
    assert code == 2
    assert "test00.overlay.png: belongs to what is read, which stays as it is: name another file" in said
    assert workspace.changed(before) == set()


def test_a_folder_that_is_searched_is_not_written_to(workspace):
    before = workspace.look()
    code, said = workspace.run(
        "segment", "runs/tiny-small", "small/test_images", "--output", "small/test_images"
    )
    assert code == 2
    assert "small/test_images: is searched for pictures" in said
    assert workspace.changed(before) == set()


@pytest.mark.parametrize("name", ["check", "score", "metrics", "diff", "compare-runs", "runs", "doctor"])
@pytest.mark.parametrize("device", ["/dev/null", "/proc/self/fd/1"])
def test_a_device_is_written_to_as_it_is(name, device, workspace, row):
    row = row(name)
    words = [device if word == "out.json" else word for word in row.words]
    before = workspace.look()
    assert workspace.run(*words)[0] == row.code
    assert workspace.strays(before, tuple(path for path in row.writes if path != "out.json")) == set()
    assert Path("/dev/null").is_char_device()
