"""CSV with named columns, as anybody has it: one row an event.

The first row of each file names the columns. Cells are text, so that amounts are as exact as
they are written; a row that is cut off, or whose quotes are broken, is rejected by itself:

    who,at,what,sku,paid
    ann,2024-03-01T09:30:00Z,purchase,tea,4.90
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, final

import attrs

from onefold._check import hint, one_of, quoted
from onefold._check import text as checked_text
from onefold.errors import ArgumentError, ColumnError
from onefold.events import door
from onefold.events.identifiers import IDENTIFIER, asked, is_identifier
from onefold.events.tables import BUILT_IN
from onefold.readers.build import BLANK
from onefold.readers.csv_rows import Header, rows
from onefold.readers.frames import is_frame
from onefold.readers.gathering import Found, gathered
from onefold.readers.names import no_identifier
from onefold.readers.read import Read
from onefold.readers.settings import NO_TIME, NO_USER, Kinds, Settings, settings
from onefold.readers.sources import Ready, Record, records_of
from onefold.readers.values import (
    Refused,
    Stated,
    amount,
    instant,
    micros,
    since_epoch,
    text,
    unix,
)

MISSING = frozenset(("", "NULL", "\\N"))
UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}
NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?")  # "007" is a code
CONSTANTS = ("event", "channel", "currency", "zone", "system")


def csv(
    source: Any,
    *,
    customer: str | None = None,
    time: str,
    event: str,
    item: str | None = None,
    channel: str | None = None,
    value: str | None = None,
    currency: str | None = None,
    quantity: str | None = None,
    basket: str | None = None,
    properties: Sequence[str] | Mapping[str, str] = (),
    id: str | None = None,
    received: str | None = None,
    tz: str | None = None,
    zone: str | None = None,
    kinds: Kinds | None = None,
    system: str | None = None,
    time_format: str = "iso",
    delimiter: str | None = None,
    decimal: str = ".",
    identifiers: Sequence[str] | Mapping[str, str | Sequence[str]] | None = None,
) -> Read:
    r"""Read CSV with named columns, row by row.

    The arguments that name columns are those of `EventLog.from_frame`; what makes that refuse a
    whole frame rejects a single row here. Blanks around a cell are dropped; an empty one, `NULL`
    and `\\N` are missing.

    Args:
        source: A path (gzipped or not), a list of paths, or an iterable of lines, the first of
            which names the columns.
        customer: Column of customer ids; it may be left out where identifiers are given.
        time: Column of instants.
        event: Column of kinds, or one kind for all rows.
        item: Column of item ids.
        channel: Column of channels, or one channel for all rows.
        value: Column of amounts of money, in units of `currency`.
        currency: Column of currency codes, or one code. Rows in another currency than most are
            rejected.
        quantity: Column of quantities.
        basket: Column of ids of the visit, order or session.
        properties: Further columns to keep, or a mapping from a property's name to its column. One
            that holds nothing but numbers is one of numbers.
        id: Column of event ids.
        received: Column of instants at which an event became known here.
        tz: Zone in which times without one are read; left out, they are rejected.
        zone: The customers' own time zone, a column or one name.
        kinds: Kinds by what stands in `event`; None as a kind leaves such rows out.
        system: Column of the systems whose ids these are, or one name.
        time_format: "iso" for ISO 8601; "s", "ms" or "us" for seconds, milliseconds or
            microseconds since 1970; or a format of `datetime.strptime`, such as "%d.%m.%Y %H:%M".
        delimiter: What stands between cells; left out, the one of , ; | and the tab that occurs
            most in the first line.
        decimal: The mark before decimals, "." or ",".
        identifiers: Columns of other names of customers, for `onefold.resolve`, as in
            `EventLog.from_frame`: {"email": "mail", "loyalty_card": "card"}. A row needs a customer
            or one of them.

    Returns:
        The log, and what became of each row.

    Raises:
        ColumnError: If a column is not there, or there twice.
        ArgumentError: If another argument is wrong, or every row is rejected.
        FileError: If there is no such file.

    Examples:
        >>> import onefold as of
        >>> from onefold import readers
        >>> read = readers.csv(
        ...     readers.example("csv"), customer="customer", time="time", event="event",
        ...     item="sku", value="paid", currency="currency", basket="order", id="id", tz="UTC")
        >>> read.accepted, len(read.rejected)
        (5, 5)
        >>> of.fold(read.log)["ann"]["monetary"]
        24.7
    """
    call = "readers.csv"
    if is_frame(source):
        raise ArgumentError(f"{call}: source is a frame; read it with EventLog.from_frame.")
    one_of(decimal, (".", ","), f"{call}: decimal")
    if delimiter is not None and (not isinstance(delimiter, str) or len(delimiter) != 1):
        raise ArgumentError(f"{call}: delimiter is {delimiter!r}; it takes one character.")
    if delimiter is not None and delimiter in '"\r\n ':
        raise ArgumentError(f"{call}: delimiter is {delimiter!r}, which can't stand between cells.")
    wanted = {
        "customer": customer,
        "time": time,
        "event": event,
        "item": item,
        "channel": channel,
        "value": value,
        "currency": currency,
        "quantity": quantity,
        "basket": basket,
        "id": id,
        "received": received,
        "zone": zone,
        "system": system,
    }
    for role, column in wanted.items():
        if column is not None or role in ("time", "event"):
            checked_text(column, f"{call}: {role}")
    _check_format(time_format, call)
    chosen = settings(call, kinds=kinds, properties=(), currency=None, tz=tz, system=None)
    named = dict(door.named(properties, BUILT_IN, f"{call}: properties"))
    for name in named:
        no_identifier(name, f"{call}: properties")
    others = asked(identifiers, customer, call)
    table = Table(chosen, wanted, named | others, time_format, decimal)
    if isinstance(source, Ready) and source.names:
        table.take(Header(source.names))
    return gathered(
        table.headed(records_of(source, rows(delimiter), call)),
        table,
        call=call,
        looks="",
        currency=None,
        chosen=table.named,
        notes=chosen.notes,
        sure=isinstance(source, Ready) and source.sure,
    )


@final
@attrs.define(eq=False)
class Table:
    """What a row means, by the columns of its file."""

    settings: Settings
    wanted: dict[str, str | None]
    named: dict[str, str]  # properties and identifiers, and their columns
    time_format: str
    decimal: str
    columns: dict[str, str] = attrs.field(factory=dict)  # by role
    constants: dict[str, str] = attrs.field(factory=dict)

    def headed(self, records: Iterator[Record]) -> Iterator[Record]:
        """The records without the headers, which are looked at when they come."""
        for record in records:
            if isinstance(record[3], Header):
                self.take(record[3])
            else:
                yield record

    def take(self, header: Header) -> None:
        """Find the columns in a header."""
        call, names = self.settings.call, header.names
        self.columns, self.constants = {}, {}
        asked = {role: name for role, name in self.wanted.items() if name is not None}
        for name, column in self.named.items():
            role = "identifiers" if is_identifier(name) else "properties"
            asked[f"{role}[{name.removeprefix(IDENTIFIER)!r}]"] = column
        for role, name in asked.items():
            count = names.count(name)
            if count > 1:
                raise ColumnError(f"{call}: column {name!r} ({role}=) is there {count} times.")
            if count:
                self.columns[role] = name
            elif role in CONSTANTS:
                near = [n for n in names if n.casefold() == name.casefold()]
                if near:
                    raise ColumnError(
                        f"{call}: no column {name!r} ({role}=), but there is {near[0]!r}."
                    )
                self.constants[role] = name
            else:
                raise ColumnError(
                    f"{call}: no column {name!r} ({role}=). Columns: {quoted(names)}."
                    f"{hint(name, names)}"
                )

    def __call__(self, document: Any) -> Found:
        """The event of one row."""
        if not isinstance(document, dict):
            raise Refused("not a line of text")
        read = self._reader(document)
        customer, held = text(read("customer"), "customer"), self.named.items()
        others = {n: _cell(document[column]) for n, column in held if is_identifier(n)}
        if customer is None and not any(others.values()):
            raise Refused(NO_USER)
        time = self._time(read("time"), "time")
        if time is None:
            raise Refused(NO_TIME)
        quantity = amount(self._number(read("quantity")), "quantity")
        code = text(read("currency"), "currency")
        event = {
            **BLANK,
            "customer": customer,
            "time": time,
            "received": self._time(read("received"), "received"),
            "kind": self.settings.kind(text(read("event"), "event")),
            "item": text(read("item"), "item"),
            "channel": text(read("channel"), "channel"),
            "value": micros(amount(self._number(read("value")), "value")),
            "currency": None if code is None else code.upper(),
            "quantity": None if quantity is None else float(quantity),
            "basket": text(read("basket"), "basket"),
            "zone": self.settings.zone(read("zone")),
            "id": text(read("id"), "id"),
            "source": text(read("system"), "system"),
            "chosen": {n: others.get(n) or _cell(document[column]) for n, column in held},
        }
        return [event], []

    def _reader(self, document: dict[str, str]) -> Callable[[str], str | None]:
        columns, constants = self.columns, self.constants

        def read(role: str) -> str | None:
            if role not in columns:
                return constants.get(role)
            cell = document[columns[role]].strip()
            return None if cell in MISSING else cell

        return read

    def _time(self, cell: str | None, what: str) -> int | None:
        if cell is None:
            return None
        if self.time_format == "iso":
            return instant(cell, what, self.settings.tz)
        if self.time_format in UNITS:
            return unix(cell, what, UNITS[self.time_format])
        try:
            moment = dt.datetime.strptime(cell, self.time_format)
        except (ValueError, re.error, OverflowError):
            raise Refused(f"{what} can't be read") from None
        return since_epoch(moment, what, self.settings.tz)

    def _number(self, cell: str | None) -> str | None:
        if cell is None or self.decimal == ".":
            return cell
        return "?" if "." in cell else cell.replace(",", ".")


def _cell(cell: str) -> Stated | None:
    word = text(cell.strip(), "a property")
    return None if word is None or word in MISSING else (word, NUMBER.fullmatch(word) is not None)


def _check_format(time_format: str, call: str) -> None:
    if checked_text(time_format, f"{call}: time_format") == "iso" or time_format in UNITS:
        return
    try:
        dt.datetime.strptime(
            dt.datetime(2001, 12, 31, tzinfo=dt.UTC).strftime(time_format), time_format
        )
    except (ValueError, re.error) as error:
        raise ArgumentError(
            f"{call}: time_format is {time_format!r}; it takes 'iso', 's', 'ms', 'us' or a format "
            f"of datetime.strptime, such as '%d.%m.%Y %H:%M' ({error})."
        ) from None
