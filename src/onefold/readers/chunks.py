"""Reading in pieces: the same records, a `Read` for so many of them at a time.

sum(len(part) for part in chunks(reader, source))  ==  len(reader(source))
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from onefold._check import quoted, whole
from onefold.errors import ArgumentError
from onefold.readers.access_lines import access_log
from onefold.readers.cloud_events import cloudevents
from onefold.readers.csv_rows import Header, rows
from onefold.readers.csv_table import csv
from onefold.readers.ga4_export import COLUMNS, ga4
from onefold.readers.read import Read
from onefold.readers.segment_calls import calls, segment
from onefold.readers.snowplow_events import enriched, snowplow
from onefold.readers.sources import Ready, Rows, documents, records_of, texts

STEPS: dict[Any, Rows] = {
    access_log: texts,
    cloudevents: documents,
    ga4: documents,
    segment: calls,
    snowplow: enriched,
}


def chunks(
    reader: Callable[..., Read], source: Any, *, size: int = 100_000, **settings: Any
) -> Iterator[Read]:
    """Read a source piece by piece, for what is larger than memory.

    Args:
        reader: One of the readers, such as `readers.segment`.
        source: What the reader takes.
        size: Records in a piece.
        settings: Further arguments of the reader. Where the currency is left out, that of the
            first piece which has amounts is that of all; a fact or property that is a number in
            one piece and text in another can't be put together.

    Yields:
        What was read, with the rows' own numbers.

    Raises:
        ArgumentError: If an argument is wrong, or the first piece does not look like the format
            or all of it is rejected.

    Examples:
        >>> import onefold as of
        >>> from onefold import readers
        >>> parts = readers.chunks(readers.segment, readers.example("segment"), size=5)
        >>> logs = [part.log for part in parts]
        >>> len(logs), sum(len(log) for log in logs)
        (3, 11)
    """
    call = f"readers.chunks: {getattr(reader, '__name__', reader)!s}"
    size = whole(size, "readers.chunks: size")
    if reader not in STEPS and reader is not csv:
        known = [f"readers.{one.__name__}" for one in (*STEPS, csv)]
        raise ArgumentError(f"readers.chunks: reader is {reader!r}; it takes {quoted(known)}.")
    step = rows(settings.get("delimiter")) if reader is csv else STEPS[reader]
    columns = None
    if reader is ga4 and not settings.get("properties"):
        columns = COLUMNS
    records = records_of(source, step, call, columns=columns)
    names: tuple[str, ...] = ()
    sure = False
    while True:
        piece = list(islice(records, size))
        if not piece:
            return
        read = reader(Ready(piece, names, sure), **settings)
        for record in piece:
            if isinstance(record[3], Header):
                names = record[3].names
        if reader not in (access_log, csv) and settings.get("currency") is None:
            settings["currency"] = read.log.currency
        sure = True
        yield read
