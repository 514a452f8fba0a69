"""How a summary of profiles looks, as text and as HTML.

Numbers first, then labels and texts, then facts: a row each, with a picture in it. What a
picture's bars are is said below it, and by each bar when it is pointed at.
"""

import itertools
from collections.abc import Callable, Sequence

import numpy as np

from onefold import _time
from onefold._display import percent, text_table
from onefold._display.pages import page
from onefold._display.small import blocks, svg_columns, svg_week
from onefold._display.words import Html, cut, wide
from onefold.profiles.kinds import Unheard
from onefold.profiles.overview import Overview
from onefold.profiles.overview_page import heading, legend, lines, notes, older, span, stacks
from onefold.profiles.said import NAME, TOLD, WIDTH, amount, many, short, told, unread, wrapped
from onefold.profiles.spread import Bars, Figures, Labels, Spread, called

RULE = (
    "Bars count customers by value, from low to high; the orange one holds the median. Steps are "
    "even or, where the 99th percentile is more than five times the median (log), of equal "
    "ratios, with a bar of its own for 0; the outer bars also hold what lies beyond the 1st and "
    "99th percentiles. Bars of labels are the largest, in order of size."
)


def text(
    overview: Overview, spreads: Sequence[Spread], unknown: Sequence[Unheard], *, more: int
) -> str:
    """A summary for a terminal."""
    parts = [_head(overview)]
    for title, fact in (("trait", False), ("fact", True)):
        chosen = [held for held in spreads if held.fact is fact]
        numbers = [_numbers(held, held.figures) for held in chosen if held.figures is not None]
        labels = _labels([held for held in chosen if held.labels is not None])
        if numbers:
            columns = [title, "known", "lowest", "25%", "median", "75%", "highest", "customers"]
            parts.append(text_table(numbers, columns, width=WIDTH))
        if labels:
            columns = [title, "known", "different", "largest"]
            parts.append(text_table(labels, columns, width=WIDTH))
    for said, names in _left(spreads, unknown):
        start = f"{cut(said, WIDTH - 2)}: "
        parts.append("\n".join(wrapped(start, [short(name, NAME) for name in names])))
    if more:
        parts.append(f"and {more:,} more: profiles.summary()")
    return "\n\n".join(parts)


def _head(overview: Overview) -> str:
    customers = many(overview.customers, "customer")
    facts = [many(overview.facts, "fact")] if overview.facts else []
    rest = [*facts, *notes(overview)]
    return "\n".join(
        [
            f"Profiles({customers}, as of {_time.show(overview.as_of)} UTC)",
            *lines(overview),
            *(wrapped("", rest) if rest else []),
        ]
    )


def _numbers(held: Spread, figures: Figures) -> list[str]:
    quarters = (figures.lowest, figures.lower, figures.median, figures.upper, figures.highest)
    said = [amount(x, held.unit) for x in quarters]
    return [_name(held), percent(held.share), *said, blocks(figures.bars.counts)]


def _labels(spreads: Sequence[Spread]) -> list[list[str]]:
    names = [_name(held) for held in spreads]
    shares = [percent(held.share) for held in spreads]
    different = [f"{held.labels.different:,}" for held in spreads if held.labels is not None]
    room = WIDTH - 6 - sum(max(map(wide, c), default=0) for c in (names, shares, ["different"]))
    largest = [told(held, _size(held), room=room) for held in spreads]
    return [list(row) for row in zip(names, shares, different, largest, strict=True)]


def _name(held: Spread) -> str:
    if held.unit in ("", "share"):
        return short(held.name, NAME)
    unit = short(held.unit, NAME // 2)
    return f"{short(held.name, NAME - wide(unit) - 2)}, {unit}"


def _size(held: Spread) -> Callable[[float], str]:
    """How the size of a label is said; that of a text is a share, whatever the unit."""
    if held.labels is None or held.labels.texts:
        return percent
    return lambda size: amount(size, held.unit)


def html(
    overview: Overview, spreads: Sequence[Spread], unknown: Sequence[Unheard], *, more: int
) -> Html:
    """A summary for a notebook."""
    timeline = overview.timeline
    sections = [
        (title, [_row(held) for held in spreads if held.fact is fact and held.known])
        for title, fact in (("Traits", False), ("Facts", True))
    ]
    return page(
        TEMPLATE,
        title=many(overview.customers, "customer"),
        as_of=_time.show(overview.as_of),
        span=span(overview),
        notes=[*([many(overview.facts, "fact")] if overview.facts else []), *notes(overview)],
        older=older(overview),
        when="" if timeline is None else heading(timeline),
        timeline="" if timeline is None else stacks(timeline),
        kinds=legend(overview),
        sections=[(t, rows, any(r["numbers"] for r in rows)) for t, rows in sections if rows],
        figures=["lowest", "25%", "median", "75%", "highest", "mean"],
        left=[(s, [short(n) for n in names]) for s, names in _left(spreads, unknown)],
        more=f"and {more:,} more: profiles.summary()" if more else "",
        rule=RULE,
    )


def _left(spreads: Sequence[Spread], unknown: Sequence[Unheard]) -> list[tuple[str, Sequence[str]]]:
    """Why, and of which traits nothing is to be seen; and of which little is to be expected."""
    nothing = [(why, [one.name for one in held]) for why, held in unread(spreads)]
    return [*nothing, *((str(one), one.traits) for one in unknown)]


def _row(held: Spread) -> dict[str, object]:
    figures, labels = held.figures, held.labels
    missing = held.rows - held.known
    row: dict[str, object] = {
        "name": short(held.name),
        "unit": "" if held.unit == "share" else short(held.unit),
        "known": percent(held.share),
        "missing": f"{missing:,} without" if missing else "",
        "numbers": [],
        "labels": [],
        "note": "",
    }
    if figures is not None:
        quarters = (figures.lowest, figures.lower, figures.median, figures.upper, figures.highest)
        row["numbers"] = [amount(x, held.unit) for x in (*quarters, figures.mean)]
        row["picture"] = _columns(held, figures)
        row["note"] = "log" if figures.bars.scale == "log" else ""
    elif labels is not None:
        write = _size(held)
        row["labels"] = [(short(name, 40), write(size)) for name, size in called(held)[:TOLD]]
        row["picture"] = _ranks(held, labels)
        row["note"] = f"{labels.different:,} different" if labels.different > TOLD else ""
    return row


def _columns(held: Spread, figures: Figures) -> Html:
    bars = figures.bars
    marked = int(np.searchsorted(bars.edges[1:-1], figures.median, side="right"))
    titles = [
        f"{where}: {many(n, 'customer')}, {percent(n / held.known)}"
        for where, n in zip(_bins(bars, held.unit), bars.counts.tolist(), strict=True)
    ]
    return svg_columns(bars.counts, titles, title=f"customers by {short(held.name)}", marked=marked)


def _bins(bars: Bars, unit: str) -> list[str]:
    """What each bin is, in words."""
    edges = [amount(edge, unit) for edge in bars.edges.tolist()]
    if bars.scale == "whole":
        return edges[:-1]
    if len(bars.counts) == 1:
        return edges[1:]
    out = [f"{low} to {high}" for low, high in itertools.pairwise(edges)]
    if bars.scale == "log" and bars.edges[0] == 0:
        out[0] = "0"
    elif out:
        out[0] = f"below {edges[1]}"
    if len(out) > 1:
        out[-1] = f"{edges[-2]} or more"
    return out


def _ranks(held: Spread, labels: Labels) -> Html:
    pairs = list(labels.clock) or called(held)
    sizes = np.array([size for _, size in pairs])
    sizes = np.where(np.isfinite(sizes), np.maximum(sizes, 0), 0)
    title = f"largest of {short(held.name)}"
    if len(pairs) == 168:
        return svg_week(sizes.reshape(7, 24), title=title, cell=(6, 4), write=_size(held))
    write = _size(held)
    titles = [f"{short(name)}: {write(size)}" for name, size in pairs]
    return svg_columns(sizes, titles, title=title)


TEMPLATE = """
{% set quiet = "opacity:.65" %}
{% set line = "border:0;border-bottom:1px solid rgba(128,128,128,.25)" %}
{% set plain = "background:transparent;color:inherit" %}
<article style="font:14px/1.45 system-ui,-apple-system,sans-serif;color:inherit;margin:8px 0">
<h3 style="font-size:18px;font-weight:600;line-height:1.2;margin:0 0 2px;color:inherit">
{{ title }}</h3>
<p style="margin:0 0 8px;{{ quiet }}">as of {{ as_of }} UTC. {{ span }}
{%- for note in older + notes %}; {{ note }}{% endfor %}.</p>
{% if timeline %}
<p style="margin:0;font-size:12px;{{ quiet }}">{{ when }}</p>
{{ timeline }}
<p style="margin:2px 0 4px;font-size:12px">
{% for colour, kind, n in kinds %}
<span style="margin-right:14px;display:inline-block"><span style="display:inline-block;width:9px;
height:9px;background:{{ colour }};margin-right:5px"></span><bdi>{{ kind }}</bdi>
<span style="{{ quiet }}">{{ n }}</span></span>
{% endfor %}
</p>
{% endif %}
<table style="border-collapse:collapse;border:0;margin:4px 0 10px;font-size:13px;
line-height:1.35;color:inherit">
{% for title, rows, numbers in sections %}
<tbody><tr style="{{ plain }}">
{% for name in [title, "known", ""] + (figures if numbers else []) %}
<th scope="col" style="{{ line }};padding:14px 14px 3px 0;
font-weight:600;text-align:{{ 'right' if loop.index > 3 or loop.index == 2 else 'left' }}">
{{ name }}</th>
{% endfor %}
{% if not numbers %}<th colspan="6" style="{{ line }}"></th>{% endif %}
</tr>
{% for row in rows %}
<tr style="{{ plain }}">
{% set cell = line ~ ";padding:4px 14px 4px 0;vertical-align:middle" %}
<td style="{{ cell }};text-align:left;max-width:18em;overflow-wrap:break-word">{{ row.name }}
{%- if row.unit %}<span style="{{ quiet }}">, {{ row.unit }}</span>{% endif %}</td>
<td style="{{ cell }};text-align:right;white-space:nowrap">{{ row.known }}
{%- if row.missing %}<br><span style="font-size:11px;{{ quiet }}">{{ row.missing }}</span>
{% endif %}
</td>
<td style="{{ cell }};text-align:left;font-size:11px;white-space:nowrap">{{ row.picture }}
{%- if row.note == "log" %} <span style="{{ quiet }}">log</span>{% endif %}</td>
{% if row.numbers %}
{% for number in row.numbers %}
<td style="{{ cell }};text-align:right;white-space:nowrap
{%- if loop.index == 3 %};font-weight:600{% endif %}">{{ number }}</td>
{% endfor %}
{% else %}
<td colspan="6" style="{{ cell }};text-align:left;max-width:40em;overflow-wrap:anywhere">
{% for name, size in row.labels %}
<span style="margin-right:14px;display:inline-block"><bdi>{{ name }}</bdi>
<span style="{{ quiet }}">{{ size }}</span></span>
{% endfor %}
{% if row.note %}<span style="display:inline-block;{{ quiet }}">{{ row.note }}</span>{% endif %}
</td>
{% endif %}
</tr>
{% endfor %}
</tbody>
{% endfor %}
</table>
{% for said, names in left %}
<p style="margin:0 0 6px;font-size:12px;{{ quiet }}">{{ said }}: {{ names | join(", ") }}</p>
{% endfor %}
{% if more %}
<p style="margin:0 0 6px;font-size:12px;{{ quiet }}">{{ more }}</p>
{% endif %}
<p style="margin:0;font-size:11px;max-width:90ch;{{ quiet }}">{{ rule }}</p>
</article>
"""
