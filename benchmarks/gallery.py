"""The README's picture: what a run predicted on test images of the sample, beside the truth.

python benchmarks/gallery.py runs/smoke-sample notebooks/gallery.png
"""

import sys

from severstal.competition.masks import Masks
from severstal.competition.tables import read_submission
from severstal.report.submission import submission_gallery
from severstal.runs.opening import open_run

IMAGES = 7


def main() -> None:
    """Draw the first test image of each combination of classes, then more with a defect."""
    run, target = sys.argv[1:]
    job = open_run(run)
    truth = Masks(job.truth, job.spec)
    drawn = Masks(read_submission(job.folder / "submission.csv", job.spec), job.spec)
    presence = truth.presence(job.sample.images)
    first: dict[bytes, str] = {}
    for name, classes in zip(job.sample.images, presence, strict=True):
        first.setdefault(classes.tobytes(), name)
    rest = [name for name, classes in zip(job.sample.images, presence, strict=True) if classes.any()]
    names = list(dict.fromkeys([*first.values(), *rest]))[:IMAGES]
    figure = submission_gallery(
        names, job.test_pictures.picture, drawn.__getitem__, truth.__getitem__, job.spec
    )
    figure.savefig(target)


if __name__ == "__main__":
    main()
