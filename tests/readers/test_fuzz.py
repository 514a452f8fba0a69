"""Whatever comes in: every record is accounted for, and no foreign error gets out.

accepted + skipped + rejected == records            or one of our own errors
"""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import readers
from onefold.errors import OnefoldError
from tests.readers.strategies import examples, lines, tampered

FORMATS = ("segment", "cloudevents", "snowplow", "ga4", "access_log")
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def no_json(name: str) -> None:
    raise ValueError(name)


def count(source: list[Any], name: str) -> int:
    """How many records lines hold, without the library: one a line, or as many as in its list."""
    total = 0
    for held in source:
        document = held
        if isinstance(held, (str, bytes)):
            if not held.strip():
                continue
            if name in ("snowplow", "access_log"):
                total += 1
                continue
            try:
                words = held.decode() if isinstance(held, bytes) else held
                document = json.loads(words.strip().removeprefix("\ufeff"), parse_constant=no_json)
            except (ValueError, RecursionError):
                document = None
        batch = document.get("batch") if isinstance(document, dict) else None
        if name == "segment" and isinstance(batch, list):
            total += len(batch)
        elif isinstance(document, list):
            for one in document:
                inner = one.get("batch") if isinstance(one, dict) else None
                total += len(inner) if name == "segment" and isinstance(inner, list) else 1
        else:
            total += 1
    return total


def check(read: readers.Read) -> None:
    """The account adds up, and the log can be used."""
    assert len(read) == read.accepted + sum(read.skipped.values()) + len(read.rejected)
    assert list(read.rejected.columns) == ["file", "row", "reason", "text"]
    assert read.rejected["text"].str.len().max() <= 200 or not len(read.rejected)
    assert sum(read.reasons.values()) == len(read.rejected)
    repr(read), read._repr_html_()
    read.log.quality()
    if len(read.log):
        of.fold(read.log, as_of="2199-12-31").to_pandas()


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40, suppress_health_check=SLOW)
@given(data=st.data())
def test_any_lines(name: str, data: st.DataObject) -> None:
    # The first line is good, so that the format is told.
    source = [examples(name)[0], *data.draw(st.lists(lines(name), max_size=6))]
    read = getattr(readers, name)(source)
    assert len(read) == count(source, name)
    check(read)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40, suppress_health_check=SLOW)
@given(data=st.data())
def test_only_rubbish(name: str, data: st.DataObject) -> None:
    source = data.draw(st.lists(lines(name), max_size=4))
    check_or_refused(name, source)


@pytest.mark.parametrize("name", ["segment", "cloudevents", "ga4"])
@settings(max_examples=60, suppress_health_check=SLOW)
@given(data=st.data())
def test_tampered_records(name: str, data: st.DataObject) -> None:
    source = data.draw(st.lists(tampered(name).filter(lambda d: isinstance(d, dict)), min_size=1))
    good = json.loads(examples(name)[0])
    read = getattr(readers, name)([good, *source], properties=PICKED)
    check(read)


def check_or_refused(name: str, source: Any) -> None:
    """The account adds up, or one of our own errors says that this is not the format."""
    try:
        read = getattr(readers, name)(source, **(CSV if name == "csv" else {}))
    except OnefoldError as error:
        refused = str(error)
    else:
        check(read)
        return
    assert f"readers.{name}" in refused


PICKED = {"a": "type", "b": "data.item", "c": "device", "d": "properties.products.0.price"}
CSV: dict[str, Any] = {
    "customer": "customer",
    "time": "time",
    "event": "event",
    "item": "sku",
    "quantity": "quantity",
    "value": "paid",
    "currency": "currency",
    "basket": "order",
    "id": "id",
    "properties": ["store"],
    "tz": "Europe/Berlin",
}


@settings(max_examples=50, suppress_health_check=SLOW)
@given(st.lists(lines("csv"), max_size=6))
def test_any_csv(source: list[str | bytes]) -> None:
    # The first row is good, for a source of none is refused.
    head, good = examples("csv")[:2]
    check(readers.csv([head, good, *source], **CSV))
    check_or_refused("csv", [head, *source])


@settings(max_examples=40)
@given(st.lists(st.one_of(st.text(max_size=40), st.binary(max_size=40)), max_size=4))
def test_rubbish_as_csv(source: list[str | bytes]) -> None:
    check_or_refused("csv", source)


@pytest.mark.parametrize("name", [*FORMATS, "csv"])
@settings(max_examples=25, suppress_health_check=[*SLOW, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_file(name: str, data: st.DataObject, tmp_path: Any) -> None:
    held = data.draw(st.one_of(st.binary(max_size=200), cut_file(name)))
    path = tmp_path / "file"
    path.write_bytes(held)
    check_or_refused(name, path)


def cut_file(name: str) -> st.SearchStrategy[bytes]:
    """The bytes of an example with some of them changed."""
    raw = readers.example(name).read_bytes()
    return st.builds(
        lambda at, put, n: raw[:at] + put + raw[at + n :],
        st.integers(0, len(raw)),
        st.binary(max_size=6),
        st.integers(0, 40),
    )
