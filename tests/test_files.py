"""A file is whole or not there, whatever befalls the writer."""

import errno
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from severstal.errors import SeverstalError
from severstal.files import (
    atomic_folder,
    atomic_write,
    checksum,
    digest,
    exclusive_lock,
    read_json,
    write_json,
    write_text,
)


@pytest.fixture
def earlier(tmp_path):
    """A file that must survive."""
    path = tmp_path / "submission.csv"
    path.write_text("earlier")
    return path


def names(path):
    return sorted(entry.name for entry in path.parent.iterdir())


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_new_file_takes_the_place_of_the_earlier_one(earlier):
    with atomic_write(earlier) as part:
        part.write_text("new")
        assert earlier.read_text() == "earlier"
    assert earlier.read_text() == "new"
    assert names(earlier) == ["submission.csv"]


def test_folders_are_made(tmp_path):
    write_text(tmp_path / "a" / "b" / "c.txt", "x")
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "x"


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SeverstalError("no")])
def test_an_error_in_the_block_leaves_the_earlier_file(earlier, error):
    def fail():
        with atomic_write(earlier) as part:
            part.write_text("half")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert earlier.read_text() == "earlier"
    assert names(earlier) == ["submission.csv"]


def test_a_killed_writer_leaves_the_earlier_file(earlier):
    script = (
        "import os, signal, sys; from severstal.files import atomic_write\n"
        "with atomic_write(sys.argv[1]) as part:\n"
        "    part.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(earlier)], check=False)
    assert done.returncode == -9
    assert earlier.read_text() == "earlier"
    write_text(earlier, "new")
    assert names(earlier) == ["submission.csv"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_line(earlier, monkeypatch, code):
    def full(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(SeverstalError) as caught:
        write_text(earlier, "new")
    assert str(caught.value) == f"{earlier}: the disk is full: free some space and run the same command again"
    monkeypatch.undo()
    assert earlier.read_text() == "earlier"


@pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="there is no /dev/full, a disk that is always full"
)
def test_a_disk_that_is_really_full_is_one_line():
    with pytest.raises(SeverstalError, match=r"^/dev/full: the disk is full: free some space"):
        write_text("/dev/full", "new")
    assert stat.S_ISCHR(os.lstat("/dev/full").st_mode)


def test_a_file_that_may_not_grow_is_one_line(earlier):
    resource = pytest.importorskip("resource")
    script = (
        "import resource, sys\n"
        "from severstal.errors import SeverstalError\n"
        "from severstal.files import write_text\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try: write_text(sys.argv[1], 'x' * 100_000)\n"
        "except SeverstalError as error: print(error)\n"
    )
    assert resource.RLIMIT_FSIZE is not None
    done = subprocess.run(
        [sys.executable, "-c", script, str(earlier)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{earlier}: File too large: repair this and run the same command again\n"
    assert earlier.read_text() == "earlier"
    assert names(earlier) == ["submission.csv"]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_forbidden_place_is_one_line(earlier, monkeypatch, code):
    def forbidden(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "mkdir", forbidden)
    with pytest.raises(SeverstalError, match=r"submission\.csv: may not be written: choose another folder"):
        write_text(earlier, "new")
    assert earlier.read_text() == "earlier"


def test_a_place_below_a_file_or_on_a_folder_is_one_line(earlier, tmp_path, monkeypatch):
    with pytest.raises(SeverstalError, match=r"deep\.csv: Not a directory: repair this"):
        write_text(earlier / "folder" / "deep.csv", "new")
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, "."):
        with pytest.raises(SeverstalError, match=r": is a folder: name a file in it$"):
            write_text(folder, "new")
    assert names(earlier) == ["submission.csv"]


def test_a_file_of_the_users_own_at_a_name_like_a_temporary_one_stays(earlier):
    own = [earlier.with_name("submission.csv.part"), earlier.with_name(".submission.csv.part")]
    for path in own:
        path.write_text("mine")
    write_text(earlier, "new")
    assert [path.read_text() for path in own] == ["mine", "mine"]


def test_a_symlink_is_replaced_and_its_target_stays(earlier, tmp_path):
    link = tmp_path / "link.csv"
    link.symlink_to(earlier)
    write_text(link, "new")
    assert (link.read_text(), link.is_symlink(), earlier.read_text()) == ("new", False, "earlier")
    dangling = tmp_path / "dangling.csv"
    dangling.symlink_to(tmp_path / "elsewhere.csv")
    write_text(dangling, "new")
    assert (dangling.read_text(), dangling.is_symlink()) == ("new", False)
    assert not (tmp_path / "elsewhere.csv").exists()


def test_a_link_planted_in_place_of_the_temporary_file_is_refused(earlier, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")

    def swap():
        with atomic_write(tmp_path / "new.csv") as part:
            part.unlink()
            part.symlink_to(victim)

    with pytest.raises(SeverstalError, match=r"new\.csv: "):
        swap()
    assert victim.read_text() == "mine"
    assert names(earlier) == ["submission.csv", "victim"]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002, 0o000])
def test_a_new_file_has_the_permissions_of_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        write_text(tmp_path / "a.csv", "x")
        with atomic_folder(tmp_path / "folder") as part:
            (part / "b.csv").write_text("x")
    finally:
        os.umask(before)
    assert mode(tmp_path / "a.csv") == mode(tmp_path / "folder" / "b.csv") == 0o666 & ~umask
    assert mode(tmp_path / "folder") == 0o777 & ~umask


@pytest.mark.parametrize("permissions", [0o600, 0o640, 0o666, 0o755])
def test_an_earlier_file_keeps_its_permissions(earlier, permissions):
    earlier.chmod(permissions)
    with atomic_write(earlier) as part:
        part.write_text("new")
        assert mode(part) & ~permissions & 0o077 == 0  # nobody reads more of it in the meantime
    assert (mode(earlier), earlier.read_text()) == (permissions, "new")


def test_a_write_protected_file_is_refused(earlier, monkeypatch):
    earlier.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda path, kind: kind != os.W_OK)  # as for anybody but the superuser
    with pytest.raises(SeverstalError, match=r"submission\.csv: is write-protected: name another file"):
        write_text(earlier, "new")
    assert earlier.read_text() == "earlier"


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser has files of others to overwrite")
def test_the_superuser_leaves_a_file_to_its_owner(earlier):
    os.chown(earlier, 12345, 54321)
    write_text(earlier, "new")
    assert (earlier.stat().st_uid, earlier.stat().st_gid) == (12345, 54321)


def test_readers_see_whole_files_only_whoever_writes(tmp_path):
    path = tmp_path / "shared.json"
    write_json(path, ["first"] * 20_000)
    script = (
        "import sys; from severstal.files import write_json\n"
        "for number in range(60): write_json(sys.argv[1], [sys.argv[2]] * 20_000)\n"
    )
    command = [sys.executable, "-c", script, str(path)]
    writers = [subprocess.Popen([*command, name]) for name in ("second", "third")]
    reads = 0
    while any(writer.poll() is None for writer in writers):
        value = read_json(path)  # an empty or a truncated file is no JSON
        assert len(value) == 20_000
        assert set(value) in ({"first"}, {"second"}, {"third"})
        reads += 1
    assert [writer.returncode for writer in writers] == [0, 0]
    assert reads > 5
    assert names(path) == ["shared.json"]


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    calls = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (calls.append(os.readlink(f"/proc/self/fd/{fd}")), sync(fd)))
    monkeypatch.setattr(Path, "replace", lambda self, target: (calls.append("rename"), replace(self, target)))
    write_text(tmp_path / "a.csv", "x")
    assert calls[0].endswith(".part")
    assert calls[1:] == ["rename", str(tmp_path)]


def test_a_folder_is_whole_or_not_there(tmp_path):
    target = tmp_path / "labels"

    def fail():
        with atomic_folder(target) as part:
            (part / "a.json").write_text("{}")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert list(tmp_path.iterdir()) == []
    target.mkdir()  # an empty one is taken
    with atomic_folder(target) as part:
        (part / "deep").mkdir()
        (part / "deep" / "a.json").write_text("{}")
        assert list(target.iterdir()) == []
    assert [path.name for path in tmp_path.rglob("*")] == ["labels", "deep", "a.json"]


def test_a_folder_deletes_nothing_but_its_own(tmp_path):
    thesis = tmp_path / "labels.part" / "thesis.tex"
    thesis.parent.mkdir()
    thesis.write_text("mine")
    with atomic_folder(tmp_path / "labels") as part:
        (part / "a.json").write_text("{}")
    assert thesis.read_text() == "mine"
    for what in (tmp_path / "labels", thesis):
        with (
            pytest.raises(SeverstalError, match=r": holds something already: name a new"),
            atomic_folder(what),
        ):
            pytest.fail("the block was entered")
    assert (tmp_path / "labels" / "a.json").read_text() == "{}"


def test_a_folder_is_made_where_a_link_leads(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "labels").symlink_to(tmp_path / "disk")
    with atomic_folder(tmp_path / "labels") as part:
        (part / "a.json").write_text("{}")
    assert (tmp_path / "labels").is_symlink()
    assert (tmp_path / "disk" / "a.json").read_text() == "{}"


def test_while_one_process_holds_the_lock_no_other_enters(tmp_path):
    script = (
        "import sys; from pathlib import Path; from severstal.files import exclusive_lock\n"
        "from severstal.logs import show_log; show_log()\n"
        "with exclusive_lock(sys.argv[1], 'the test'): Path(sys.argv[1], 'entered').touch()\n"
    )
    with exclusive_lock(tmp_path, "nobody"):
        other = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)], stderr=subprocess.PIPE, text=True
        )
        assert other.stderr.readline() == f"{tmp_path}: waiting for the test\n"
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(0.5)
        assert not (tmp_path / "entered").exists()
    assert other.wait(30) == 0
    assert (tmp_path / "entered").exists()
    other.stderr.close()


def test_the_lock_of_a_killed_process_is_gone_with_it(tmp_path):
    script = (
        "import os, signal, sys; from severstal.files import exclusive_lock\n"
        "with exclusive_lock(sys.argv[1], 'the test'): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode == -9
    with exclusive_lock(tmp_path, "nobody"):
        pass


def test_a_lock_is_never_a_link(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "lock").symlink_to(victim)
    with (
        pytest.raises(SeverstalError, match=r"run/lock: is a symlink: delete it"),
        exclusive_lock(tmp_path / "run", "nobody"),
    ):
        pytest.fail("the block was entered")
    assert victim.read_text() == "mine"


def test_line_ends_and_letters_stay(tmp_path):
    write_text(tmp_path / "a", "\u00e9\n\r\n")
    assert (tmp_path / "a").read_bytes() == b"\xc3\xa9\n\r\n"


def test_json_comes_back(tmp_path):
    value = {"score": 0.5, "classes": [1, None, "\u00e9"]}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value == json.loads((tmp_path / "a.json").read_text())


def test_json_that_is_missing_or_broken_is_one_line(tmp_path):
    with pytest.raises(SeverstalError, match=r"a\.json: not there: run the command that makes it first$"):
        read_json(tmp_path / "a.json")
    for data in (b'{"a": ', b"\xff\xfe", b"", b"9" * 5_000):
        (tmp_path / "a.json").write_bytes(data)
        with pytest.raises(
            SeverstalError, match=r"a\.json: not JSON \(.*\): delete it and run again$"
        ) as caught:
            read_json(tmp_path / "a.json")
        assert "\n" not in str(caught.value)


def test_json_out_of_bounds_is_one_line(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"[" * 200_000 + b"]" * 200_000)
    with pytest.raises(SeverstalError, match=r"a\.json: nested too deeply: delete it and run again$"):
        read_json(path)
    with path.open("wb") as file:
        file.truncate((256 << 20) + 1)  # takes no disk
    with pytest.raises(SeverstalError, match=r"a\.json: larger than 256 MiB: delete it and run again$"):
        read_json(path)


def test_checksums_follow_the_content(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert checksum(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1}) != digest({"a": 1, "b": [2, 1]})
