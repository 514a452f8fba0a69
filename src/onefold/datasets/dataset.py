"""A set of data as the library takes it: a log, a catalogue, and an account of both.

What a reader left out, and what it decided, is part of the data:

    rows read == rows in the log + sum(left_out of them)
"""

import textwrap
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import attrs

from onefold._display import Html, html_card
from onefold.catalog import Catalog
from onefold.events import EventLog


def _counts(counts: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType(dict(counts))


def _lines(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(lines)


@attrs.frozen(repr=False, eq=False)
class Dataset:
    """Data of others, read and ready, with what was left out and what to know.

    Args:
        name: Its short name.
        source: Where it comes from, and under what terms.
        log: Events and facts.
        catalog: The items.
        left_out: How many rows were left out, by reason.
        notes: What was decided on the way, and what to beware of.
    """

    name: str
    source: str
    log: EventLog
    catalog: Catalog
    left_out: Mapping[str, int] = attrs.field(converter=_counts)
    notes: tuple[str, ...] = attrs.field(converter=_lines)

    def __repr__(self) -> str:
        lines = [f"{self.name}: {self.source}", f"  {self.log!r}", f"  {self.catalog!r}"]
        if self.left_out:
            width = max(len(f"{count:,}") for count in self.left_out.values())
            lines.append("left out")
            lines += [f"  {n:>{width},}  {reason}" for reason, n in self.left_out.items()]
        if self.notes:
            lines.append("notes")
        for note in self.notes:
            lines += textwrap.wrap(note, 96, initial_indent="  - ", subsequent_indent="    ")
        return "\n".join(lines)

    def _repr_html_(self) -> Html:
        return html_card(
            self.name,
            {
                "": f"{self.source}. {self.log!r}. {self.catalog!r}.",
                "left out": [(f"{n:,}", reason) for reason, n in self.left_out.items()],
                "notes": list(self.notes),
            },
        )
