"""The card: one page for a persona, in a notebook, as Markdown, as text.

Clean prose first, at most four sentences a facet; the evidence (counts, intervals, the condition)
one click away. A facet without data says so. Names and labels are whatever somebody typed: they
are escaped, made printable, and never markup.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from textwrap import wrap
from typing import Any, Protocol

from onefold._display import Html, html_table, number, percent, printable, text_table
from onefold.personas.claims import PREFERENCES, Claim, predicate

__all__ = ["gallery", "headline", "html", "left_out", "markdown", "text"]

MOST = 4  # sentences of a facet
WIDTH = 100  # characters in a line of text
EVIDENCE = 40  # rows of a facet's evidence; to_json has all
NOTHING = "No difference from others is shown."
COLUMNS = ("members who", "here", "95% interval", "elsewhere", "lift", "q", "condition")


class Portrayed(Protocol):
    """What a card is made of."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def share(self) -> float: ...
    @property
    def facets(self) -> dict[str, tuple[Claim, ...] | str]: ...
    @property
    def definition(self) -> tuple[Claim, ...]: ...
    @property
    def findings(self) -> tuple[Claim, ...]: ...
    def portrait(self, *, size: int = 200) -> str: ...


def html(persona: Portrayed) -> Html:
    """One card as HTML that needs nothing else and reads on light and dark pages."""
    from markupsafe import Markup

    facets = [
        {"name": name, "lines": [_sentence(c) for c in prose(found)], "evidence": _evidence(found)}
        for name, found in _found(persona)
    ]
    return Html(
        _template().render(
            name=printable(persona.name),
            size=_size(persona),
            ring=Markup(persona.portrait()),
            definition=[_sentence(c) for c in prose(persona.definition)],
            proof_of_definition=_evidence(persona.definition),
            facets=facets,
            nothing=NOTHING,
            no_data=_no_data(persona),
        )
    )


def gallery(
    personas: Sequence[Portrayed], too_small: Mapping[str, int], minimum: int, as_of: str
) -> Html:
    """All cards, one below the other, and what was left out."""
    from markupsafe import Markup, escape

    cards = Markup("").join(Markup(html(p)) for p in personas)
    notes = [escape(printable(line)) for line in left_out(too_small, minimum)]
    foot = Markup(" ").join([escape(f"As of {as_of} UTC."), *notes])
    small = Markup('<p style="font-size:12px;opacity:.75;margin:4px 2px">{}</p>').format(foot)
    return Html(cards + small)


def markdown(persona: Portrayed) -> str:
    """One card as Markdown: the prose, then the evidence as tables."""
    out = [f"## {_md(persona.name)}", "", f"{_size(persona)}", ""]
    if persona.definition:
        out += ["By definition:", ""]
        out += [f"- {_md(_sentence(c))}" for c in prose(persona.definition)] + [""]
    for name, found in _found(persona):
        out += [f"### {name.capitalize()}", ""]
        out += [f"- {_md(_sentence(c))}" for c in prose(found)] or [NOTHING]
        out.append("")
    for name in _no_data(persona):
        out += [f"### {name.capitalize()}", "", "no data", ""]
    proof = persona.definition[:EVIDENCE] + tuple(
        c for _, found in _found(persona) for c in found[:EVIDENCE]
    )
    if proof:
        out += ["### Evidence", "", f"| {' | '.join(COLUMNS)} |", "|" + " --- |" * len(COLUMNS)]
        out += [f"| {' | '.join(_md(cell) for cell in _row(c))} |" for c in proof] + [""]
    return "\n".join(out)


def text(persona: Portrayed) -> str:
    """One card as text for a terminal; a sentence goes on in the next line."""
    told = [("by definition", _sentence(c)) for c in prose(persona.definition)]
    for name, found in _found(persona):
        told += [(name, _sentence(c)) for c in prose(found)] or [(name, NOTHING)]
    told += [(name, "no data") for name in _no_data(persona)]
    width = WIDTH - max([len(name) for name, _ in told], default=0) - 2
    rows, seen = [], ""
    for name, sentence in told:
        first, *more = wrap(
            printable(sentence), width, subsequent_indent="  ", break_on_hyphens=False
        )
        rows.append(["" if name == seen else name, first])  # a facet is named once
        rows += [["", line] for line in more]
        seen = name
    head = f"Persona({persona.name!r}, {_size(persona)})"
    return f"{head}\n{text_table(rows, ['facet', ''], width=2 * WIDTH)}"


def headline(persona: Portrayed) -> str:
    """The most telling finding, or definition, in a line."""
    best = [*prose(persona.findings), *prose(persona.definition)]
    return printable(best[0].text) if best else NOTHING


def left_out(too_small: Mapping[str, int], minimum: int) -> list[str]:
    """A line on the segments that were not portrayed, or none."""
    if not too_small:
        return []
    names = ", ".join(f"{printable(name)} ({size:,})" for name, size in too_small.items())
    return [f"Not portrayed, as they have fewer than {minimum} members: {names}."]


def prose(claims: Iterable[Claim], most: int = MOST) -> list[Claim]:
    """The claims that are told, the strongest of each kind.

    One for each trait that has no labels, two items at most, and what is rarer than elsewhere only
    where there is room left.
    """
    ranked = list(claims)
    out: list[Claim] = []
    told: dict[object, int] = {}
    for claim in [c for c in ranked if c.lift >= 1] + [c for c in ranked if c.lift < 1]:
        item = claim.covers is not None and claim.covers[0] == "item"
        plain = claim.condition.label is None
        about = "item" if item else claim.condition.name if plain else claim.condition
        if len(out) < most and told.get(about, 0) < (2 if item else 1):
            out.append(claim)
            told[about] = told.get(about, 0) + 1
    return out


def _found(persona: Portrayed) -> list[tuple[str, tuple[Claim, ...]]]:
    """The facets with data, and their findings, the strongest first."""
    out = []
    for name, claims in persona.facets.items():
        if isinstance(claims, tuple) and any(not c.defining for c in claims):
            out.append((name, tuple(c for c in claims if c.finding)))
    return out


def _no_data(persona: Portrayed) -> list[str]:
    return [name for name, claims in persona.facets.items() if claims == "no data"]


def _sentence(claim: Claim) -> str:
    rarer = claim.lift < 1 and claim.facet == PREFERENCES
    return f"Only {claim.text}." if rarer and claim.share >= 0.01 else f"{claim.text}."


def _size(persona: Portrayed) -> str:
    return f"{persona.size:,} customers, {percent(persona.share)} of all"


def _evidence(claims: Sequence[Claim]) -> dict[str, Any] | None:
    from markupsafe import Markup

    if not claims:
        return None
    more = len(claims) - EVIDENCE
    return {
        "count": f"{len(claims):,} claim{'s' if len(claims) > 1 else ''}",
        "table": Markup(html_table([_row(c) for c in claims[:EVIDENCE]], COLUMNS)),
        "more": f"and {more:,} more in to_json()" if more > 0 else "",
    }


def _row(claim: Claim) -> list[str]:
    return [
        predicate(claim) + (" (declared)" if claim.origin == "declared" else ""),
        f"{percent(claim.share)} ({claim.k:,} of {claim.n:,})",
        f"{percent(claim.low)} to {percent(claim.high)}",
        f"{percent(claim.share_elsewhere)} ({claim.k_elsewhere:,} of {claim.n_elsewhere:,})",
        "only here" if claim.lift == float("inf") else number(claim.lift),
        f"{claim.q:.1g}" if claim.q >= 1e-4 else "<0.0001",
        repr(claim.condition),
    ]


def _md(text: str) -> str:
    """Text that Markdown shows as it is."""
    out = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in "\\`*_[]|#~$":
        out = out.replace(mark, "\\" + mark)
    return out


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    made = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.finalize = lambda x: printable(x) if type(x) is str else x
    return made.from_string(TEMPLATE)


TEMPLATE = """
{%- macro proof(evidence) %}
{% if evidence %}
<details style="margin:2px 0 0;font-size:12px"><summary style="cursor:pointer;opacity:.65">
Evidence: {{ evidence.count }}</summary>
<div style="overflow-x:auto;overflow-wrap:normal">{{ evidence.table }}</div>
{{ evidence.more }}</details>
{% endif %}
{% endmacro %}
{% macro sentences(lines) %}
<ul style="margin:0;padding:0;list-style:none">
{% for line in lines %}
<li style="margin:0 0 3px">{{ line }}</li>
{% endfor %}
</ul>
{% endmacro %}
{% set heading = "font-size:12px;font-weight:600;letter-spacing:.03em;opacity:.7;margin:0 0 3px" %}
<article style="border:1px solid rgba(128,128,128,.4);border-radius:8px;padding:16px 20px;
margin:8px 0;max-width:860px;font:14px/1.45 system-ui,-apple-system,sans-serif;color:inherit;
display:flex;flex-wrap:wrap;gap:12px 28px;break-inside:avoid;box-sizing:border-box">
<header style="flex:0 0 200px">
{{ ring }}
<p style="margin:-6px 0 0;font-size:12px;opacity:.65;width:200px;text-align:center">their local
hours</p>
<h3 style="font-size:20px;font-weight:600;line-height:1.2;margin:6px 0 2px;color:inherit;
overflow-wrap:anywhere">{{ name }}</h3>
<p style="margin:0;opacity:.75">{{ size }}</p>
</header>
<div style="flex:1 1 420px;min-width:0;overflow-wrap:anywhere">
{% if definition %}
<section style="margin:0 0 12px;padding:0 0 10px;border-bottom:1px solid rgba(128,128,128,.3)">
<h4 style="{{ heading }}">By definition</h4>
{{ sentences(definition) }}{{ proof(proof_of_definition) }}
</section>
{% endif %}
{% for facet in facets %}
<section style="margin:0 0 12px">
<h4 style="{{ heading }}">{{ facet.name | capitalize }}</h4>
{% if facet.lines %}
{{ sentences(facet.lines) }}
{% else %}
<p style="margin:0;opacity:.7">{{ nothing }}</p>
{% endif %}
{{ proof(facet.evidence) }}
</section>
{% endfor %}
{% if no_data %}
<section style="margin:0;display:flex;flex-wrap:wrap;gap:4px 24px">
{% for name in no_data %}
<div><h4 style="{{ heading }}">{{ name | capitalize }}</h4>
<p style="margin:0;opacity:.7">no data</p></div>
{% endfor %}
</section>
{% endif %}
</div>
</article>
"""
