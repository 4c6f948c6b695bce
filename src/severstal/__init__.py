"""Kaggle's Severstal: Steel Defect Detection, from a fresh clone to submission.csv."""
