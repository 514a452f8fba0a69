"""What a person should know of the identifiers in a log, before customers are made of them.

How many rows have one or several, how many distinct values each type has, and which look made up
or are on so many rows that they can't be one customer's: a till, a shared device, a default.

    rows = with one identifier + with several + with none        (the customer is one of them)
"""

from collections.abc import Callable, Iterator, Sequence

import attrs
import numpy as np

from onefold._columns import Coded, Columns, frozen, missing, stacked
from onefold._types import Ints
from onefold._vocab import Vocab, united
from onefold.events.identifiers import CUSTOMER, identifier_columns, is_identifier

SINGLE = 0.05  # one value on more than this share of the rows is hardly one customer's
FEWEST = 1000  # rows, among which that can be told: a good customer of a small shop has as many

Measured = tuple[str, object, float, str]


def measures(events: Columns, facts: Columns, made_up: Callable[[str], bool]) -> Iterator[Measured]:
    """Measures of the identifiers of events and facts together; none, where there are none."""
    rows = stacked([_names(table) for table in (events, facts)])
    types = {
        kind: _Type.of([rows.coded(name) for name in names])
        for kind, names in identifier_columns(rows).items()
    }
    n = len(rows)
    if not n or not any(len(held.values.codes) for held in types.values()):
        return
    each: Ints = (~missing(rows.coded(CUSTOMER))).astype(np.int64)
    for held in types.values():
        each = each + held.count
    one, several = int((each == 1).sum()), int((each > 1).sum())
    yield "one identifier", one, one / n, "rows of events and facts, the customer counted too"
    yield "several identifiers", several, several / n, "rows that link names of one customer"
    for kind, held in types.items():
        counts = np.bincount(held.values.codes, minlength=len(held.vocab))
        yield f"distinct {kind}", int((counts > 0).sum()), np.nan, f"values of {kind!r}"
        yield _odd(kind, counts, held.vocab, n, made_up)
        most = int(counts.max(initial=0))
        if n >= FEWEST and most > SINGLE * n:
            value = held.vocab[int(counts.argmax())][:40]
            yield f"one {kind}", most, most / n, f"rows with {value!r}: shared, or a default?"


@attrs.frozen(eq=False)
class _Type:
    """The values of one type: how many distinct ones each row (n,) has, and all of them."""

    count: Ints
    values: Coded
    vocab: Vocab

    @classmethod
    def of(cls, columns: Sequence[Coded]) -> "_Type":
        vocab = united([column.vocab for column in columns])[0]
        codes = np.sort([column.within(vocab).codes for column in columns], axis=0)
        new = codes >= 0
        new[1:] &= codes[1:] != codes[:-1]
        return cls(new.sum(axis=0), Coded(frozen(codes[new]), vocab), vocab)


def _names(table: Columns) -> Columns:
    return Columns({k: c for k, c in table.data.items() if k == CUSTOMER or is_identifier(k)})


def _odd(kind: str, counts: Ints, vocab: Vocab, n: int, made_up: Callable[[str], bool]) -> Measured:
    found = [
        (int(counts[code]), word)
        for code, word in enumerate(vocab)  # distinct values, once
        if counts[code] and made_up(word)
    ]
    found.sort(key=lambda pair: (-pair[0], pair[1]))
    rows = sum(count for count, _ in found)
    examples = ", ".join(repr(word[:40]) for _, word in found[:3])
    said = f"rows of values such as {examples}" if rows else "none look made up"
    return f"suspicious {kind}", rows, rows / n, said
