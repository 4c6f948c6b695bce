"""A cross-fitted search."""

from fixtures.searched import any_set, blank, searched

__all__ = ["any_set", "blank", "searched"]
