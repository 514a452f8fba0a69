"""Tables and cards as HTML that needs nothing else and reads well on light and dark pages.

Colours are the page's own (`inherit`), lines are half-transparent grey, styles are inline, for
a notebook's own style sheet must not win and a saved page must keep them.
Only `Html` is taken as markup:

    html_card("Ann <3", {"who": "x < y", "when": svg_ring(hours)})
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import pandas as pd

from onefold._display.text import DASH, Rows, grid
from onefold._display.words import NO_DATA, Html, cell, printable

__all__ = ["escape", "html_card", "html_table"]

Content: TypeAlias = str | Mapping[str, object] | Iterable[object] | pd.DataFrame
Sections: TypeAlias = Mapping[str, Content] | Iterable[tuple[str, Content]]

_FONT = "font-family:system-ui,-apple-system,sans-serif;color:inherit"
_TABLE = "border-collapse:collapse;border:0;margin:4px 0;font-size:13px;line-height:1.45"
_CAPTION = "caption-side:top;text-align:left;padding:4px 0;font-weight:600;color:inherit"
_BELOW = "font-size:12px;opacity:.7;margin:0 0 6px"
_HEAD = "padding:3px 14px 3px 0;border:0;border-bottom:1px solid rgba(128,128,128,.7);"
_CELL = "padding:3px 14px 3px 0;border:0;border-bottom:1px solid rgba(128,128,128,.25);"
_PLAIN = "background:transparent;color:inherit"
_CARD = (
    "border:1px solid rgba(128,128,128,.4);border-radius:8px;padding:14px 18px;margin:6px 0;"
    "max-width:760px;font-size:14px;line-height:1.45"
)
_TITLE = "font-size:18px;font-weight:600;margin:0 0 8px"
_PARTS = "display:flex;flex-wrap:wrap;gap:12px 32px;align-items:flex-start"
_HEADING = "font-size:12px;font-weight:600;letter-spacing:.03em;opacity:.7;margin:0 0 3px"
_NAMES = "display:grid;grid-template-columns:auto auto;gap:1px 14px;margin:0;justify-content:start"
_NAME = "opacity:.7;margin:0;font-weight:400"
_LIST = "margin:0;padding-left:18px"


def html_table(
    rows: Rows,
    columns: Sequence[str] | None = None,
    *,
    caption: str | None = None,
    below: str | None = None,
    missing: str = DASH,
) -> Html:
    """Write a table as HTML; numbers to the right, all text escaped.

    Args:
        rows: A frame (its index is shown if it has a name), mappings by name, or sequences. A cell
            that is `Html` goes in as it is.
        columns: Names, and which; they may be left out for frames and mappings.
        caption: Written above the table.
        below: Written small below it, a paragraph a line.
        missing: What stands for None and NaN.

    Raises:
        ArgumentError: Rows that don't fit the columns, or no columns.

    Example:
        >>> "&lt;b&gt;" in html_table([["<b>", 12]], ["customer", "orders"])
        True
    """
    table = grid(rows, columns, missing=missing)
    sides = ["right" if right else "left" for right in table.numeric]
    head = "".join(
        f'<th scope="col" style="{_HEAD}text-align:{side};font-weight:600">{escape(name)}</th>'
        for name, side in zip(table.names, sides, strict=True)
    )
    body = "".join(
        f'<tr style="{_PLAIN}">'
        + "".join(
            f'<td style="{_CELL}text-align:{side}">{escape(text)}</td>'
            for text, side in zip(row, sides, strict=True)
        )
        + "</tr>"
        for row in table.rows
    )
    above = f'<caption style="{_CAPTION}">{escape(caption)}</caption>' if caption else ""
    notes = (below or "").splitlines()
    under = "".join(f'<p style="{_BELOW};{_FONT}">{escape(note)}</p>' for note in notes)
    return Html(
        f'<table style="{_TABLE};{_FONT}">{above}'
        f'<thead><tr style="{_PLAIN}">{head}</tr></thead><tbody>{body}</tbody></table>{under}'
    )


def html_card(title: str, sections: Sections) -> Html:
    """Write a card: a title, and sections side by side where there is room.

    Args:
        title: What the card is about.
        sections: By heading ("" for none), a mapping or pairs: `Html` goes in as it is; a string is
            a paragraph; a mapping, or a list of pairs, is a list of names and values; a frame is
            a table; any other list is a list. An empty one says "no data".

    Example:
        >>> card = html_card("Ann", {"buying": {"orders": 12}, "likes": ["tea", "<i>"]})
        >>> "<h3" in card and "&lt;i&gt;" in card
        True
    """
    parts = "".join(
        f'<div style="flex:0 1 auto;min-width:120px">{_heading(name)}{_content(content)}</div>'
        for name, content in _pairs(sections)
    )
    return Html(
        f'<div style="{_CARD};{_FONT}"><h3 style="{_TITLE}">{escape(title)}</h3>'
        f'<div style="{_PARTS}">{parts}</div></div>'
    )


def escape(text: str) -> str:
    """Return markup that shows the text; `Html` is markup already."""
    return text if isinstance(text, Html) else html.escape(printable(text))


def _heading(name: str) -> str:
    return f'<h4 style="{_HEADING}">{escape(name)}</h4>' if name else ""


def _content(content: Content) -> str:
    if isinstance(content, Html):
        return content
    if isinstance(content, str):
        return f'<p style="margin:0;max-width:60ch">{escape(content)}</p>'
    if isinstance(content, pd.DataFrame):
        return html_table(content)
    items = list(content.items() if isinstance(content, Mapping) else content)
    if not items:
        return f'<p style="margin:0;opacity:.7">{NO_DATA}</p>'
    pairs = [item for item in items if isinstance(item, tuple) and len(item) == 2]
    if len(pairs) == len(items):
        lines = "".join(
            f'<dt style="{_NAME}">{_value(name)}</dt><dd style="margin:0">{_value(value)}</dd>'
            for name, value in pairs
        )
        return f'<dl style="{_NAMES}">{lines}</dl>'
    return f'<ul style="{_LIST}">{"".join(f"<li>{_value(item)}</li>" for item in items)}</ul>'


def _pairs(sections: Sections) -> Iterable[tuple[str, Content]]:
    return sections.items() if isinstance(sections, Mapping) else sections


def _value(value: object) -> str:
    return value if isinstance(value, Html) else escape(cell(value))
