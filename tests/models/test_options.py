import pytest

from severstal.errors import SeverstalError
from severstal.models.options import check_dropout, check_odd, check_rates, check_whole


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (check_whole, [1, 7], [0, -1, 1.0, "1", None, True]),
        (check_odd, [1, 7], [0, 2, -3, 3.0, "3", True]),
        (check_dropout, [0, 0.0, 0.99], [1, 1.5, -0.1, "0", None, False, float("nan")]),
        (check_rates, [[1], (6, 12)], [[], 6, [0], [6, 1.5], ["6"], "6", None, [True]]),
    ],
)
def test_what_is_taken_and_what_is_refused(check, right, wrong):
    for value in right:
        given = check("option", value)
        assert given == (tuple(value) if check is check_rates else value)
    for value in wrong:
        with pytest.raises(SeverstalError, match=r"model option 'option' is .*: give"):
            check("option", value)


def test_a_least_number():
    assert check_whole("width", 2, least=2) == 2
    with pytest.raises(SeverstalError, match="give a whole number from 2"):
        check_whole("width", 1, least=2)
