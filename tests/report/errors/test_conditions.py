"""Every group has a row."""

from severstal.evaluation.error_rates import error_rates
from severstal.report.errors import error_conditions


def test_error_conditions(every, readable):
    rates = error_rates(every.errors)
    figure = error_conditions(rates)
    readable(figure, ("share", "mean Dice"))
    ticks = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert {*rates["group"], *rates["condition"]} - {""} == set(ticks)
