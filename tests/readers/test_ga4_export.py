"""GA4's export to BigQuery: nested parameters, items, user properties."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import onefold as of
from onefold import readers
from onefold.readers.orders import DIFFER

MICROS = 1_709_285_400_000_000  # 2024-03-01 09:30 UTC


def params(**held: Any) -> list[dict[str, Any]]:
    def typed(value: Any) -> dict[str, Any]:
        return {"int_value" if isinstance(value, int) else "string_value": value}

    return [{"key": key, "value": typed(value)} for key, value in held.items()]


def row(**more: Any) -> dict[str, Any]:
    held = {"event_name": "view_item", "event_timestamp": MICROS, "user_pseudo_id": "p"}
    return {**held, "batch_page_id": 1, "batch_ordering_id": 1, "batch_event_index": 1, **more}


def rows(*given: Any, **chosen: Any) -> list[dict[Any, Any]]:
    read = readers.ga4(list(given), **chosen)
    assert not len(read.rejected), read
    frame = read.log.to_pandas()
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def test_the_example_folds_into_sensible_traits() -> None:
    profiles = of.fold(readers.ga4(readers.example("ga4")).log)
    assert (profiles["ann"]["monetary"], profiles["ann"]["tier"]) == (24.7, "gold")
    assert profiles["bob"]["monetary"] == 3.5


def test_ids_and_times() -> None:
    [known] = rows(row(user_id="u"))
    assert (known["customer"], known["anonymous_id"]) == ("u", "p")
    assert str(known["time"]) == "2024-03-01 09:30:00+00:00" and "received" not in known
    [anonymous] = rows(row(event_timestamp=str(MICROS)))
    assert anonymous["customer"] == "p" and anonymous["time"] == known["time"]
    assert len(readers.ga4([row()], anonymous=False).log) == 0


def test_a_row_that_lies_in_two_tables_counts_once() -> None:
    text = json.dumps(row() | {k: str(v) for k, v in row().items()})
    log = readers.ga4([row(), json.loads(text), row(batch_event_index=2)]).log
    assert (len(log), len(log.deduplicate())) == (3, 2)


def test_without_batches_the_contents_tell_rows_apart() -> None:
    old = row(batch_event_index=None)
    other = old | {"event_params": params(page_title="x")}
    assert len(readers.ga4([old, old, other]).log.deduplicate()) == 2


def test_purchases() -> None:
    items = [
        {"item_id": "a", "price": 4.9, "quantity": 2},
        {"item_id": "(not set)", "item_name": "Pot", "price": None, "item_revenue": 14.9},
    ]
    told = row(
        event_name="purchase",
        items=items,
        ecommerce={"transaction_id": "o", "purchase_revenue": 24.7},
        event_params=params(currency="EUR", ga_session_id=5),
    )
    read = readers.ga4([told])
    first, second = read.log.to_pandas().to_dict("records")
    assert (first["event"], first["item"], first["value"], first["basket"]) == (
        "purchase",
        "a",
        9.8,
        "o",
    )
    assert (second["item"], second["value"]) == ("Pot", 14.9) and read.log.currency == "EUR"


def test_orders_without_items_or_ids() -> None:
    told = {
        "event_name": "purchase",
        "ecommerce": {"purchase_revenue": 5, "transaction_id": "(not set)"},
    }
    [found] = rows(row(**told, event_params=params(ga_session_id=5)))
    assert (found["value"], found["basket"]) == (5.0, "p.5")


def test_refunds() -> None:
    told = {"event_name": "refund", "ecommerce": {"refund_value": 5, "transaction_id": "o"}}
    [found] = rows(row(**told))
    assert (found["event"], found["value"]) == ("return", -5.0)


def test_lists_are_one_event_and_other_items_each_their_own() -> None:
    items = [{"item_id": "a", "price": 1}, {"item_id": "b", "price": 2}]
    assert [r["item"] for r in rows(row(items=items))] == ["a", "b"]
    assert [r["value"] for r in rows(row(items=items))] == [None, None]
    assert [r["item"] for r in rows(row(event_name="view_item_list", items=items))] == [None]


def test_bigquerys_own_wrapping_of_lists() -> None:
    wrapped = {"list": [{"element": one} for one in params(ga_session_id=7, plan="pro")]}
    items = {"list": [{"element": {"item_id": "a"}}]}
    [found] = rows(row(event_params=wrapped, items=items), properties=["event_params.plan"])
    assert (found["item"], found["basket"], found["plan"]) == ("a", "p.7", "pro")


@pytest.mark.parametrize(
    ("offset", "local"),
    [
        (3600, 3600),
        ("-18000", -18_000),
        (0, 0),
        (19_800, 19_800),
        (50_400, 50_400),
        (None, None),
        (12_600, None),
    ],
)
def test_clocks(offset: Any, local: int | None) -> None:
    read = readers.ga4([row(device={"time_zone_offset_seconds": offset})])
    missing = -(2**31)
    assert read.log.events.array("local").tolist() == [missing if local is None else local]
    assert bool(read.notes) == (offset == 12_600)


def test_devices() -> None:
    device = {"category": "mobile", "operating_system": "iOS", "web_info": {"browser": "Safari"}}
    told = row(
        device=device, platform="IOS", event_params=params(page_location="https://x/tea?y=1")
    )
    [found] = rows(told)
    assert (found["device"], found["platform"], found["browser"]) == ("mobile", "iOS", "Safari")
    assert (found["channel"], found["page"]) == ("mobile", "/tea")


def test_user_properties_are_facts_from_when_they_were_set() -> None:
    value = {"string_value": "gold", "set_timestamp_micros": str(MICROS - 86_400_000_000)}
    told = [{"key": "tier", "value": value}, {"key": "n", "value": {"int_value": "3"}}]
    log = readers.ga4(
        [row(user_properties=told), row(user_properties=told, batch_event_index=2)]
    ).log
    assert len(log.facts) == 2
    assert of.fold(log, as_of="2024-03-01")["p"]["tier"] == "gold"
    assert of.fold(log)["p"]["n"] == 3.0


def test_what_is_left_out_still_states_facts() -> None:
    told = [{"key": "tier", "value": {"string_value": "gold"}}]
    read = readers.ga4([row(event_name="session_start", user_properties=told)])
    assert (read.accepted, len(read.log), len(read.log.facts)) == (1, 0, 1)
    read = readers.ga4([row(), row(event_name="session_start")])
    assert dict(read.skipped) == {"session_start (left out by kinds=)": 1}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"user_pseudo_id": None}, "no user"),
        ({"event_name": None}, "no name of the event"),
        ({"event_timestamp": None}, "no time"),
        ({"event_timestamp": "soon"}, "event_timestamp is not a finite number"),
        ({"event_timestamp": 10**17}, "event_timestamp is outside 1700 to 2200"),
        ({"items": {"a": 1}}, "items is not a list"),
        ({"items": ["a"]}, "an item is not an object"),
        ({"event_params": "x"}, "event_params is not a list"),
        ({"device": "x"}, "device is not an object"),
        ({"batch_page_id": "a\ud800"}, "text that is not valid Unicode"),
        ({"user_properties": ["x"]}, "a user property is not an object"),
    ],
)
def test_rejected(more: dict[str, Any], why: str) -> None:
    read = readers.ga4([row(), row(**more)])
    assert dict(read.reasons) == {why: 1}


def test_lines_that_do_not_add_up_to_the_value() -> None:
    lines = [{"item_id": "a", "price": 8, "discount": 2, "quantity": 3}]
    held = row(event_name="purchase", items=lines, event_params=params(value=24))
    read = readers.ga4([held, held | {"event_params": params(value=30, tax=6)}])
    assert read.log.to_pandas()["value"].tolist() == [24.0, 24.0] and not read.notes
    read = readers.ga4([held | {"ecommerce": {"purchase_revenue": 18}, "event_params": []}])
    assert read.log.to_pandas()["value"].tolist() == [24.0] and dict(read.notes) == {DIFFER: 1}


def test_frames_in_which_missing_values_are_nan(tmp_path: Path) -> None:
    bought = row(
        event_name="purchase",
        user_id=17,
        items=[{"item_id": "a", "price": 4.9, "quantity": 2}],
        event_params=params(currency="EUR", ga_session_id=5),
        ecommerce={"transaction_id": "o"},
        device={"category": "mobile"},
    )
    viewed = row(event_timestamp=MICROS + 1)
    expected = readers.ga4([bought, viewed]).log.to_pandas()
    assert expected["customer"].tolist() == ["17", "p"]
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(bought) + "\n" + json.dumps(viewed) + "\n")
    frames = [pd.DataFrame([bought, viewed]), pd.read_json(path, lines=True)]
    records = list(frames[0].to_dict("records"))
    for source in (*frames, records, [record | {"items": pd.NA} for record in records[1:]]):
        read = readers.ga4(source)
        assert not len(read.rejected), read
    for source in (*frames, records):
        pd.testing.assert_frame_equal(readers.ga4(source).log.to_pandas(), expected)
