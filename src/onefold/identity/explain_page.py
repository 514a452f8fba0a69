"""How an explanation looks, as text and as HTML: a sentence, then the chain link by link."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from onefold import _time
from onefold._display import number, printable
from onefold._display.colours import BAR, PEAK
from onefold._display.pages import page
from onefold._display.words import Html, cut

LONG = 60  # letters of a value that are shown


class Told(Protocol):
    """A link, as it is shown."""

    @property
    def a(self) -> tuple[str, str]: ...
    @property
    def b(self) -> tuple[str, str]: ...
    @property
    def kind(self) -> str: ...
    @property
    def first(self) -> np.datetime64 | None: ...
    @property
    def last(self) -> np.datetime64 | None: ...
    @property
    def login(self) -> bool: ...
    @property
    def probability(self) -> float | None: ...
    @property
    def said(self) -> str: ...
    @property
    def broken(self) -> str: ...


def text(verdict: str, steps: Sequence[Told]) -> str:
    """An explanation for a terminal."""
    out = [printable(verdict)]
    for line, step in zip(lines(steps, verdict), steps, strict=True):
        out.append(f"  {'x' if step.broken else '-'} {line}")
    return "\n".join(out)


def lines(steps: Sequence[Told], verdict: str) -> list[str]:
    """Each link in a clause; what does not hold says why, where the verdict has not."""
    out = []
    for step, why in zip(steps, _reasons(steps, verdict), strict=True):
        line = _clause(step)
        if step.broken:
            line += f", which does not join them{f': {why}' if why else ''}"
        out.append(printable(line))
    return out


def _reasons(steps: Sequence[Told], verdict: str) -> list[str]:
    """Why each link does not hold; "" where it does, or where it was just said."""
    told = {step.broken for step in steps if step.broken in verdict}
    out = []
    for step in steps:
        out.append("" if step.broken in told else step.broken)
        told.add(step.broken)
    return out


def _clause(step: Told) -> str:
    pair = f"{_name(step.a)} and {_name(step.b)}"
    if step.kind == "event":
        return f"{pair} were seen together {when(step)}{', at a login' if step.login else ''}"
    why = f" ({step.said})" if step.said else ""
    if step.kind == "must":
        return f"{pair} are joined by a must-link{why}"
    return f"{pair} may be one person's, with a probability of {number(step.probability)}{why}"


def when(step: Told) -> str:
    """When two identifiers were seen together, in words."""
    if step.first is None or step.last is None:
        return "at no time"
    said = _time.show(step.first)
    if step.first == step.last:
        return f"{'on' if len(said) == 10 else 'at'} {said}"
    return f"from {said} to {_time.show(step.last)}"


def _name(identifier: tuple[str, str]) -> str:
    return f"{identifier[0]} {cut(identifier[1], LONG)}"


def html(a: str, b: str, verdict: str, steps: Sequence[Told], *, same: bool) -> Html:
    """An explanation for a notebook."""
    rows = []
    for step, why in zip(steps, _reasons(steps, verdict), strict=True):
        rows.append(
            {
                "to": (step.b[0], cut(step.b[1], LONG)),
                "how": _how(step),
                "why": why,
                "broken": bool(step.broken),
                "colour": PEAK if step.broken else BAR,
                "style": "dashed" if step.broken else "solid",
            }
        )
    start = (steps[0].a[0], cut(steps[0].a[1], LONG)) if steps else None
    return page(
        TEMPLATE, a=a, b=b, verdict=verdict, start=start, rows=rows, mark="=" if same else "≠"
    )


def _how(step: Told) -> str:
    if step.kind == "event":
        return f"seen together {when(step)}{', at a login' if step.login else ''}"
    why = f": {step.said}" if step.said else ""
    if step.kind == "must":
        return f"must-link{why}"
    return f"may be one person's, probability {number(step.probability)}{why}"


TEMPLATE = """
{% set quiet = "opacity:.65" %}
{% macro chip(pair) %}
<span style="display:inline-block;border:1px solid rgba(128,128,128,.5);border-radius:5px;
padding:1px 8px;max-width:36em;overflow-wrap:anywhere"><span style="{{ quiet }};margin-right:6px">
{{- pair[0] }}</span><bdi style="font-weight:600">{{ pair[1] }}</bdi></span>
{% endmacro %}
<article style="font:14px/1.45 system-ui,-apple-system,sans-serif;color:inherit;margin:8px 0;
max-width:760px">
<h3 style="font-size:16px;font-weight:600;line-height:1.3;margin:0 0 4px;color:inherit">
<bdi>{{ a }}</bdi> {{ mark }} <bdi>{{ b }}</bdi></h3>
<p style="margin:0 0 10px">{{ verdict }}</p>
{% if start %}{{ chip(start) }}{% endif %}
{% for row in rows %}
<div style="margin:0 0 0 14px;border-left:3px {{ row.style }} {{ row.colour }};
padding:5px 0 5px 14px;font-size:12.5px"><span style="{{ quiet }}">{{ row.how }}</span>
{% if row.broken %}<br><span>does not join them{% if row.why %}: {{ row.why }}{% endif %}</span>
{% endif %}
</div>
{{ chip(row.to) }}
{% endfor %}
</article>
"""
