"""CloudEvents: the envelope, and paths into the data."""

import base64
import json
from typing import Any

import pytest

import onefold as of
from onefold import readers
from onefold.errors import ArgumentError


def event(data: Any = None, **more: Any) -> dict[str, Any]:
    held = {"specversion": "1.0", "id": "1", "source": "/s", "type": "org.shop.view"}
    told = {"user_id": "u"} if data is None else data
    return {**held, "time": "2024-03-01T09:30:00Z", "data": told, **more}


def rows(*events: Any, **chosen: Any) -> list[dict[Any, Any]]:
    read = readers.cloudevents(list(events), **chosen)
    assert not len(read.rejected), read
    frame = read.log.to_pandas()
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def test_the_example_folds_into_sensible_traits() -> None:
    log = readers.cloudevents(readers.example("cloudevents")).log
    profiles = of.fold(log)
    assert (profiles["ann"]["monetary"], profiles["ann"]["plan"]) == (24.7, "pro")
    assert profiles["bob"]["monetary"] == 8.4


def test_defaults() -> None:
    data = {
        "customerId": "u",
        "deviceid": 1,
        "product_id": "tea",
        "currency": "EUR",
        "quantity": 2,
        "price": "4.90",
        "order_id": "o",
        "channel": "store",
        "timezone": "Europe/Berlin",
        "url": "https://shop.example/tea?x=1",
    }
    [row] = rows(event(data, type="purchase"))
    assert (row["customer"], row["event"], row["item"], row["value"]) == (
        "u",
        "purchase",
        "tea",
        9.8,
    )
    assert (row["basket"], row["channel"], row["page"]) == ("o", "store", "/tea")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("org.shop.purchase", "purchase"),
        ("purchase", "purchase"),
        ("org.shop.sold", "org.shop.sold"),
    ],
)
def test_kinds_by_the_last_part_of_a_type(name: str, kind: str) -> None:
    assert rows(event(type=name))[0]["event"] == kind
    assert rows(event(type=name), kinds=None)[0]["event"] == name


def test_whole_types_go_before_their_last_parts() -> None:
    kinds = {"org.shop.view": "glance", "view": "view"}
    assert rows(event(), kinds=kinds)[0]["event"] == "glance"


def test_fields() -> None:
    fields = {"user_id": "subject", "item": ["data.x.0", "data.y"], "value": (), "channel": "where"}
    held = event({"x": [], "y": "tea", "value": "99"}, subject="u", where="till")
    [row] = rows(held, fields=fields)
    assert (row["customer"], row["item"], row["value"], row["channel"]) == (
        "u",
        "tea",
        None,
        "till",
    )


@pytest.mark.parametrize(
    "fields", [{"users": "x"}, {"item": 5}, {"item": [""]}, "item", {"item": [1]}]
)
def test_fields_refused(fields: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^readers.cloudevents: fields"):
        readers.cloudevents([], fields=fields)


def test_events_are_known_by_source_and_id() -> None:
    same = [event(), event(), event(source="/t"), event(id="2")]
    assert len(readers.cloudevents(same).log.deduplicate()) == 3


def test_lines() -> None:
    lines = [{"sku": "a", "unit_price": 1, "qty": 3}, {"id": "b", "price": "2.5"}]
    first, second = rows(event({"user_id": "u", "items": lines}, type="purchase"))
    assert (first["item"], first["quantity"], first["value"]) == ("a", 3.0, 3.0)
    assert (second["item"], second["value"]) == ("b", 2.5)


def test_facts_alone_are_no_event() -> None:
    told = {"user_id": "u", "traits": {"plan": "pro"}}
    read = readers.cloudevents([event(told), event(told | {"item": "tea"}, id="2")])
    assert (len(read.log), len(read.log.facts), read.accepted) == (1, 1, 2)


def test_recorded_time_is_when_it_was_received() -> None:
    [row] = rows(event(recordedtime="2024-03-02T00:00:00Z"))
    assert str(row["received"]) == "2024-03-02 00:00:00+00:00"


@pytest.mark.parametrize(
    "kind", [None, "application/json", "Application/JSON; charset=utf-8", "a/b+json"]
)
def test_data_as_bytes(kind: str | None) -> None:
    held = event(datacontenttype=kind)
    held["data_base64"] = base64.b64encode(json.dumps(held.pop("data")).encode()).decode()
    assert rows(held)[0]["customer"] == "u"


def test_data_that_is_no_json_says_nothing() -> None:
    held = event(datacontenttype="application/xml", subject="u", data_base64="AAAA")
    del held["data"]
    assert rows(held, fields={"user_id": "subject"})[0]["customer"] == "u"
    assert rows(event("<xml/>", subject="u"), fields={"user_id": "subject"})[0]["item"] is None


def test_a_batch() -> None:
    assert len(rows(json.dumps([event(), event(id="2")]))) == 2


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"specversion": "0.3"}, "specversion is not 1.0"),
        ({"specversion": 1.0}, "specversion is not 1.0"),
        ({"id": None}, "no id or no source"),
        ({"source": ""}, "no id or no source"),
        ({"type": None}, "no name of the event"),
        ({"time": None}, "no time"),
        ({"time": "2024-03-01"}, "time has no time zone"),
        ({"data": {}}, "no user"),
        ({"data": {"user_id": "u", "traits": [1]}}, "facts is not an object"),
        ({"data": {"user_id": "u", "lines": "x"}}, "lines is not a list"),
        ({"data": {"user_id": "u", "value": "inf"}}, "total is not a finite number"),
    ],
)
def test_rejected(more: dict[str, Any], why: str) -> None:
    read = readers.cloudevents([event(), event(**more)])
    assert dict(read.reasons) == {why: 1}


def test_bytes_that_are_broken() -> None:
    bad = [event(id=str(i), data_base64=b) for i, b in enumerate(["%%%", "e30", "AAAA"])]
    for held in bad:
        del held["data"]
    read = readers.cloudevents([event(), *bad])
    assert dict(read.reasons) == {"data_base64 can't be read": 3}


def test_words_that_are_none_are_left_out_and_counted() -> None:
    read = readers.cloudevents([event({"user_id": "u", "device": {"a": 1}, "channel": 5})])
    assert sum(read.notes.values()) == 2 and len(read.log) == 1
