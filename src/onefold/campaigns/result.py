"""What was written: a campaign's file in numbers."""

from pathlib import Path

import attrs

from onefold._display import html_table, number, text_table


@attrs.frozen(repr=False)
class Tailored:
    """A file of lists, in numbers.

    Attributes:
        path: Where the file is.
        customers: Customers who were ranked, those held out included.
        held_out: Customers of the holdout, whether they are in the file or not.
        rows: Rows in the file: one for each customer and slot.
        short: Customers with fewer items than slots.
        seconds: How long it took.
        bytes: Size of the file.
        not_allowed: Further customers, who were left out: their consent to the campaign's purpose
            does not say yes. None, where the campaign has no purpose.
    """

    path: Path
    customers: int
    held_out: int
    rows: int
    short: int
    seconds: float
    bytes: int
    not_allowed: int | None = None

    def _shown(self) -> tuple[list[list[str]], list[str]]:
        counts = (self.customers, self.held_out, self.short, self.rows)
        figures = [*(f"{n:,}" for n in counts), f"{number(self.seconds)} s", _size(self.bytes)]
        names = ["customers", "held out", "with empty slots", "rows", "time", "size"]
        if self.not_allowed is not None:
            figures.insert(1, f"{self.not_allowed:,}")
            names.insert(1, "not allowed")
        return [figures], names

    def __repr__(self) -> str:
        return f"{self.path}\n{text_table(*self._shown())}"

    def _repr_html_(self) -> str:
        return html_table(*self._shown(), caption=str(self.path))


def _size(n: int) -> str:
    if n < 1000:
        return f"{n} bytes"
    return f"{number(n / 1e3)} kB" if n < 1_000_000 else f"{number(n / 1e6)} MB"
