"""How a summary of identities looks, as text and as HTML."""

from typing import Any

import numpy as np

from onefold import _time
from onefold._display import html_table, percent, printable, svg_bars, text_table
from onefold._display.pages import page
from onefold._display.small import blocks
from onefold._display.words import Html, cut

SIZES = ("1", "2", "3", "4", "5 to 9", "10 to 19", "20 or more")
TYPES = ("type", "identifiers", "customers", "events", "blocked")
LONG = 40
ALARM = 0.01  # with a larger share of the identifiers in quarantine, that is said at the top


def text(held: Any) -> str:
    """A summary for a terminal."""
    parts = [
        f"{_many(held.customers, 'customer')} {_head(held)}",
        " ".join(f"WARNING: {said}" for said in alarms(held)),
        text_table([list(row) for row in held.types], list(TYPES)),
        f"identifiers of a customer, 1 to 20 or more: {blocks(np.array(held.sizes))}",
        "\n".join(notes(held)),
    ]
    for title, rows, columns in _lists(held):
        parts.append(f"{title}\n{text_table(rows, columns)}")
    return "\n\n".join(part for part in parts if part)


def _head(held: Any) -> str:
    return f"as of {_time.show(held.as_of)} UTC, policy {held.version}"


def alarms(held: Any) -> list[str]:
    """What makes all else doubtful: a large part in quarantine."""
    n = sum(row.identifiers for row in held.types)
    if held.quarantined <= ALARM * n:
        return []
    types = " and ".join(f"{name} ({count:,})" for name, count in held.quarantined_types[:2])
    said = (
        f"{held.quarantined:,} of {n:,} identifiers ({percent(held.quarantined / n)}) are in "
        f"quarantine, most of them of the type {types}. They hang together in lumps of more than "
        f"{held.giant:,}, in which nothing is linked but by must-links. Look at .quarantined for "
        "values that are no one person's, such as numbers of invoices, shops, or a default. Leave "
        "out the column that holds them, block the values (blocked=), or give their type a lower "
        "max_owners; if such lumps are true, raise giant=."
    )
    return [said]


def notes(held: Any) -> list[str]:
    """What could not be told, a line each."""
    out = []
    if held.demoted:
        said = _verb(held.demoted, "identifier serves", "identifiers serve")
        out.append(f"{said} too many people, and {'links' if held.demoted == 1 else 'link'} nobody")
    if held.cut:
        said = _verb(held.cut, "pair of identifiers was", "pairs of identifiers were")
        shared = _verb(held.shared, "identifier is", "identifiers are")
        out.append(
            f"{said} seen together and kept apart, by a limit or a cannot-link; {shared} shared by "
            "that"
        )
    if held.quarantined and not alarms(held):
        out.append(f"{_verb(held.quarantined, 'identifier is', 'identifiers are')} in quarantine")
    if held.by_rule or held.on_shared:
        said = _verb(held.by_rule + held.on_shared, "event or fact", "events and facts")
        out.append(
            f"{said} came with shared identifiers only: {held.by_rule:,} by the rule a customer's, "
            f"{held.on_shared:,} nobody's but the shared identifier's"
        )
    if held.void_links:
        said = _verb(held.void_links, "link says", "links say")
        out.append(f"{said} nothing, of {held.links:,}: an end is no identifier under the policy")
    if held.nobody:
        said = _verb(held.nobody, "event or fact", "events and facts")
        out.append(f"{said} ({percent(held.nobody / held.events)}) without any identifier left")
    return out


def _verb(n: int, one: str, several: str) -> str:
    return f"{n:,} {one if n == 1 else several}"


def _many(n: int, word: str) -> str:
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def _lists(held: Any) -> list[tuple[str, list[list[object]], list[str]]]:
    """What is listed: titles, rows and columns."""
    out: list[tuple[str, list[list[object]], list[str]]] = []
    if held.largest:
        rows: list[list[object]] = [[c, n, f"{t} {_value(v)}"] for c, n, t, v in held.largest]
        out.append(("Largest customers", rows, ["customer", "identifiers", "strongest"]))
    if held.widest:
        rows = [[t, _value(v), n] for t, v, n in held.widest]
        title = _title("Shared by the most people", len(rows), held.demoted)
        out.append((title, rows, ["type", "value", "people, at least"]))
    if held.blocked:
        rows = [[t, _value(v), why, n] for t, v, why, n in held.blocked]
        title = _title("No identifiers", len(rows), held.blocked_values)
        out.append((title, rows, ["type", "value", "why", "events"]))
    return out


def _title(title: str, shown: int, n: int) -> str:
    return title if shown == n else f"{title}, {shown} of {n:,}"


def _value(value: str) -> str:
    return cut(printable(value[: 4 * LONG]), LONG)


def html(held: Any) -> Html:
    """A summary for a notebook."""
    return page(
        TEMPLATE,
        title=_many(held.customers, "customer"),
        head=_head(held),
        types=html_table([list(row) for row in held.types], list(TYPES)),
        sizes=svg_bars(held.sizes, SIZES, title="Customers by identifiers", width=300),
        alarms=alarms(held),
        notes=notes(held),
        lists=[html_table(rows, columns, caption=title) for title, rows, columns in _lists(held)],
    )


TEMPLATE = """
{% set quiet = "opacity:.65" %}
<article style="font:14px/1.45 system-ui,-apple-system,sans-serif;color:inherit;margin:8px 0">
<h3 style="font-size:18px;font-weight:600;line-height:1.2;margin:0 0 2px;color:inherit">
{{ title }}</h3>
<p style="margin:0 0 8px;{{ quiet }}">{{ head }}</p>
{% for alarm in alarms %}
<p role="alert" style="margin:8px 0;padding:6px 10px;max-width:90ch;border:2px solid #b00020">
<strong>Warning:</strong> {{ alarm }}</p>
{% endfor %}
<div style="display:flex;flex-wrap:wrap;gap:8px 40px;align-items:flex-start">
<div>{{ types }}</div>
<div><p style="margin:6px 0 4px;font-size:13px;font-weight:600">Customers by identifiers</p>
{{ sizes }}</div>
</div>
{% if notes %}
<ul style="margin:8px 0;padding-left:18px;max-width:90ch">
{% for note in notes %}<li>{{ note }}</li>{% endfor %}
</ul>
{% endif %}
<div style="display:flex;flex-wrap:wrap;gap:4px 40px;align-items:flex-start">
{% for table in lists %}<div>{{ table }}</div>{% endfor %}
</div>
</article>
"""
