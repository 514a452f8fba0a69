"""What people see: right, aligned, deterministic, and safe with any text."""

import datetime as dt
import html.parser
import math
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onefold._display import (
    Html,
    html_card,
    html_table,
    money,
    number,
    percent,
    printable,
    span,
    svg_bars,
    svg_ring,
    text_table,
)
from onefold._display.colours import KINDS, PEAK
from onefold._display.pages import page
from onefold._display.small import blocks, svg_columns, svg_stacks, svg_week
from onefold._display.words import cell, cut, wide
from onefold.errors import ArgumentError

HOSTILE = "<script>alert('x')</script>\"&\x00\x1b[31m\n\u202e\ud800"
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=30)  # lone surrogates too
MISSING = [None, float("nan"), np.nan, pd.NA, pd.NaT, np.datetime64("NaT"), np.timedelta64("NaT")]


class Seen(html.parser.HTMLParser):
    """What a browser would make of markup: tags, attributes, and the text that is shown."""

    def __init__(self, markup):
        super().__init__(convert_charrefs=True)
        self.tags, self.names, self.texts, self.open = [], set(), [], []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}
        if tag not in ("br", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def tags(markup):
    seen = Seen(markup)
    assert seen.open == []
    return seen.tags


# ------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0, "0"), (-0.0, "0"), (7, "7"), (7.0, "7"), (12.0, "12"), (0.5, "0.500"),
        (0.0123, "0.0123"), (12.345, "12.3"), (99.96, "100"), (0.99996, "1.00"), (999.4, "999"),
        (999.6, "1,000"), (1234, "1,234"), (123456.7, "123,457"), (999_999, "999,999"),
        (999_999.6, "1.00M"), (1_000_000, "1M"), (2_500_000, "2.50M"), (1.234e9, "1.23B"),
        (5e12, "5T"), (1.5e15, "1.5e+15"), (0.000123, "0.000123"), (1.234e-5, "1.23e-05"),
        (-1234, "-1,234"), (-0.0123, "-0.0123"), (math.inf, "inf"), (-math.inf, "-inf"),
        (np.float32(0.25), "0.250"), (np.int64(1234), "1,234"), (0.1 + 0.2, "0.300"),
    ],
)  # fmt: skip
def test_numbers(x, text):
    assert number(x) == text


@given(st.floats(-1e15, 1e15).filter(lambda x: abs(x) > 1e-12))
def test_a_number_is_right_to_three_digits(x):
    text = number(x)
    scale = {"M": 1e6, "B": 1e9, "T": 1e12}.get(text[-1], 1)
    read = float(text.rstrip("MBT").replace(",", "")) * scale
    assert read == pytest.approx(x, rel=0.00501)


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0, "0%"), (1, "100%"), (0.1234, "12.3%"), (0.5, "50.0%"), (0.29, "29.0%"),
        (0.0071, "0.710%"), (0.0001, "0.0100%"), (0.00001, "<0.01%"), (0.9994, "99.9%"),
        (0.9996, ">99.9%"), (-0.021, "-2.10%"), (1.5, "150%"), (12.3456, "1,235%"),
        (10.0, "1,000%"),
    ],
)  # fmt: skip
def test_percents(x, text):
    assert percent(x) == text


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "0.00 EUR"), (12_340_000, "12.34 EUR"), (5_000_000, "5.00 EUR"),
        (-1_500_000, "-1.50 EUR"), (999_990_000, "999.99 EUR"), (999_999_000, "1,000 EUR"),
        (1_234_560_000, "1,235 EUR"), (2_500_000_000_000, "2.50M EUR"), (1_000, "0.00100 EUR"),
        (np.int64(12_340_000), "12.34 EUR"), (10**25, "1e+19 EUR"),
    ],
)  # fmt: skip
def test_money(micros, text):
    assert money(micros, "EUR") == text
    assert money(micros) == text.removesuffix(" EUR")


def test_money_refuses_fractions_of_a_micro_and_knows_what_is_missing():
    with pytest.raises(ArgumentError, match=r"micros is 0\.5"):
        money(0.5, "EUR")
    assert money(np.iinfo(np.int64).min, "EUR") == "no data"
    assert money(1_000_000, "<b>\n") == "1.00 <b>\\n"  # escaped where it becomes HTML


@pytest.mark.parametrize(
    ("length", "text"),
    [
        ({"seconds": 0}, "0 s"), ({"milliseconds": 250}, "0.250 s"), ({"seconds": 1}, "1 s"),
        ({"seconds": 45}, "45 s"), ({"minutes": 1}, "1 min"), ({"minutes": 90}, "1.5 h"),
        ({"hours": 3}, "3 h"), ({"hours": 36}, "36 h"), ({"days": 2}, "2 days"),
        ({"days": 2, "hours": 12}, "2.5 days"), ({"days": 12}, "12 days"),
        ({"days": 400}, "400 days"), ({"days": 731}, "2 years"), ({"days": 1000}, "2.7 years"),
        ({"days": -12}, "-12 days"),
    ],
)  # fmt: skip
def test_spans(length, text):
    length = dt.timedelta(**length)
    assert span(length) == span(pd.Timedelta(length)) == span(np.timedelta64(length)) == text


def test_missing_values_say_so():
    for value in MISSING:
        assert cell(value) == "no data" and cell(value, missing="–") == "–"
    for write in (number, percent, money, span):
        assert write(None) == "no data" and write(None, missing="-") == "-"
    assert number(np.nan) == percent(pd.NA) == span(pd.NaT) == "no data"


def test_cells():
    values = [True, np.False_, 3, 0.5, dt.timedelta(days=3), dt.datetime(2020, 1, 2)]
    assert [cell(v) for v in values] == ["yes", "no", "3", "0.500", "3 days", "2020-01-02"]
    assert cell(np.datetime64("2020-01-02T03:04")) == "2020-01-02 03:04:00"
    assert cell(("a", 1)) == "('a', 1)" and cell(dt.date(2020, 1, 2)) == "2020-01-02"


@given(ANYTHING)
def test_printable_text_is_printable_and_can_be_written(text):
    shown = printable(text)
    assert shown.isprintable()
    shown.encode("utf-8")
    assert printable(shown) == shown
    assert shown == text or not text.isprintable()


@given(ANYTHING.map(printable), st.integers(1, 20))
def test_a_cut_text_fits(text, most):
    short = cut(text, most)
    assert wide(short) <= most
    assert short == text if wide(text) <= most else short.endswith("…")


# ------------------------------------------------------------------ text tables


def test_a_table_as_text():
    rows = [["loyal", 1234, "12.3%", True], ["lost", 56, None, False], ["日本", 7, "<0.01%", None]]
    assert text_table(rows, ["name", "n", "share", "kept"]) == "\n".join(
        [
            "name       n   share  kept",
            "-----  -----  ------  ----",
            "loyal  1,234   12.3%  yes",
            "lost      56       –  no",
            "日本       7  <0.01%  –",
        ]
    )


def test_frames_mappings_and_sequences_give_the_same():
    rows = [("a", 1, 0.5), ("b", 2, None)]
    names = ["id", "n", "share"]
    frame = pd.DataFrame(rows, columns=names)
    expected = text_table(rows, names)
    assert text_table(frame) == expected
    assert text_table(frame.set_index("id")) == expected
    assert text_table([dict(zip(names, row, strict=True)) for row in rows]) == expected
    assert text_table(frame, ["n", "id"]) == text_table([(n, i) for i, n, _ in rows], ["n", "id"])
    assert frame.columns.tolist() == names


def test_no_rows():
    assert text_table([], ["id", "n"]) == "id  n\n--  -"
    assert text_table(pd.DataFrame({"id": []})) == "id\n--"


CELLS = ANYTHING | st.integers(-(10**6), 10**6) | st.floats() | st.none() | st.booleans()
TABLES = st.integers(1, 6).flatmap(
    lambda m: st.tuples(
        st.lists(ANYTHING, min_size=m, max_size=m),
        st.lists(st.lists(CELLS, min_size=m, max_size=m), max_size=5),
    )
)


@given(TABLES, st.integers(20, 90))
def test_a_text_table_fits_its_width_whatever_it_holds(table, width):
    names, rows = table
    lines = text_table(rows, names, width=width).split("\n")
    assert len(lines) in (len(rows) + 2, len(rows) + 3)
    assert all(wide(line) <= max(width, 30) and line == line.rstrip() for line in lines)
    assert all(line.isprintable() for line in lines)


def test_words_are_cut_before_numbers_and_columns_left_out_last():
    rows = [["x" * 50, "y" * 30, 123456]]
    lines = text_table(rows, ["a", "b", "c"], width=40).split("\n")
    assert lines[2].endswith("  123,456") and lines[2].count("…") == 2
    assert len(lines[2]) == 40
    rows = [[1000 * i for i in range(12)]]
    lines = text_table(rows, [f"col{i}" for i in range(12)], width=40).split("\n")
    assert lines[-1] == "(6 more columns not shown)" and "…" not in lines[2]


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        ([["a"]], None, "columns is missing"),
        ([], None, "columns is missing"),
        ([["a", 1], ["b"]], ["id", "n"], "1 cells in row 1"),
        (pd.DataFrame({"id": [1]}), ["n"], r"columns names \['n'\]"),
    ],
)
def test_tables_refuse(rows, columns, said):
    for make in (text_table, html_table):
        with pytest.raises(ArgumentError, match=said):
            make(rows, columns)


def test_a_width_is_at_least_20():
    with pytest.raises(ArgumentError, match="width is 10"):
        text_table([["a"]], ["b"], width=10)


# ------------------------------------------------------------------ HTML


def test_a_table_as_html():
    shown = html_table([["loyal", 1234], ["lost", None]], ["name", "n"], caption="Sizes & shares")
    assert isinstance(shown, Html) and shown._repr_html_() == shown
    seen = Seen(shown)
    assert seen.texts == ["Sizes & shares", "name", "n", "loyal", "1,234", "lost", "–"]
    assert shown.count("text-align:right") == 3
    assert "color:inherit" in shown
    assert not {"class", "id", "src", "href", "onclick"} & seen.names


@given(TABLES, ANYTHING)
def test_no_text_becomes_markup(table, text):
    names, rows = table
    plain = [["x" for _ in row] for row in rows]
    hostile = html_table(rows, names, caption=f"c{text}", below=f"b{''.join(text.split())}")
    assert tags(hostile) == tags(html_table(plain, ["x"] * len(names), caption="c", below="b"))
    assert Seen(hostile).names <= {"style", "scope"}
    hostile.encode("utf-8")


@given(ANYTHING, ANYTHING)
def test_no_text_of_a_card_becomes_markup(a, b):
    def card(a, b):
        return html_card(a, {f"h{b}": a, "pairs": {b: a}, "list": [a, b], "table": frame(a, b)})

    def frame(a, b):
        names = pd.Index([f"c{a}"], dtype=object)  # text of pandas refuses surrogates
        return pd.DataFrame([[b]], columns=names, dtype=object)

    assert tags(card(a, b)) == tags(card("a", "b"))


def test_hostile_text_is_shown_as_it_is():
    shown = html_table([[HOSTILE]], [HOSTILE])
    assert "<script" not in shown
    assert Seen(shown).texts == [printable(HOSTILE)] * 2


def test_a_card():
    ring = svg_ring(range(24))
    card = html_card("Ann", [("When", ring), ("Buys", [("orders", 12), ("spent", None)])])
    assert ring in card
    assert Seen(card).texts[-5:] == ["Buys", "orders", "12", "spent", "no data"]
    assert card == html_card("Ann", {"When": ring, "Buys": {"orders": 12, "spent": None}})
    assert Seen(html_card("Ann", {"Goals": []})).texts[-1] == "no data"
    assert tags(html_card("Ann", {"": "Just words."})).count("h4") == 0


def test_only_markup_is_taken_as_markup():
    bold = Html("<b>x</b>")
    assert "<b>x</b>" in html_table([[bold]], ["a"])
    assert "<b>" not in html_table([[bold + "y"]], ["a"])  # a sum is a plain string again
    assert "<b>x</b>" in html_card("t", {"a": [bold], "b": {"n": bold}})


# ------------------------------------------------------------------ pictures

SVG = "{http://www.w3.org/2000/svg}"
HOURS = st.lists(st.floats(0, 1e9), min_size=24, max_size=24)


@given(HOURS, ANYTHING)
def test_a_ring_is_sound_xml_with_a_bar_for_each_busy_hour(hours, title):
    picture = svg_ring(hours, title=title)
    root = ET.fromstring(picture)
    bars = root.findall(f"{SVG}path")
    assert len(bars) == sum(h > 0 for h in hours)
    assert root.find(f"{SVG}title").text.startswith(f"{printable(title)}: ")
    assert root.attrib["aria-label"] == root.find(f"{SVG}title").text
    peaks = [bar for bar in bars if bar.attrib["fill"] != "#4a90c4"]
    assert len(peaks) == sum(h == max(hours) > 0 for h in hours)
    assert picture == svg_ring(np.array(hours), title=title)


def corners(picture):
    """Points of the first bar: foot, tip, tip, foot."""
    path = ET.fromstring(picture).find(f"{SVG}path").attrib["d"]
    moved, lined, arc = path[1:-1].replace("L", "A").split("A")[:3]
    return [tuple(float(x) for x in point.split()[-2:]) for point in (moved, lined, arc)]


@pytest.mark.parametrize(
    ("hour", "right", "down"), [(0, True, False), (5, True, False), (6, True, True),
                                (11, True, True), (12, False, True), (18, False, False),
                                (23, False, False)]
)  # fmt: skip
def test_midnight_is_at_the_top_and_the_clock_goes_round(hour, right, down):
    hours = np.zeros(24)
    hours[hour] = 1
    for x, y in corners(svg_ring(hours)):
        assert (x > 110) == right and (y > 110) == down


def test_length_is_the_share_of_the_longest():
    hours = np.zeros(24)
    hours[3], hours[15] = 1, 2
    (x, y), (x2, y2), _ = corners(svg_ring(hours))
    assert math.hypot(x - 110, y - 110) == pytest.approx(40, abs=0.02)
    assert math.hypot(x2 - 110, y2 - 110) == pytest.approx(62, abs=0.02)


def test_the_middle_of_a_ring_says_what_stands_out():
    def middle(hours):
        return [t.text for t in ET.fromstring(svg_ring(hours)).findall(f"{SVG}text")][4:]

    assert middle(np.zeros(24)) == ["no data"]
    assert middle([0] * 18 + [3, 1] + [0] * 4) == ["18–19 h", "75.0%"]
    assert middle(np.ones(24)) == ["24 hours", "alike"]


@pytest.mark.parametrize(
    "bad", [[1] * 23, [[1] * 24], [-1] + [1] * 23, [np.nan] * 24, [np.inf] * 24, ["a"] * 24]
)
def test_a_ring_refuses(bad):
    with pytest.raises(ArgumentError, match=r"^values "):
        svg_ring(bad)


@given(st.lists(st.tuples(ANYTHING, st.floats(0, 1)), max_size=6), ANYTHING)
def test_bars_are_sound_xml(pairs, title):
    labels, values = [label for label, _ in pairs], [value for _, value in pairs]
    root = ET.fromstring(svg_bars(values, labels, title=title, shares=True))
    bars = [float(bar.attrib["width"]) for bar in root.iter(f"{SVG}rect")]
    assert len(bars) == len(pairs)
    whole = [t.text for t in root.iter(f"{SVG}title")][1:]
    said = [f"{printable(label)}: {percent(value)}" for label, value in pairs]
    assert whole == said
    if bars and max(values) > 0:
        assert bars[int(np.argmax(values))] == max(bars)


def test_labels_have_room_in_wide_fonts():
    """Widths in DejaVu Sans of 12 pixels: "web" 24.6, "mmm" 35.1, "store" 31.2."""
    for label, width in (("web", 24.6), ("mmm", 35.1), ("store", 31.2)):
        root = ET.fromstring(svg_bars([1.0], [label], shares=True))
        assert float(next(root.iter(f"{SVG}text")).attrib["x"]) >= width


@pytest.mark.parametrize("length", range(1, 24))
def test_labels_of_bars_are_cut_only_where_they_must_be(length):
    assert f">{'x' * length}</text>" in svg_bars([1, 2], ["x" * length, "y"])
    assert f">{'x' * 21}…</text>" in svg_bars([1, 2], ["x" * 99, "y"])


def test_bars_refuse():
    for values, labels in (([1, 2], ["a"]), ([-1], ["a"]), ([np.nan], ["a"])):
        with pytest.raises(ArgumentError, match=r"^values "):
            svg_bars(values, labels)
    with pytest.raises(ArgumentError, match="width is 10"):
        svg_bars([1], ["a"], width=10)
    with pytest.raises(ArgumentError, match="size is 10"):
        svg_ring([1] * 24, size=10)


# ------------------------------------------------------------------ small pictures


def test_blocks_show_the_largest_full_and_nothing_as_a_dot():
    assert blocks([]) == ""
    assert blocks([0, 0]) == "··"
    assert blocks([0, 0.001, 50, 99, 100]) == "·▁▄██"


def rects(picture):
    return [e for e in ET.fromstring(picture).iter() if e.tag.endswith("rect")]


def test_columns_stand_side_by_side_and_say_what_they_are():
    picture = svg_columns([0, 1, 4, 1e-9], ["a", "b", "c", HOSTILE], title="<i>", marked=2)
    found = rects(picture)
    assert [e.get("x") for e in found] == ["9", "18", "27"]  # nothing is drawn for nothing
    assert [e.get("height") for e in found] == ["7.5", "30.0", "1.0"]
    assert [e.get("fill") == PEAK for e in found] == [False, True, False]
    assert "<i>" not in picture and "script" not in tags(picture)
    assert rects(svg_columns([], [], title="none")) == []


def test_stacks_stand_on_each_other_and_name_both_ends():
    picture = svg_stacks([[1, 1], [0, 4]], ["May", "June"], title="x", ends=("May", "June"))
    found = [(e.get("fill"), float(e.get("y")), float(e.get("height"))) for e in rects(picture)]
    assert found == [(KINDS[0], 36, 12), (KINDS[1], 24, 12), (KINDS[1], 0, 48)]
    shown = [e.text for e in ET.fromstring(picture).iter() if e.tag.endswith("text")]
    assert shown == ["May", "June"]
    one = svg_stacks([[3]], ["May"], title="x", ends=("May", "May"))
    assert one.count(">May</text>") == 1
    assert float(rects(one)[0].get("width")) < 50


def test_a_week_is_deeper_where_there_is_more():
    week = np.zeros((7, 24))
    week[0, 0], week[6, 23] = 1, 10
    found = rects(svg_week(week, title="hours"))[1:]
    assert [(e.get("x"), e.get("y")) for e in found] == [("34", "16"), ("494", "106")]
    assert [e.get("fill-opacity") for e in found] == ["0.21", "1.00"]
    assert "Sun 23:00–24:00: 10" in svg_week(week, title="hours")
    tiny = svg_week(week, title="hours", cell=(6, 4), write=percent)
    assert "<text" not in tiny and "1,000%" in tiny


# ------------------------------------------------------------------ pages


def test_pages_escape_all_but_markup_and_refuse_unknown_names():
    made = page("<p>{{ a }}{{ b }}{{ c }}</p>", a=HOSTILE, b=Html("<b>x</b>"), c=3)
    assert tags(made) == ["p", "b"]
    assert "\u202e" not in made and "\x1b" not in made and "\\u202e" in made
    with pytest.raises(Exception, match="'d' is undefined"):
        page("{{ d }}")
