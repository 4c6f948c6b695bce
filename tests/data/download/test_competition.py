"""The download ends in a checked data set, whatever is interrupted on the way."""

import io
import shutil
import zipfile
from pathlib import Path

import pytest

from severstal import temporary
from severstal.data.download import competition, download_competition
from severstal.data.download.client import ARCHIVE
from severstal.errors import SeverstalError
from severstal.synthetic import draw_sample


def pack(data: Path) -> bytes:
    path = data.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(data.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(data))
    return path.read_bytes()


def held(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def signed_in(kaggle, data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "good")
    kaggle.archive = pack(data)
    return kaggle


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "input" / "severstal"


def test_it_is_fetched_unpacked_checked_and_tidied(signed_in, data: Path, output: Path) -> None:
    assert download_competition(output)
    assert held(output) == held(data)
    assert [path.name for path in output.parent.iterdir()] == ["severstal"]  # no archive is left


def test_what_is_complete_is_left_alone(data: Path, tmp_path: Path) -> None:
    left = tmp_path / "data.part"
    left.mkdir()
    (left / competition._MARKER).touch()
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    assert not download_competition(data)
    assert {path: path.stat().st_mtime_ns for path in data.rglob("*")} == before
    assert not left.exists()


def test_an_empty_folder_is_filled(signed_in, data: Path, output: Path) -> None:
    output.mkdir(parents=True)
    assert download_competition(output)
    assert held(output) == held(data)


def test_a_link_to_another_disk_is_followed(signed_in, data: Path, output: Path) -> None:
    other = output.parent.parent / "disk" / "steel"
    other.mkdir(parents=True)
    output.parent.mkdir()
    output.symlink_to(other)
    assert download_competition(output)
    assert output.is_symlink()
    assert held(other) == held(data)
    assert not download_competition(output)


def test_a_folder_with_something_else_is_refused(signed_in, data: Path, output: Path) -> None:
    output.mkdir(parents=True)
    (output / "thesis.txt").write_text("mine")
    with pytest.raises(
        SeverstalError, match=r"holds something other than the competition's data .*: remove it or"
    ):
        download_competition(output)
    assert signed_in.asked == []
    assert (output / "thesis.txt").read_text() == "mine"
    (output.parent / "file").touch()
    with pytest.raises(SeverstalError, match="is a file: name a folder"):
        download_competition(output.parent / "file")
    with pytest.raises(SeverstalError, match="holds something other than"):
        download_competition("/")


def test_a_working_folder_of_others_is_refused_and_left(signed_in, data: Path, output: Path) -> None:
    part = output.with_name("severstal.part")
    part.mkdir(parents=True)
    (part / "thesis.tex").write_text("mine")
    with pytest.raises(SeverstalError, match=r"severstal\.part: was not made by this command.*: rename that"):
        download_competition(output)
    assert held(part) == {"thesis.tex": b"mine"}
    part.rename(part.with_name("thesis"))
    part.symlink_to(part.with_name("thesis"))
    with pytest.raises(SeverstalError, match=r"severstal\.part: was not made by this command"):
        download_competition(output)
    assert held(part.with_name("thesis")) == {"thesis.tex": b"mine"}
    assert not download_competition(data)
    assert signed_in.asked == []


def test_what_somebody_put_into_the_working_folder_stays(
    signed_in, data: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, fetch = output.with_name("severstal.part"), competition.fetch_archive

    def meanwhile(folder: Path) -> Path:
        (part / "notes.txt").write_text("mine")
        return fetch(folder)

    monkeypatch.setattr(competition, "fetch_archive", meanwhile)
    assert download_competition(output)
    assert held(output) == held(data)
    assert held(part) == {"notes.txt": b"mine"}


def test_a_sample_does_not_touch_a_download_that_broke_off(signed_in, output: Path) -> None:
    signed_in.breaks = [len(signed_in.archive) - 10_000, *[0] * 5]
    with pytest.raises(SeverstalError, match="the connection to Kaggle failed"):
        download_competition(output)
    before = held(output.with_name("severstal.part"))
    assert len(before[ARCHIVE]) > 0
    draw_sample(output, 8, 8)
    assert held(output.with_name("severstal.part")) == before


def test_a_download_that_broke_off_goes_on(signed_in, data: Path, output: Path) -> None:
    signed_in.breaks = [len(signed_in.archive) - 10_000, *[0] * 5]
    with pytest.raises(SeverstalError, match="the connection to Kaggle failed"):
        download_competition(output)
    assert not output.exists()  # nothing takes half of it for the data set
    signed_in.asked.clear()
    assert download_competition(output)
    assert signed_in.asked[-1] != "archive:0"
    assert held(output) == held(data)


def test_an_unpacking_that_was_killed_goes_on_without_network(
    signed_in, data: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(competition, "check_competition", killed)
    with pytest.raises(KeyboardInterrupt):
        download_competition(output)
    part = output.with_name("severstal.part")
    assert (part / ARCHIVE).read_bytes() == signed_in.archive  # deleted only after the check
    lost = sorted((part / "files" / "train_images").iterdir())[3]
    lost.rename(lost.with_name(f".severstal-{'0' * 32}.part"))  # as a killed write leaves it
    monkeypatch.undo()
    monkeypatch.setattr(temporary, "_swept", set())  # as in another process
    monkeypatch.setattr(competition, "TRAIN_IMAGES", 8)
    monkeypatch.setattr(competition, "TEST_IMAGES", 8)
    monkeypatch.setattr(competition, "fetch_archive", lambda _: pytest.fail("fetched again"))
    assert download_competition(output)
    assert held(output) == held(data)


def test_a_damaged_archive_is_fetched_again(signed_in, data: Path, output: Path) -> None:
    good = signed_in.archive
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        middle = archive.getinfo(archive.namelist()[-1]).header_offset + 500
    signed_in.archive = good[:middle] + bytes(64) + good[middle + 64 :]
    with pytest.raises(SeverstalError, match=r"is damaged .*: run the same command again"):
        download_competition(output)
    assert not output.exists()
    signed_in.archive, signed_in.etag = good, '"two"'
    assert download_competition(output)
    assert held(output) == held(data)


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("train_images/*.jpg", r"train_images: holds 7 pictures; the competition has 8"),
        ("test_images/*.jpg", r"test_images: holds 7 pictures; the competition has 8"),
        ("train.csv", r"train\.csv: no such file"),
        ("sample_submission.csv", r"sample_submission\.csv: no such file"),
    ],
)
def test_what_is_missing_is_reported_and_the_archive_kept(
    kaggle, data: Path, output: Path, monkeypatch: pytest.MonkeyPatch, lost: str, message: str
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", "good")
    next(data.glob(lost)).unlink()
    kaggle.archive = pack(data)
    with pytest.raises(SeverstalError, match=message):
        download_competition(output)
    assert not output.exists()
    assert (output.with_name("severstal.part") / ARCHIVE).is_file()


def test_a_faulty_table_is_reported(
    kaggle, data: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", "good")
    table = data / "train.csv"
    table.write_text(table.read_text().replace(",1,", ",9,").replace(",3,", ",9,"))
    kaggle.archive = pack(data)
    with pytest.raises(SeverstalError, match=r"train\.csv row"):
        download_competition(output)


def test_a_hostile_archive_writes_nothing(kaggle, data: Path, output: Path, monkeypatch) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", "good")
    path = data.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train.csv", "ImageId,ClassId,EncodedPixels\n")
        archive.writestr("../../evil.txt", "evil")
    kaggle.archive = path.read_bytes()
    with pytest.raises(SeverstalError, match="could lead out of the folder"):
        download_competition(output)
    assert not list(data.parent.rglob("evil.txt"))
    assert not list(output.parent.rglob("train.csv"))


def test_a_small_disk_is_reported_beforehand(
    signed_in, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = type("", (), {"free": 2_500_000_000})
    monkeypatch.setattr(competition.shutil, "disk_usage", lambda _: free)
    with pytest.raises(SeverstalError, match=r"needs 3\.4 GB more, the disk has 2\.5 GB: free some"):
        download_competition(output)
    assert signed_in.asked == []
    monkeypatch.setattr(competition, "DATA_BYTES", 1_000_000_000)
    assert download_competition(output)


def test_two_at_once(signed_in, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(folder: Path) -> None:
        with pytest.raises(SeverstalError, match="another process downloads here"):
            download_competition(output)
        raise SeverstalError("seen")

    monkeypatch.setattr(competition, "fetch_archive", meanwhile)
    with pytest.raises(SeverstalError, match="seen"):
        download_competition(output)


def test_the_competition_s_own_counts() -> None:
    assert (competition.TRAIN_IMAGES, competition.TEST_IMAGES) == (12_568, 5_506)


def test_another_data_set_is_not_the_competition_s(data: Path, small_input: Path) -> None:
    competition.check_competition(data)
    shutil.copy(small_input / "dataset.toml", data)
    with pytest.raises(SeverstalError, match=r"its dataset\.toml describes another data set"):
        competition.check_competition(data)
