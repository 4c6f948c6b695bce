"""The command prints what it downloaded."""

from pathlib import Path

import pytest

from severstal.cli.download import download
from severstal.data import download as module


def test_pseudo_labelling_is_described_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers, asked = [True, False], []
    monkeypatch.setattr(module, "download_competition", lambda output: asked.append(output) or answers.pop(0))
    download(tmp_path)
    download(tmp_path)
    assert asked == [tmp_path, tmp_path]
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path}: 12,568 labelled and 5,506 test pictures",
        f"{tmp_path}: complete already",
    ]
