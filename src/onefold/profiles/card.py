"""The card of one profile: what is known of one customer, for a person to read.

recency          2 days
monetary      12.50 EUR
"""

from onefold import _time
from onefold._display import text_table
from onefold._display.words import cut
from onefold.ledger import Ledger
from onefold.profiles.card_page import html
from onefold.profiles.overview import Overview
from onefold.profiles.overview_page import lines
from onefold.profiles.said import LONG, NAME, WIDTH, looked_at, many, said, short, unread, wrapped
from onefold.profiles.traits import TraitTable

__all__ = ["html", "text"]


def text(table: TraitTable, ledger: Ledger) -> str:
    """One profile for a terminal: its traits (one row), and its own ledger."""
    who = cut(repr(str(table.ids[0])[:LONG]), LONG)
    as_of = f"as of {_time.show(table.as_of[0])} UTC)"
    overview = Overview.of(ledger, table.as_of[0])
    head = wrapped("Profile(", [who, _events(overview), as_of])
    parts = [[*head, *(lines(overview) if overview.events or overview.older else [])]]
    held = [looked_at(table, name) for name in table.names]
    for title, fact in (("trait", False), ("fact", True)):
        rows = [
            [short(one.name, NAME), said(one, ledger.currency)]
            for one in held
            if one.fact is fact and one.known
        ]
        if rows:
            parts.append([text_table(rows, [title, ""], width=WIDTH)])
    for why, some in unread(held):
        parts.append(wrapped(f"{why}: ", [short(one.name, NAME) for one in some]))
    return "\n\n".join("\n".join(part) for part in parts)


def _events(overview: Overview) -> str:
    more = f" and {overview.older:,} older" if overview.older else ""
    return many(overview.events, "event") + more
