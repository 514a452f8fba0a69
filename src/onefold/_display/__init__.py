"""What people see: numbers in words, tables as text and HTML, and small pictures.

Three significant digits, units beside them, "no data" where there is none. Everything is
deterministic and self-contained: no script, no style sheet, no font to fetch. Text may come
from anybody (a customer's id is whatever somebody typed), so it is escaped and made printable:

    html_table([["<b>"]], ["id"])  shows <b>, and sets nothing in bold
"""

from onefold._display.cards import html_card, html_table
from onefold._display.pictures import svg_bars, svg_ring
from onefold._display.text import text_table
from onefold._display.words import Html, money, number, percent, printable, span

__all__ = [
    "Html",
    "html_card",
    "html_table",
    "money",
    "number",
    "percent",
    "printable",
    "span",
    "svg_bars",
    "svg_ring",
    "text_table",
]
