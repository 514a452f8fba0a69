"""What a reader gives back: a log, and what became of every record.

All records are accounted for:

    len(read) == read.accepted + sum(read.skipped.values()) + len(read.rejected)
"""

from collections.abc import Mapping
from typing import final

import attrs
import pandas as pd

from onefold._display import Html, html_card, html_table, text_table
from onefold.events import EventLog
from onefold.readers.fixed import counted, fixed_counts

MOST_SHOWN = 12  # reasons of each sort


@final
@attrs.frozen(eq=False, repr=False)
class Read:
    """A log that was read, and an account of the records that are not in it.

    `len(read)` is the number of records: those that were accepted, skipped and rejected.

    Args:
        format: Name of the format, such as "segment".
        log: Events and facts.
        accepted: Records that are in the log; one may hold several events, or facts only.
        skipped: Records that are good and hold nothing for a log, by reason.
        rejected: Records that can't be taken: `file`, `row` (of the file or of the sequence,
            from 1), `reason`, and the beginning of its `text`.
        notes: Details of accepted records that were left out, by reason.

    Examples:
        >>> from onefold import readers
        >>> read = readers.segment(readers.example("segment"))
        >>> len(read) == read.accepted + sum(read.skipped.values()) + len(read.rejected)
        True
    """

    format: str
    log: EventLog
    accepted: int
    skipped: Mapping[str, int] = attrs.field(converter=fixed_counts)
    rejected: pd.DataFrame
    notes: Mapping[str, int] = attrs.field(converter=fixed_counts)

    def __len__(self) -> int:
        return self.accepted + sum(self.skipped.values()) + len(self.rejected)

    @property
    def reasons(self) -> Mapping[str, int]:
        """How many records were rejected for each reason, the most frequent first."""
        return counted(self.rejected["reason"])

    def __repr__(self) -> str:
        rows = self._rows()
        table = f"\n{text_table(rows, ['records', 'fate', 'reason'])}" if rows else ""
        return f"Read({self.format}: {self._words()})\n{self.log!r}{table}"

    def _repr_html_(self) -> Html:
        parts: dict[str, str] = {"": f"{self._words()}. {self.log!r}."}
        rows = self._rows()
        if rows:
            parts["not in the log"] = html_table(rows, ["records", "fate", "reason"])
        return html_card(f"Read: {self.format}", parts)

    def _words(self) -> str:
        return (
            f"{len(self):,} records: {self.accepted:,} accepted, "
            f"{sum(self.skipped.values()):,} skipped, {len(self.rejected):,} rejected"
        )

    def _rows(self) -> list[list[object]]:
        rows: list[list[object]] = []
        for fate, counts in (
            ("rejected", self.reasons),
            ("skipped", self.skipped),
            ("note", self.notes),
        ):
            some = list(counts.items())
            rows += [[n, fate, reason] for reason, n in some[:MOST_SHOWN]]
            rest = some[MOST_SHOWN:]
            if rest:
                rows.append([sum(n for _, n in rest), fate, f"{len(rest)} more reasons"])
        return rows
