"""Values in words: units, singular and plural, and text of any length."""

import pandas as pd
import pytest

import onefold as of
from onefold._display.words import wide
from onefold.profiles.said import amount, item_name, many, quantity, said, short, told, wrapped
from onefold.profiles.spread import Labels, Spread


@pytest.mark.parametrize(
    ("x", "unit", "text"),
    [
        (1, "days", "1 day"), (2.5, "days", "2.50 days"), (353.2, "days", "353 days"),
        (0.5, "days", "12 h"), (1 / 96, "days", "15 min"), (1e-11, "days", "0 days"),
        (-3, "days", "-3 days"), (1, "years", "1 year"), (33.4, "years", "33.4 years"),
        (1, "visits", "1 visit"), (1, "kg", "1 kg"), (0.125, "share", "12.5%"), (7, "", "7"),
        (12.5, "money", "12.50 EUR"), (1234.4, "money", "1,234 EUR"), (0, "money", "0.00 EUR"),
        (0.001, "money", "0.00100 EUR"), (-80, "money", "-80.00 EUR"),
        (2.5e6, "money", "2.50M EUR"),
    ],
)  # fmt: skip
def test_numbers_have_their_unit(x: float, unit: str, text: str) -> None:
    assert quantity(x, unit, currency="EUR") == text


def test_without_a_unit_beside_it() -> None:
    assert [amount(0.125, "share"), amount(1e-9, "days"), amount(12.34, "EUR")] == [
        "12.5%",
        "0",
        "12.3",
    ]
    assert quantity(3.5, "money") == "3.50"
    assert [many(n, "fact") for n in (0, 1, 1234)] == ["0 facts", "1 fact", "1,234 facts"]


def labels(names: list[str], *, texts: bool, unit: str = "") -> Spread:
    sizes = tuple(1 / (i + 2) for i in range(len(names)))
    held = Labels(len(names), tuple(names[:16]), sizes[:16], texts=texts)
    return Spread("x", unit, False, 1, 1, labels=held)


def test_labels_are_told_as_far_as_there_is_room() -> None:
    share = labels(["web", "app", "store"], texts=False, unit="share")
    assert said(share, None) == "web 50.0%, app 33.3%, store 25.0%"
    assert told(share, lambda size: f"{size:.1f}", room=15) == "web 0.5"
    assert told(share, lambda size: f"{size:.1f}", room=16) == "web 0.5, app 0.3"
    spend = labels(["web"], texts=False, unit="money")
    assert said(spend, "EUR") == "web 0.50 EUR"
    assert said(labels([], texts=False), None) == "none"
    assert said(Spread("x", "", False, 1, 0), None) == "no data"


def test_texts_are_listed_and_what_is_left_out_is_counted() -> None:
    assert said(labels(["tea"], texts=True), None) == "tea"
    assert said(labels(["tea", "jam"], texts=True), None) == "tea, jam"
    many_texts = said(labels([f"item {i:03d}" for i in range(40)], texts=True), None)
    assert many_texts.startswith("item 000, item 001") and many_texts.endswith("33 more")


def test_lines_are_wrapped_at_commas() -> None:
    assert wrapped("of: ", ["a", "b"]) == ["of: a, b"]
    assert wrapped("", ["a"]) == ["a"]
    lines = wrapped("of: ", [f"number {i}" for i in range(30)])
    assert len(lines) == 4 and max(map(len, lines)) <= 100
    assert " ".join(line.strip() for line in lines).count(",") == 29
    assert wrapped("of: ", ["x" * 200, "y"])[0] == "of:"


def test_text_is_cut_and_printable() -> None:
    assert short("x" * 10**6) == "x" * 59 + "…"
    assert short("a\nb") == "a\\nb"
    assert wide(short("\u65e5\u672c" * 100)) <= 60


def test_items_are_called_by_name_and_id() -> None:
    goods = pd.DataFrame({"sku": ["a1", "b2"], "name": ["Earl Grey " * 20, None]})
    catalog = of.Catalog.from_frame(goods, item="sku", text="name")
    assert item_name("a1", catalog, 20) == "Earl Grey Earl… (a1)"
    assert item_name("b2", catalog) == "b2"
    assert item_name("c3", catalog) == "c3"
    assert item_name("c3", None) == "c3"
