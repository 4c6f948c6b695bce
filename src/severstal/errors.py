"""The one kind of error that a person is meant to read."""


class SeverstalError(Exception):
    """Something in the input that a person can repair.

    The message is one line that names the file, the row and the wrong value, and then the repair. The command
    line prints it without a traceback and ends with exit code 2; a notebook shows the line alone.

    Example:
        >>> raise SeverstalError("train.csv row 7: class 9 is not one of 1 to 4: correct the row")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: train.csv row 7: class 9 is not one of 1 to 4: correct the row
    """

    exit_code = 2

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback."""
        return [f"severstal: {self}"]
