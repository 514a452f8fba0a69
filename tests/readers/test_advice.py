"""A source of which every record is rejected: why, and what to do."""

from typing import Any

import pandas as pd
import pytest

from onefold import readers
from onefold.errors import ArgumentError

HEAD = "who,at,what,paid"
ROLES: dict[str, Any] = {"customer": "who", "time": "at", "event": "what", "value": "paid"}


@pytest.mark.parametrize(
    ("row", "chosen", "words"),
    [
        ("ann,01.03.2024,buy,1", {}, "time can't be read.*time_format="),
        ("ann,1709285400000,buy,1", {"time_format": "us"}, None),
        ("ann,1709285400000,buy,1", {"time_format": "s"}, "outside 1700 to 2200.*time_format="),
        ("ann,2024-03-01,buy,1", {"tz": None}, "no time zone.*tz="),
        ('ann,2024-03-01,buy,"4,90"', {}, "finite number.*decimal="),
        ("ann,2024-03-01,buy,$4.90", {}, "finite number.*currencies"),
        ("ann,2024-03-01,buy", {}, "fewer cells.*delimiter="),
        (",2024-03-01,buy,1", {}, "no user.*customer="),
        ("ann,,buy,1", {}, "no time.*time="),
        ("ann,2024-03-01,,1", {}, "no name of the event.*event="),
        (f"{'x' * 1001},2024-03-01,buy,1", {}, "longer than.*Mend"),
    ],
)
def test_csv(row: str, chosen: dict[str, Any], words: str | None) -> None:
    chosen = {"tz": "UTC", **ROLES, **chosen}
    if words is None:
        assert readers.csv([HEAD, row], **chosen).accepted == 1
        return
    with pytest.raises(ArgumentError, match=f"^readers.csv: every record.*2 of 2.*{words}"):
        readers.csv([HEAD, row, row], **chosen)


def test_the_most_frequent_reason() -> None:
    rows = ["ann,,buy,1", "ann,soon,buy,1", "ann,then,buy,1"]
    with pytest.raises(ArgumentError, match="2 of 3 because: time can't be read"):
        readers.csv([HEAD, *rows], **ROLES, tz="UTC")


def test_frames() -> None:
    frame = pd.DataFrame({"event_name": ["a", "b"], "event_timestamp": [0, 1]})
    with pytest.raises(ArgumentError, match=r"^readers.ga4: every record.*no user\. Check"):
        readers.ga4(frame)
    assert len(readers.ga4(frame.iloc[:0])) == 0


def test_a_currency_that_no_amount_is_in() -> None:
    order = {"type": "track", "event": "Order Completed", "userId": "u"}
    order |= {"timestamp": "2024-03-01T00:00:00"}
    told: Any = order | {"properties": {"revenue": 1, "currency": "EUR"}}
    with pytest.raises(ArgumentError, match=r"amount not in USD.*currency="):
        readers.segment([told], currency="USD", tz="UTC")
    with pytest.raises(ArgumentError, match=r"no time zone.*tz="):
        readers.segment([told])


def test_what_is_left_out_or_empty_is_not_refused() -> None:
    group = {"type": "group", "userId": "u"}
    assert sum(readers.segment([group]).skipped.values()) == 1
    assert sum(map(len, (readers.segment([]), readers.csv([HEAD], **ROLES)))) == 0


def test_later_pieces_may_be_all_bad() -> None:
    rows = [HEAD, "ann,2024-03-01,buy,1", "ann,soon,buy,1"]
    pieces = list(readers.chunks(readers.csv, rows, size=2, **ROLES, tz="UTC"))
    assert [len(piece.rejected) for piece in pieces] == [0, 1]
