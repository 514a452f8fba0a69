"""Access logs: lines of Apache and nginx."""

from typing import Any

import pytest

from onefold import readers
from onefold.errors import ArgumentError

AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Gecko/20100101 Firefox/123.0"


def line(
    request: str = "GET /tea HTTP/1.1",
    *,
    host: str = "203.0.113.7",
    user: str = "-",
    time: str = "01/Mar/2024:10:30:00 +0100",
    status: str = "200",
    end: str = f' "-" "{AGENT}"',
) -> str:
    return f'{host} - {user} [{time}] "{request}" {status} 512{end}'


def rows(*lines: str, **chosen: Any) -> list[dict[Any, Any]]:
    read = readers.access_log(list(lines), **chosen)
    assert not len(read.rejected), read
    frame = read.log.to_pandas()
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def test_a_line() -> None:
    [row] = rows(line(user="ann"))
    assert (row["customer"], row["event"], row["page"], row["channel"]) == (
        "ann",
        "page",
        "/tea",
        "web",
    )
    assert str(row["time"]) == "2024-03-01 09:30:00+00:00"
    assert row["anonymous_id"].startswith("203.0.113.7 ")


def test_visitors_are_hosts_and_agents() -> None:
    other = line(end=' "-" "Mozilla/5.0 (X11; Linux) Other/1.0"')
    a, b, c, d = rows(line(), line("GET / HTTP/1.1"), other, line(host="::1"))
    assert a["customer"] == b["customer"] != c["customer"] and d["customer"].startswith("::1 ")


@pytest.mark.parametrize(
    "text",
    [
        line(end=""),
        line(end=' "-" "-"'),
        line(end=f' "https://x/" "{AGENT}" 12 34 "more"'),
        "shop.example:443 " + line(),
        line("GET /tea"),
        line("GET https://shop.example/tea HTTP/2.0"),
        line(user="ann lee"),
        line(status="304").replace("512", "-"),
    ],
)
def test_other_lines(text: str) -> None:
    [row] = rows(text)
    assert row["page"] == "/tea"


def test_escapes() -> None:
    [row] = rows(line('GET /a\\"b\\\\c\\x41?q=\\xc3\\xa9 HTTP/1.1', user="zo\\xc3\\xab"))
    assert (row["page"], row["customer"]) == ('/a"b\\cA', "zoë")
    [row] = rows(line("GET /caf%C3%A9%20x%3Fy?q=1 HTTP/1.1"))
    assert row["page"] == "/café x?y"


def test_pages() -> None:
    pages = {r"^/product/(?P<item>[^/]+)": "view", r"^/thanks": "purchase"}
    lines = [line(f"GET {path} HTTP/1.1") for path in ("/product/tea/x", "/thanks?o=1", "/")]
    assert [(r["event"], r["item"]) for r in rows(*lines, pages=pages)] == [
        ("view", "tea"),
        ("purchase", None),
        ("page", None),
    ]


@pytest.mark.parametrize("pages", [{"(": "view"}, {"x": ""}, {5: "view"}, "x"])
def test_pages_refused(pages: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^readers.access_log: .*page"):
        readers.access_log([], pages=pages)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (line(status="404"), "status 4xx: no content"),
        (line(status="301"), "status 3xx: no content"),
        (line(end=' "-" "Googlebot/2.1"'), "a robot"),
        (line("GET /a/b.CSS?v=1 HTTP/1.1"), "a part of a page"),
        (line("HEAD / HTTP/1.1"), "HEAD (left out by kinds=)"),
    ],
)
def test_skipped(text: str, why: str) -> None:
    assert dict(readers.access_log([text]).skipped) == {why: 1}


def test_all_may_be_kept() -> None:
    lines = [line(end=' "-" "Googlebot/2.1"'), line("GET /x.css HTTP/1.1"), line("HEAD / HTTP/1.1")]
    assert len(rows(*lines, robots=True, parts=True, kinds=None)) == 3
    assert len(readers.access_log([line()], anonymous=False).log) == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (line()[:60], "not a line of the combined or common format"),
        (line(time="1/3/2024 10:30"), "time can't be read"),
        (line(time="31/Feb/2024:10:30:00 +0100"), "time can't be read"),
        (line(time="01/Mai/2024:10:30:00 +0100"), "time can't be read"),
        (line(time="01/Mar/2024:10:30:00 +9900"), "time can't be read"),
        (line(time="01/Mar/1600:10:30:00 +0000"), "time is outside 1700 to 2200"),
        (line("\\x16\\x03\\x01"), "request can't be read"),
        (line("-"), "request can't be read"),
        (line("GET /%FF HTTP/1.1"), "text that is not valid Unicode"),
        (line("GET /" + "x" * 2000 + " HTTP/1.1"), "path is longer than 1,000 characters"),
        ("x" * 200_000, "no line of text, or a very long one"),
    ],
)
def test_rejected(text: str, why: str) -> None:
    read = readers.access_log([line(), text])
    assert dict(read.reasons) == {why: 1}
