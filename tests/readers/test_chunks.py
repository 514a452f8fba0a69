"""Reading piece by piece: the same records in the same order."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import onefold as of
from onefold import readers
from onefold.errors import ArgumentError

CSV: dict[str, Any] = {"customer": "customer", "time": "time", "event": "event", "tz": "UTC"}
READERS: list[tuple[Any, str, dict[str, Any]]] = [
    (readers.segment, "segment", {}),
    (readers.cloudevents, "cloudevents", {}),
    (readers.snowplow, "snowplow", {}),
    (readers.ga4, "ga4", {}),
    (readers.access_log, "access_log", {}),
    (readers.csv, "csv", CSV),
]


@pytest.mark.parametrize(("reader", "name", "chosen"), READERS, ids=[r[1] for r in READERS])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_same_as_in_one_piece(
    reader: Any, name: str, chosen: dict[str, Any], size: int
) -> None:
    path = readers.example(name)
    whole = reader(path, **chosen)
    parts = list(readers.chunks(reader, path, size=size, **chosen))
    assert sum(map(len, parts)) == len(whole)
    assert sum(part.accepted for part in parts) == whole.accepted
    log = parts[0].log
    for part in parts[1:]:
        log = log + part.log
    assert log.deduplicate() == whole.log.deduplicate()  # facts may be said again in each
    rejected = [row for part in parts for row in part.rejected["row"]]
    assert rejected == whole.rejected["row"].tolist()


def test_profiles_kept_up_to_date() -> None:
    path = readers.example("segment")
    first, *rest = readers.chunks(readers.segment, path, size=4)
    profiles = of.fold(first.log)
    for part in rest:
        profiles = profiles.update(part.log)
    assert profiles.to_pandas().equals(of.fold(readers.segment(path).log).to_pandas())


def test_a_frame_in_pieces() -> None:
    table = pa.table(
        {"event_name": ["a"] * 5, "event_timestamp": [0] * 5, "user_pseudo_id": ["p"] * 5}
    )
    assert [len(part) for part in readers.chunks(readers.ga4, table, size=2)] == [2, 2, 1]


def test_files_with_headers_of_their_own(tmp_path: Path) -> None:
    a, b = tmp_path / "a.csv", tmp_path / "b.csv"
    a.write_text("customer,time,event\nann,2024-03-01,view\n")
    b.write_text("event,customer,time\nview,bob,2024-03-02\nview,bob,2024-03-03\n")
    parts = list(readers.chunks(readers.csv, [a, b], size=2, **CSV))
    assert [who for p in parts for who in p.log.to_pandas()["customer"]] == ["ann", "bob", "bob"]


def test_nothing() -> None:
    assert list(readers.chunks(readers.segment, [])) == []


@pytest.mark.parametrize(
    "chosen", [{"reader": len}, {"reader": "segment"}, {"size": 0}, {"size": 1.5}]
)
def test_refused(chosen: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=r"^readers.chunks"):
        next(readers.chunks(**{"reader": readers.segment, "source": [], **chosen}))


def test_another_format_is_refused() -> None:
    with pytest.raises(ArgumentError, match="not of this format"):
        list(readers.chunks(readers.segment, readers.example("csv")))
