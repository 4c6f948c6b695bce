"""The competition's own data: fetched with Kaggle's official client, unpacked safely, checked."""

from severstal.data.download.competition import download_competition

__all__ = ["download_competition"]
