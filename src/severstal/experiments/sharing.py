"""Near-duplicates and likeness found by one run, reused by another on the same pictures."""

import shutil

from severstal.files import atomic_write
from severstal.runs.ensemble import RunOrEnsemble, jobs_of
from severstal.runs.job import Job


def share_findings(source: Job, target: RunOrEnsemble) -> None:
    """Copy a run's near-duplicates and likeness to other runs, whose stages check that the pictures agree."""
    for job in jobs_of(target):
        for name in ("duplicates", "likeness"):
            ours = (getattr(source.files, name), source.files.record(name))
            theirs = (getattr(job.files, name), job.files.record(name))
            for path, copy in zip(ours, theirs, strict=True):
                if path.is_file() and not copy.exists():
                    with atomic_write(copy) as part:
                        shutil.copyfile(path, part)
