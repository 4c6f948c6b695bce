"""Every rule is in the table and in the figure."""

from severstal.report.thresholds.folds import rules_by_fold, rules_table


def test_the_table_holds_every_rule(searched):
    table = rules_table(searched.fitted, searched.spec)
    assert len(table) == 3 * 3
    rule = searched.fitted.rules[1].rules[0]
    row = table.loc[("1 found", "without fold 1")]
    assert row.tolist() == [str(rule.gate), f"{rule.high:g}", f"{rule.low:g}", f"{rule.min_area:,}"]
    assert table.loc[("3 never", "all folds")].tolist() == ["never drawn", "", "", ""]


def test_every_rule_is_marked(searched, readable):
    figure = rules_by_fold(searched.fitted, searched.spec)
    readable(figure, ("thresholds (probability)", "minimum area (pixels, logarithmic from 10)"))
    left, right, text = figure.axes[:3]
    rules = [searched.fitted.rules[0], searched.fitted.rules[1], searched.fitted.result.rules]
    highs = [line.get_xdata()[0] for line in left.lines if line.get_marker() == "o"]
    areas = [line.get_xdata()[0] for line in right.lines if line.get_marker() == "o"]
    assert highs == [each.rules[0].high for each in rules]
    assert areas == [each.rules[0].min_area for each in rules]
    assert [each.get_text() for each in text.texts] == [str(each.rules[0].gate) for each in rules]
    never = [all(rule.rules[k].is_never_drawn(searched.spec) for rule in rules) for k in range(3)]
    assert len(figure.axes) == 3 * (3 - sum(never))
    assert "left out: 2 few, 3 never." in figure.texts[1].get_text().replace("\n", " ")


def test_any_data_set(any_set, readable):
    readable(rules_by_fold(any_set.fitted, any_set.spec))
