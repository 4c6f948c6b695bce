"""The README's picture: what a run predicted on test images of the sample, beside the truth.

python benchmarks/gallery.py runs/smoke-sample notebooks/gallery.png
"""

import io
import sys

from PIL import Image

from severstal.competition.masks import Masks
from severstal.competition.scored import score_masks
from severstal.competition.tables import read_submission
from severstal.evaluation.examples import select_outcomes
from severstal.report.submission import submission_gallery
from severstal.runs.opening import open_run


def main() -> None:
    """Draw the best test image of each class, typical ones, a clean one, and failures, named as such."""
    run, target = sys.argv[1:]
    job = open_run(run)
    truth = Masks(job.truth, job.spec)
    table = read_submission(job.folder / "submission.csv", job.spec)
    drawn = Masks(table, job.spec)
    chosen = select_outcomes(score_masks(table, job.truth, job.sample.images, job.spec))
    remarks = {row.ImageId: f"{row.why}, mean Dice {row.score:.2f}" for row in chosen.itertuples()}
    found = {row.why for row in chosen.itertuples()}
    never = [name for k, name in enumerate(job.spec.classes, 1) if f"best of class {k}" not in found]
    never_found = f"; never found: {', '.join(never)}" if never else ""
    figure = submission_gallery(
        list(remarks),
        job.test_pictures.picture,
        drawn.__getitem__,
        truth.__getitem__,
        job.spec,
        remarks,
        f"What recipe {job.recipe.name} predicts, beside the truth{never_found}",
    )
    Image.open(io.BytesIO(figure.picture()[1])).save(target, optimize=True)


if __name__ == "__main__":
    main()
