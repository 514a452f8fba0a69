"""The card of one profile as HTML, self-contained and of bounded size.

Who, since when and as of when; numbers with their units; when they come, by month and by the
hour of their own week; what they like; facts; the latest events; and what is not known.
"""

import numpy as np

from onefold import _time
from onefold._display import span as span_of_time
from onefold._display import svg_bars
from onefold._display.pages import page
from onefold._display.small import svg_week
from onefold._display.words import Html
from onefold._types import MICROS, NO_MONEY, NO_OFFSET, Ints
from onefold.ledger import Ledger
from onefold.profiles.overview import Overview
from onefold.profiles.overview_page import heading, legend, older, span, stacks
from onefold.profiles.said import TOLD, item_name, looked_at, many, quantity, said, short, unread
from onefold.profiles.spread import Labels, Spread, called
from onefold.profiles.traits import TraitTable

TILES = 9  # numbers that are shown large
BARS = 6  # traits whose labels are shown as bars
LATEST = 8  # events
BRIEF = 24  # letters of the name of a number that is shown large


def html(table: TraitTable, ledger: Ledger) -> Html:
    """One profile for a notebook: its traits (one row), and its own ledger."""
    overview = Overview.of(ledger, table.as_of[0])
    timeline = overview.timeline
    held = [looked_at(table, name) for name in table.names]
    known = [one for one in held if one.known and not one.fact]
    numbers = [one for one in known if one.figures is not None]
    large = _large(numbers, table)
    bars = [one for one in known if one.labels is not None and _drawn(one.labels)][:BARS]
    currency = ledger.currency
    rest = [
        (short(one.name), said(one, currency), "")
        for one in known
        if one not in large and one not in bars
    ]
    return page(
        TEMPLATE,
        who=short(str(table.ids[0])),
        as_of=_time.show(table.as_of[0]),
        span=span(overview),
        ago=_ago(overview),
        older=older(overview),
        tiles=[(short(one.name), said(one, currency)) for one in large],
        when="" if timeline is None else heading(timeline).capitalize(),
        timeline="" if timeline is None else stacks(timeline, width=400),
        kinds=legend(overview),
        week=_week(ledger),
        likes=[_bars(one, currency) for one in bars],
        lists=[("More traits", rest), _facts(held, ledger)],
        latest=_latest(table, ledger),
        more=many(len(ledger.events) - LATEST, "earlier event"),
        earlier=len(ledger.events) > LATEST,
        unread=[(why, [short(one.name) for one in some]) for why, some in unread(held)],
    )


def _large(numbers: list[Spread], table: TraitTable) -> list[Spread]:
    """The numbers that are shown large: of short names, and plain before windows and filters."""
    parts = {trait.name for trait in table.traits if hasattr(trait, "trait")}
    brief = [one for one in numbers if len(one.name) <= BRIEF]
    return sorted(brief, key=lambda one: one.name in parts)[:TILES]


def _drawn(labels: Labels) -> bool:
    """Whether labels are worth bars: numbers, not negative, not those of a clock."""
    sizes = labels.sizes
    return not (labels.texts or labels.clock) and bool(sizes) and min(sizes) >= 0 < max(sizes)


def _bars(held: Spread, currency: str | None) -> tuple[str, Html]:
    """A heading, with the unit, and the picture of the largest labels."""
    pairs = [(short(name), size) for name, size in called(held)[:TOLD] if size > 0]
    names, sizes = [name for name, _ in pairs], [size for _, size in pairs]
    share = held.unit == "share"
    picture = svg_bars(sizes, names, title=short(held.name), shares=share, width=400)
    unit = (currency or "") if held.unit == "money" else "" if share else held.unit
    return f"{short(held.name)}, {unit}" if unit else short(held.name), picture


def _ago(overview: Overview) -> str:
    """How long before the moment the last event was."""
    if overview.last is None or overview.as_of - overview.last <= _time.MICROSECOND:
        return ""
    return f"the last {span_of_time(overview.as_of - overview.last)} before"


def _week(ledger: Ledger) -> Html | str:
    """Events by hour of the customer's own week, if any has a local clock."""
    local = ledger.events.array("local")
    told = np.flatnonzero(local != NO_OFFSET)
    if not len(told):
        return ""
    seconds = local[told].astype("timedelta64[s]")
    hours: Ints = (ledger.events.array("time")[told] + seconds).astype("datetime64[h]").view("i8")
    hour = (hours + 3 * 24) % 168  # the clock began on a Thursday; weeks begin on Mondays
    counts = np.bincount(hour, minlength=168).reshape(7, 24)
    return svg_week(counts, cell=(15, 13), title="Events by hour of the week, local time")


def _facts(held: list[Spread], ledger: Ledger) -> tuple[str, list[tuple[str, str, str]]]:
    """A heading, and each fact with the day, in UTC, from which the latest of it holds."""
    facts = ledger.facts
    names = facts.coded("name")
    latest, at = np.unique(names.codes[::-1], return_index=True)
    days = facts.array("time")[::-1][at].astype("datetime64[D]").astype(str).tolist()
    since = {names.vocab[int(code)]: day for code, day in zip(latest, days, strict=True)}
    told = [one for one in held if one.fact and one.known]
    rows = [(short(f.name), said(f, ledger.currency), since.get(f.name, "")) for f in told]
    if len(rows) > 1 and len({day for *_, day in rows}) == 1:
        return f"Facts, since {rows[0][2]} UTC", [(name, value, "") for name, value, _ in rows]
    return "Facts", rows


def _latest(table: TraitTable, ledger: Ledger) -> list[tuple[str, list[str]]]:
    """Columns of the latest events: when, what, and of the rest what is known of any."""
    events = ledger.events
    few = events.take(np.arange(len(events))[::-1][:LATEST])
    catalog = table.history.catalog

    def words(name: str) -> list[str]:
        held = few.coded(name)
        return ["" if code < 0 else held.vocab[int(code)] for code in held.codes]

    items = [item_name(item, catalog) if item else "" for item in words("item")]
    amounts = [
        "" if v == NO_MONEY else quantity(v / MICROS, "money", currency=ledger.currency)
        for v in few.array("value").tolist()
    ]
    columns = [
        ("time", [_time.show(t) for t in few.array("time").astype("datetime64[s]")]),
        ("event", [short(word) for word in words("kind")]),
        ("item", items),
        ("channel", [short(word) for word in words("channel")]),
        ("amount", amounts),
    ]
    return [(name, cells) for name, cells in columns if any(cells)]


TEMPLATE = """
{% set quiet = "opacity:.65" %}
{% set heading = "font-size:12px;font-weight:600;letter-spacing:.03em;opacity:.7;margin:0 0 4px" %}
{% set plain = "background:transparent;color:inherit" %}
<article style="border:1px solid rgba(128,128,128,.4);border-radius:8px;padding:16px 20px;
margin:8px 0;max-width:900px;font:14px/1.45 system-ui,-apple-system,sans-serif;color:inherit;
box-sizing:border-box;overflow-wrap:anywhere">
<h3 style="font-size:20px;font-weight:600;line-height:1.2;margin:0 0 2px;color:inherit">Customer
<bdi>{{ who }}</bdi></h3>
<p style="margin:0 0 12px;{{ quiet }}">as of {{ as_of }} UTC; {{ span }}
{%- if ago %}, {{ ago }}{% endif %}
{%- for note in older %}; {{ note }}{% endfor %}</p>
{% if tiles %}
<div style="display:flex;flex-wrap:wrap;gap:8px 30px;margin:0 0 16px">
{% for name, value in tiles %}
<div><div style="font-size:12px;{{ quiet }}">{{ name }}</div>
<div style="font-size:18px;font-weight:600;white-space:nowrap">{{ value }}</div></div>
{% endfor %}
</div>
{% endif %}
<div style="display:flex;flex-wrap:wrap;gap:16px 32px;align-items:flex-start">
{% if timeline %}
<section style="flex:0 1 400px;min-width:0"><h4 style="{{ heading }}">{{ when }}</h4>{{ timeline }}
<p style="margin:2px 0 0;font-size:12px">
{% for colour, kind, n in kinds %}
<span style="margin-right:14px;display:inline-block"><span style="display:inline-block;width:9px;
height:9px;background:{{ colour }};margin-right:5px"></span><bdi>{{ kind }}</bdi>
<span style="{{ quiet }}">{{ n }}</span></span>
{% endfor %}
</p></section>
<section style="min-width:0"><h4 style="{{ heading }}">Hours of the week (local time)</h4>
{% if week %}{{ week }}{% else %}<p style="margin:0;font-size:12px;{{ quiet }}">no data: the
local clock is not known</p>{% endif %}
</section>
{% endif %}
{% for name, bars in likes %}
<section style="flex:0 1 400px;min-width:0">
<h4 style="{{ heading }}"><bdi>{{ name }}</bdi></h4>{{ bars }}
</section>
{% endfor %}
{% for title, rows in lists if rows %}
<section style="flex:0 1 400px;min-width:0"><h4 style="{{ heading }}">{{ title }}</h4>
<dl style="display:grid;grid-template-columns:auto auto;gap:1px 14px;margin:0;
justify-content:start;font-size:13px">
{% for name, value, since in rows %}
<dt style="margin:0;font-weight:400;{{ quiet }}">{{ name }}</dt>
<dd style="margin:0"><bdi>{{ value }}</bdi>
{%- if since %} <span style="font-size:11px;{{ quiet }}">since {{ since }} UTC</span>{% endif %}
</dd>
{% endfor %}
</dl></section>
{% endfor %}
{% if latest %}
<section style="flex:1 1 100%;min-width:0;overflow-x:auto">
<h4 style="{{ heading }}">Latest events (UTC)</h4>
<table style="border-collapse:collapse;border:0;margin:0;font-size:13px;color:inherit;
overflow-wrap:break-word">
{% set line = "border:0;border-bottom:1px solid rgba(128,128,128,.25);padding:3px 10px 3px 0" %}
<thead><tr style="{{ plain }}">
{% for name, cells in latest %}
<th scope="col" style="{{ line }};font-weight:600;
text-align:{{ 'right' if name == 'amount' else 'left' }}
{%- if loop.last %};padding-right:0{% endif %}">{{ name }}</th>
{% endfor %}
</tr></thead><tbody>
{% for row in range(latest[0][1] | length) %}
<tr style="{{ plain }}">
{% for name, cells in latest %}
<td style="{{ line }};text-align:{{ 'right' if name == 'amount' else 'left' }}
{%- if name == 'amount' %};white-space:nowrap{% endif %}
{%- if loop.last %};padding-right:0{% endif %}">
{%- if loop.first %}{% for part in cells[row].split() %}<span style="white-space:nowrap">
{{- part }}</span> {% endfor %}{% else %}{{ cells[row] }}{% endif %}</td>
{% endfor %}
</tr>
{% endfor %}
</tbody></table>
{% if earlier %}<p style="margin:4px 0 0;font-size:12px;{{ quiet }}">{{ more }}:
profile.events()</p>{% endif %}
</section>
{% endif %}
</div>
{% for why, names in unread %}
<p style="margin:14px 0 0;font-size:12px;{{ quiet }}">{{ why }}: {{ names | join(", ") }}</p>
{% endfor %}
</article>
"""
