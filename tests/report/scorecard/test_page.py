"""The page is well-formed, self-contained, and holds the numbers of the card."""

import base64
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from severstal.evaluation.scorecard import Scorecard, build_scorecard
from severstal.report.scorecard.page import PageHead, page

FORBIDDEN = ("script", "link", "img", "iframe", "object", "image", "use")


@pytest.fixture
def drawn(card: Scorecard) -> str:
    return page('runs/<a> & "b"', [card, card], card.counts)


def tree(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>"))


def test_the_page_is_well_formed_and_escapes_names(drawn: str) -> None:
    root = tree(drawn)
    assert root.find("head/title").text == root.find("body/main/h1").text == 'runs/<a> & "b"'
    assert {each.text for each in root.iter("h2")} == {"a <run> & its folds", "Test images"}
    rows = [each.text for each in root.iter("th") if each.get("scope") == "row"]
    assert "1 <hole> & rim" in rows
    assert "<hole>" not in drawn


def test_control_characters_leave_the_page_well_formed(card: Scorecard) -> None:
    title = "runs/\x00\x1b[31m\ud800\u202e"
    root = tree(page(title, [replace(card, title=title, notes=(title,))]))
    for place in ("head/title", "body/main/h1"):
        assert root.find(place).text == r"runs/\x00\x1b[31m\ud800\u202e"


def test_the_page_needs_no_other_file(drawn: str) -> None:
    for word in ("http:", "https:", "//", "@import", "url(", "src=", "data:"):
        assert word not in drawn
    for each in tree(drawn).iter():
        assert each.tag not in FORBIDDEN
        assert not any(name.startswith("on") for name in each.attrib)
    assert all(link.startswith("#card") for link in re.findall(r'href="([^"]*)"', drawn))


def test_the_head_names_data_set_and_recipe_and_holds_a_picture(card: Scorecard) -> None:
    head = PageHead(
        (("data set", "<steel> & co"), ("recipe", "smoke")), b"\xff\xd8jpeg", 'held-out "pictures"'
    )
    root = tree(page("a run", [card], head=head))
    facts = next(each for each in root.iter("dl") if each.get("class") == "facts")
    assert [each.text for each in facts] == ["data set", "<steel> & co", "recipe", "smoke"]
    (picture,) = root.iter("img")
    assert picture.get("alt") == root.find(".//figcaption").text == 'held-out "pictures"'
    assert base64.b64decode(picture.get("src").removeprefix("data:image/jpeg;base64,")) == head.picture


def test_links_lead_to_a_card(drawn: str) -> None:
    root = tree(drawn)
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    assert [link.get("href") for link in root.iter("a")] == [f"#{name}" for name in ids]


def test_tables_are_accessible(drawn: str) -> None:
    root = tree(drawn)
    assert root.get("lang") == "en"
    tables = list(root.iter("table"))
    assert len(tables) == 2 * 6 + 1
    for table in tables:
        assert table.find("caption/span").text
        head = table.findall("thead/tr/th")
        assert all(cell.get("scope") == "col" for cell in head)
        rows = table.findall("tbody/tr") + table.findall("tfoot/tr")
        assert rows
        for row in rows:
            assert row[0].tag == "th"
            assert row[0].get("scope") == "row"
            assert len(row) == len(head)


def test_figures_have_labels(drawn: str, card: Scorecard) -> None:
    pictures = list(tree(drawn).iter("svg"))
    assert len(pictures) == 4
    assert all(each.get("role") == "img" and each.get("aria-label") for each in pictures)
    assert f"missed defects {card.budget.classes[0].missed:.4f}" in pictures[0].get("aria-label")


def test_bars_are_proportional_to_lost_points(drawn: str, card: Scorecard) -> None:
    bars = next(each for each in tree(drawn).iter("svg") if each.get("class") == "bars")
    rows: dict[str, dict[str, float]] = {}
    for each in bars.iter("rect"):
        if each.get("height") == "20":
            rows.setdefault(each.get("y"), {})[each.get("class")] = float(each.get("width"))
    most = max(loss.total for loss in card.budget.classes)
    assert len(rows) == sum(loss.total > 0 for loss in card.budget.classes)
    for lengths, loss in zip(rows.values(), card.budget.classes, strict=True):
        for kind, length in lengths.items():
            assert length == pytest.approx(420 * getattr(loss, kind) / most, abs=0.01)


def test_light_and_dark_name_the_same_colours(drawn: str) -> None:
    assert "color-scheme: light dark" in drawn
    light, dark = drawn.split("prefers-color-scheme: dark")
    names = [set(re.findall(r"(--[\w-]+): #", part)) for part in (light, dark)]
    assert names[0] == names[1] > {"--ground", "--ink"}
    assert set(re.findall(r"var\((--[\w-]+)\)", drawn)) == names[0]


def test_numbers_are_those_of_the_card(drawn: str, card: Scorecard) -> None:
    for figure in (
        card.score.score,
        card.interval.low,
        card.budget.whole.total,
        card.rules.searched,
        card.calibration.whole.error,
        card.test_like.score.score,
    ):
        assert f"{figure:.4f}" in drawn
    assert card.rules.verdict in drawn
    assert ">nan<" not in drawn


def test_unknown_sections_are_left_out(random_pairs) -> None:
    text = page("a.csv", [build_scorecard(random_pairs(0, 5), "a.csv")])
    assert "Calibration of" not in text
    assert "Gain of the rules" not in text
    assert "<nav" not in text
    assert "calibration and expected counts are left out" in text
    tree(text)


def test_a_perfect_score_has_bars_of_no_length(random_pairs) -> None:
    pairs = random_pairs(0, 5)
    perfect = type(pairs)(pairs.images, pairs.spec, pairs.true, pairs.true, pairs.true)
    text = page("perfect", [build_scorecard(perfect, "perfect")])
    assert "Lost points: 0.0000" in text
    tree(text)
