"""A run that somebody sent: it works in its own folder, or is refused."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path("runs/tiny-small")
PARTS = ["oof", "test", "stages", "fold0", "scorecard.json", "rules.json", "oof/maps-00000.npy", "lock"]
COMMANDS = [
    ("predict", str(RUN)),
    ("tune", str(RUN)),
    ("submit", str(RUN), "--output", "out/new.csv"),
    ("score", str(RUN)),
    ("metrics", str(RUN)),
    ("segment", str(RUN), "small/test_images/test00.png", "--output", "out"),
    ("train", "tiny.toml", "--input", "small"),
    ("run", "tiny.toml", "--input", "small", "--output", "out/new.csv"),
]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_leads_out_of_the_run_is_refused(part, workspace):
    outside = workspace.home / "thesis"
    path = RUN / part
    if path.is_dir():
        shutil.copytree(path, outside, dirs_exist_ok=True)
        shutil.rmtree(path)
        path.symlink_to(outside)
    else:
        path.unlink(missing_ok=True)
        path.symlink_to(outside / "a.tex")
    before = workspace.look()
    for words in COMMANDS:
        code, printed = workspace.run(*words)
        assert code == 2, words
        assert (
            f"{path}: is a symlink that leads out of {RUN}: put the files that it leads to in its" in printed
        )
        assert workspace.changed(before) == set()


def test_a_link_within_the_run_is_allowed(workspace):
    (RUN / "notes").symlink_to("fold0")
    assert workspace.run("score", str(RUN))[0] == 0


def test_a_run_on_another_disk_is_allowed(workspace):
    shutil.move(RUN, workspace.home / "disk")
    RUN.symlink_to(workspace.home / "disk")
    assert workspace.run("score", str(RUN))[0] == 0


def test_files_of_the_users_own_in_a_run_stay(workspace):
    own = [
        RUN / "oof" / name
        for name in ("maps-mine.npy", "maps-00000.npy.bak", "classes-notes.npy", "notes.txt")
    ]
    for path in own:
        path.write_text("mine")
    manifest = RUN / "oof" / "maps.json"
    manifest.write_text(manifest.read_text().replace('"key": "', '"key": "0'))  # made from something else
    (RUN / "stages" / "oof.json").unlink()
    assert workspace.run("predict", str(RUN))[0] == 0
    assert [path.read_text() for path in own] == ["mine"] * 4
    assert manifest.is_file()


def test_a_copied_ensemble_works_on_its_own_members(workspace):
    shutil.copytree(RUN, "runs/other")
    code, printed = workspace.run("tune", str(RUN), "runs/other", "--name", "both")
    assert code == 0, printed
    copied = workspace.home / "received"
    shutil.copytree("runs", copied)
    before = workspace.look()
    code, printed = workspace.run("score", str(copied / "both"))
    assert code == 0, printed
    # A copy writes to itself; the runs that happen to be here keep every byte.
    assert {path for path in workspace.changed(before) if not path.startswith("../received")} == set()
    assert not Path("runs/received").exists()


def test_a_copied_run_makes_no_run_here(workspace):
    shutil.copytree(RUN, "copied")
    before = workspace.look()
    assert workspace.run("score", "./copied")[0] == 0
    assert {
        path for path in workspace.changed(before) if not path.startswith(("copied", "pictures"))
    } == set()


@pytest.mark.parametrize("depth", [200_000])
def test_one_damaged_run_leaves_the_list_of_the_others(depth, workspace, capsys):
    shutil.copytree(RUN, "runs/deep")
    for name in ("input.json", "scorecard.json", "environment.json"):
        Path("runs/deep", name).write_text("[" * depth + "]" * depth)
    shutil.copytree(RUN, "runs/digits")
    Path("runs/digits/recipe.toml").write_text("seed = " + "9" * 5_000)
    shutil.copytree(RUN, "runs/large")
    about = json.loads(Path("runs/large/input.json").read_text())
    Path("runs/large/input.json").write_text(json.dumps({**about, "image_shape": [10**6, 10**6]}))
    code, printed = workspace.run("runs", "--json", "out.json")
    assert code == 0, printed
    listed = json.loads(Path("out.json").read_text())
    assert "tiny-small" in json.dumps(listed)
    for name in ("deep", "digits", "large"):
        code, printed = workspace.run("score", f"runs/{name}")
        assert code == 2
        assert printed.count("\n") == 1
        assert len(printed) < 400


@pytest.mark.slow
def test_two_processes_on_one_run_end_as_one_does(workspace, tiny_recipe):
    words = [sys.executable, "-m", "severstal", "run", "tiny.toml", "--input", "small", "--name", "twice"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    both = [
        subprocess.Popen(
            [*words, "--output", f"out/{k}.csv"], env=environment, stderr=subprocess.PIPE, text=True
        )
        for k in range(2)
    ]
    ends = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    assert sum("waiting for another process" in end for end in ends) >= 1
    assert Path("out/0.csv").read_bytes() == Path("out/1.csv").read_bytes()
    assert Path("out/0.csv").read_bytes() == Path("submissions/submission.csv").read_bytes()
