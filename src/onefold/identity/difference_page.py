"""How a difference looks, as text and as HTML: both sides, then the largest of what changes.

                 before     after
customers         1,204     1,180
"""

from typing import Any, Protocol

import pandas as pd

from onefold._display import html_table, printable, text_table
from onefold._display.pages import page
from onefold._display.words import Html, cut

MOST = 5  # groups that are shown, of each kind
IDS = 3  # ids of a group
COUNTS = ("customers", "identifiers", "shared", "demoted", "quarantined")
NOTHING = "Nothing differs."


class Differs(Protocol):
    """A difference, as it is shown."""

    @property
    def before(self) -> Any: ...
    @property
    def after(self) -> Any: ...
    @property
    def made(self) -> pd.DataFrame: ...
    @property
    def undone(self) -> pd.DataFrame: ...
    @property
    def changes(self) -> pd.DataFrame: ...
    @property
    def unchanged(self) -> int: ...
    @property
    def renamed(self) -> int: ...
    @property
    def moved(self) -> int: ...
    @property
    def events(self) -> int | None: ...
    def __bool__(self) -> bool: ...


def text(diff: Differs) -> str:
    """A difference for a terminal."""
    parts = [headline(diff), text_table(_sides(diff), ["", "before", "after"])]
    for title, rows, columns in _sections(diff):
        parts.append(f"{title}\n{text_table(rows, columns)}")
    return "\n\n".join(parts)


def headline(diff: Differs) -> str:
    """What differs, in a sentence or three."""
    versions = f"From policy {diff.before.version} to {diff.after.version}: "
    if not diff:
        return versions + NOTHING.lower()
    made, undone = len(diff.made), len(diff.undone)
    events = "" if diff.events is None else f" and {diff.events:,} events and facts"
    renamed = f" ({diff.renamed:,} by another id)" if diff.renamed else ""
    return (
        f"{versions}{_many(made, 'merge')} made, {undone:,} undone; {diff.unchanged:,} customers "
        f"stay as they are{renamed}. {_many(diff.moved, 'identifier')}{events} get another "
        "customer. Nothing is applied."
    )


def _many(n: int, word: str) -> str:
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def _sides(diff: Differs) -> list[list[object]]:
    return [[n, getattr(diff.before, n), getattr(diff.after, n)] for n in COUNTS]


def _sections(diff: Differs) -> list[tuple[str, list[list[object]], list[str]]]:
    """Titles, rows and columns of what is to be told."""
    groups = [
        ("Merges made", diff.made, "of", ["customer after", "identifiers", "of", "customers"]),
        ("Merges undone", diff.undone, "into", ["customer", "identifiers", "into", "customers"]),
    ]
    out = []
    for title, held, name, columns in groups:
        rows: list[list[object]] = [
            [row.customer, row.identifiers, len(getattr(row, name)), _ids(getattr(row, name))]
            for row in held.head(MOST).itertuples()
        ]
        if rows:
            out.append((_title(title, len(rows), len(held)), rows, columns))
    changes = _changes(diff)
    if changes:
        out.append(
            ("Identifiers of another state", changes, ["from", "to", "identifiers", "such as"])
        )
    largest: list[list[object]] = [[name, size] for name, size in diff.after.largest[:MOST]]
    if largest and diff:
        out.append(("Largest customers after", largest, ["customer", "identifiers"]))
    return out


def _title(title: str, shown: int, n: int) -> str:
    return title if shown == n else f"{title}, the {shown} largest of {n:,}"


def _ids(names: tuple[str, ...]) -> str:
    more = len(names) - IDS
    return ", ".join(names[:IDS]) + (f" and {more:,} more" if more > 0 else "")


def _changes(diff: Differs) -> list[list[object]]:
    """How many identifiers went from each state to each other, and which."""
    rows: list[tuple[str, str, int, str]] = []
    for (was, now), held in diff.changes.groupby(["before", "after"], sort=True):
        names = [f"{t} {v}" for t, v in zip(held["type"][:IDS], held["value"][:IDS], strict=True)]
        rows.append((str(was), str(now), len(held), cut(printable(", ".join(names)), 60)))
    return [list(row) for row in sorted(rows, key=lambda row: -row[2])]


def html(diff: Differs) -> Html:
    """A difference for a notebook."""
    tables = [html_table(_sides(diff), ["", "before", "after"])]
    for title, rows, columns in _sections(diff):
        tables.append(html_table(rows, columns, caption=title))
    return page(TEMPLATE, headline=headline(diff), tables=tables)


TEMPLATE = """
<article style="font:14px/1.45 system-ui,-apple-system,sans-serif;color:inherit;margin:8px 0">
<h3 style="font-size:18px;font-weight:600;line-height:1.2;margin:0 0 4px;color:inherit">
What would change</h3>
<p style="margin:0 0 8px;max-width:90ch">{{ headline }}</p>
{% for table in tables %}
<div style="margin:0 0 10px">{{ table }}</div>
{% endfor %}
</article>
"""
