"""Exporting: all that is kept of a person, for them to read and to take along.

What articles 15 and 20 of the GDPR ask of the data themselves: what is held, where it came from,
whom it was decided for, in a form that a machine reads. Nothing is left out for not being used:
repeated deliveries and restricted people are there too.

    export(("email", "ann@x.org")).to_json()  ->  {"customer": "p3f...", "events": [...], ...}

What was seen with shared identifiers alone is in it where it was attributed to the person.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import numpy as np
import pandas as pd
from sqlalchemy import bindparam, literal_column, select

from onefold._display import html_table, text_table
from onefold._types import MICROS
from onefold.consent.words import PREFIX
from onefold.store import deciding
from onefold.store.core import Core
from onefold.store.database import Among, Query, Session
from onefold.store.escaping import maybe_unescaped, unescaped
from onefold.store.finding import Found, found
from onefold.store.loose import rows_of_person, rows_of_shared
from onefold.store.meta import currency_of
from onefold.store.restricting import is_restricted, persons_nodes
from onefold.store.rows import SELECTED
from onefold.store.schema import (
    CONTESTED,
    MIXED,
    bundles,
    evidence,
    log,
    members,
    nodes,
    places,
    superseded,
)

NAMES = [column.name for column in SELECTED]
_WHOLE = log.join(bundles, bundles.c.bundle == log.c.bundle)
_COUNTS = superseded.c.seq.is_(None).label("counts")
_ROW = select(*SELECTED, _COUNTS).select_from(
    _WHOLE.outerjoin(superseded, superseded.c.seq == log.c.seq)
)
_OWN = Query(
    _ROW.join(evidence, evidence.c.bundle == log.c.bundle).where(
        evidence.c.person == bindparam("person")
    )
)
_LOOSE = Query(_ROW.where(Among(log.c.seq, "which")))
_MIXED = Query(
    select(evidence.c.bundle)
    .where(evidence.c.person == bindparam("person"))
    .where(evidence.c.flags.op("&")(literal_column(str(MIXED))) != literal_column("0"))
)
_CAME = Query(select(members.c.node).where(Among(members.c.bundle, "which")).distinct())
_IDENTIFIERS = Query(
    select(nodes.c.node, nodes.c.type, nodes.c.value, places.c.person, places.c.flags)
    .join(places, places.c.node == nodes.c.node)
    .where(Among(nodes.c.node, "which"))
    .order_by(nodes.c.type, nodes.c.value)
)
EVENTS = (
    *("time", "event", "item", "channel", "value", "quantity", "basket", "id", "source"),
    *("received", "offset", "properties", "identifiers", "counts"),
)
FACTS = ("time", "name", "value", "received", "source", "identifiers", "counts")
CONSENTS = ("time", "purpose", "said", "received", "source", "identifiers", "counts")


@attrs.frozen(eq=False, repr=False)
class Export:
    """All that is kept of a person; made by `Store.export`.

    Attributes:
        customer: The id of today.
        restricted: Whether the data are restricted.
        currency: Of the values.
        identifiers: A row for each: type, value, and state ("own", or "shared" with others).
        events: A row for each delivery: time, event, item, channel, value, quantity, basket, id,
            source, received, offset (seconds by which the local clock was ahead), properties,
            identifiers (as they were given) and counts (False: a delivery that repeats another).
        facts: A row for each: time, name, value (text or a number), received, source, identifiers
            and counts.
        consents: The same of consents: time, purpose, said, ...
        decisions: What was shown or sent, as in `Store.decisions`.
    """

    customer: str
    restricted: bool
    currency: str | None
    identifiers: pd.DataFrame
    events: pd.DataFrame
    facts: pd.DataFrame
    consents: pd.DataFrame
    decisions: pd.DataFrame

    def to_json(self) -> str:
        """All of it as a JSON object: instants as ISO 8601 in UTC, what is missing as null."""
        held: dict[str, Any] = {
            "customer": self.customer,
            "restricted": self.restricted,
            "currency": self.currency,
        }
        for name in ("identifiers", "events", "facts", "consents", "decisions"):
            frame: pd.DataFrame = getattr(self, name)
            columns = [[_plain(value) for value in frame[column]] for column in frame]
            names = [str(column) for column in frame]
            held[name] = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        return json.dumps(held, ensure_ascii=False, allow_nan=False)

    def _shown(self) -> tuple[list[list[str]], list[str]]:
        names = ("identifiers", "events", "facts", "consents", "decisions")
        return [[name, f"{len(getattr(self, name)):,}"] for name in names], ["what", "rows"]

    def __repr__(self) -> str:
        return f"Export of {self.customer}\n{text_table(*self._shown())}"

    def _repr_html_(self) -> str:
        return html_table(*self._shown(), caption=f"Export of {self.customer}")


def export(core: Core, who: Any) -> Export:
    """All that is kept of a person: identifiers, events, facts, consents and decisions.

    Args:
        core: The store.
        who: An id, an alias, or an identifier: a pair of type and value.

    Raises:
        ArgumentError: If it is none of these.
        UnknownCustomer: If there is no such customer.
    """
    with core.reading() as session:
        meant = found(session, core, who, call="Store.export")
        told = _rows(session, core, meant)
        events = [row for row in told if row["kind"] is not None]
        facts = [row for row in told if row["kind"] is None]
        plain = [row for row in facts if not str(row["name"]).startswith(PREFIX)]
        said = [row for row in facts if str(row["name"]).startswith(PREFIX)]
        return Export(
            customer=meant.id,
            restricted=not meant.shared and is_restricted(session, meant.node),
            currency=currency_of(core, session),
            identifiers=_identifiers(session, core, meant, told),
            events=_frame(EVENTS, map(_event, events)),
            facts=_frame(FACTS, map(_fact, plain)),
            consents=_frame(CONSENTS, map(_consent, said)),
            decisions=deciding.of(session, core, meant),
        )


def _rows(session: Session, core: Core, meant: Found) -> list[dict[str, Any]]:
    """All rows of a person in the order of time and arrival, text as it was given."""
    if meant.shared:
        rows, loose = [], rows_of_shared(session, core, meant.node)
    else:
        rows = session.all(_OWN, person=meant.node)
        mixed = [bundle for (bundle,) in session.all(_MIXED, person=meant.node)]
        loose = rows_of_person(session, core, meant.node, mixed)
    if loose:
        rows += session.all(_LOOSE, which=session.several(loose))
    out = [dict(zip((*NAMES, "counts"), row, strict=True)) for row in rows]
    return sorted(out, key=lambda row: (row["time"], row["seq"]))


def _identifiers(
    session: Session, core: Core, meant: Found, rows: Iterable[dict[str, Any]]
) -> pd.DataFrame:
    which = {meant.node}
    if not meant.shared:
        came = session.several(sorted({row["bundle"] for row in rows}))
        which = {
            *persons_nodes(session, meant.node),
            *(n for (n,) in session.all(_CAME, which=came)),
        }
    held = []
    for _, kind, value, person, flags in session.all(
        _IDENTIFIERS, which=session.several(sorted(which))
    ):
        own = person == meant.node and not flags & CONTESTED
        held.append((core.policy.types[kind].name, unescaped(value), "own" if own else "shared"))
    return _frame(("type", "value", "state"), held)


def _event(row: dict[str, Any]) -> tuple[Any, ...]:
    value = None if row["value"] is None else row["value"] / MICROS
    texts = [maybe_unescaped(row[name]) for name in ("kind", "item", "channel", "basket", "id")]
    kind, item, channel, basket, id_ = texts
    properties = {} if row["properties"] is None else json.loads(row["properties"])
    return (
        *(_instant(row["time"]), kind, item, channel, value, row["quantity"], basket, id_),
        *(maybe_unescaped(row["source"]), _instant(row["received"]), row["local"]),
        *(properties, _given(row), bool(row["counts"])),
    )


def _fact(row: dict[str, Any]) -> tuple[Any, ...]:
    value = maybe_unescaped(row["text"]) if row["number"] is None else row["number"]
    return (
        *(_instant(row["time"]), maybe_unescaped(row["name"]), value, _instant(row["received"])),
        *(maybe_unescaped(row["source"]), _given(row), bool(row["counts"])),
    )


def _consent(row: dict[str, Any]) -> tuple[Any, ...]:
    time, name, *others = _fact(row)
    return (time, name.removeprefix(PREFIX), *others)


def _given(row: dict[str, Any]) -> dict[str, list[str]]:
    """The identifiers of a row as they were given."""
    given = {kind: list(values) for kind, values in json.loads(row["given"])}
    if row["customer"] is not None:
        given.setdefault("customer", []).insert(0, unescaped(row["customer"]))
    return given


def _instant(micros: int | None) -> pd.Timestamp | None:
    return None if micros is None else pd.Timestamp(np.datetime64(micros, "us"), tz="UTC")


def _frame(names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    held = list(rows)
    columns = zip(*held, strict=True) if held else [()] * len(names)
    made = {}
    for name, column in zip(names, columns, strict=True):
        cells = np.empty(len(held), dtype=object)
        cells[:] = column
        made[name] = _typed(name, cells)
    return pd.DataFrame(made)


def _typed(name: str, cells: Any) -> Any:
    if name in ("time", "received"):
        return pd.DatetimeIndex(pd.to_datetime(pd.Series(cells), utc=True)).as_unit("us")
    if name == "counts":
        return cells.astype(bool)
    return pd.Series(cells, dtype=object)


def _plain(value: Any) -> Any:
    """A cell as JSON knows it."""
    if isinstance(value, (dict, list, str, bool)) or value is None:
        return value
    if value is pd.NaT or value is pd.NA or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat().replace("+00:00", "Z")
    return value.item() if isinstance(value, np.generic) else value
