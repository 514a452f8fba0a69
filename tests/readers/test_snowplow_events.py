"""Snowplow's enriched events, as TSV and as JSON."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import onefold as of
from onefold import readers
from onefold.readers.orders import DIFFER
from onefold.readers.snowplow_tsv import FIELDS, Shredder

TIME = "2024-03-01 09:30:00.000"
SNOWPLOW = "iglu:com.snowplowanalytics.snowplow/"
SHOP = "iglu:com.snowplowanalytics.snowplow.ecommerce/"
WRAPPED = SNOWPLOW + "unstruct_event/jsonschema/1-0-0"


def line(**cells: Any) -> str:
    held = {"event": "page_view", "event_id": "e", "user_id": "u", "collector_tstamp": TIME}
    held = {**held, "derived_tstamp": TIME, **cells}
    assert set(held) <= set(FIELDS)
    return "\t".join("" if held.get(f) is None else str(held[f]) for f in FIELDS)


def described(
    name: str, data: Any, *, vendor: str = "com.snowplowanalytics.snowplow"
) -> dict[str, str]:
    schema = f"iglu:{vendor}/{name}/jsonschema/1-0-2"
    return {
        "event": "unstruct",
        "event_name": name,
        "event_vendor": vendor,
        "event_version": "1-0-2",
        "unstruct_event": json.dumps({"schema": WRAPPED, "data": {"schema": schema, "data": data}}),
    }


def action(kind: str) -> dict[str, str]:
    vendor = "com.snowplowanalytics.snowplow.ecommerce"
    return described("snowplow_ecommerce_action", {"type": kind}, vendor=vendor)


def entities(*parts: tuple[str, Any]) -> str:
    held = [{"schema": schema, "data": data} for schema, data in parts]
    return json.dumps({"schema": SNOWPLOW + "contexts/jsonschema/1-0-1", "data": held})


def product(**data: Any) -> tuple[str, Any]:
    return SHOP + "product/jsonschema/1-0-0", {"currency": "EUR", **data}


def rows(*lines: Any, **chosen: Any) -> list[dict[Any, Any]]:
    read = readers.snowplow(list(lines), **chosen)
    assert not len(read.rejected), read
    frame = read.log.to_pandas()
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def test_the_columns() -> None:
    assert len(FIELDS) == len(set(FIELDS)) == 131
    some = {0: "app_id", 6: "event_id", 52: "contexts", 58: "unstruct_event", 124: "derived_tstamp"}
    assert {at: FIELDS[at] for at in some} == some and FIELDS[130] == "true_tstamp"


def test_the_example_folds_into_sensible_traits() -> None:
    profiles = of.fold(readers.snowplow(readers.example("snowplow")).log)
    assert (profiles["ann"]["monetary"], profiles["ann"]["frequency"]) == (24.7, 1)
    assert profiles["bob"]["monetary"] == 3.5


def as_json(text: str) -> dict[str, Any]:
    """What the SDKs make of a line."""
    held = Shredder().shred(text)
    return {k: v.replace(" ", "T") + "Z" if k.endswith("_tstamp") else v for k, v in held.items()}


def dumped(document: Any) -> str:
    return json.dumps(document, default=float)


def test_the_same_of_tsv_of_json_and_of_a_frame(tmp_path: Path) -> None:
    lines = readers.example("snowplow").read_text().splitlines()
    good = [one for one in lines if one.count("\t") == 130]
    expected = readers.snowplow(good)
    documents = [as_json(one) for one in good]
    path = tmp_path / "events.json"
    path.write_text("\n".join(map(dumped, documents)))
    whole = pd.DataFrame(documents).astype(object)
    whole = whole.where(whole.notna(), None)
    for source in (documents, [dumped(d) for d in documents], path, whole):
        read = readers.snowplow(source)
        assert read.log == expected.log
        assert (read.reasons, read.skipped) == (expected.reasons, expected.skipped)


def test_schemas_and_their_fields() -> None:
    shredder = Shredder()
    names = {
        "iglu:com.acme/signUp/jsonschema/1-0-2": "unstruct_event_com_acme_sign_up_1",
        "iglu:com.acme.x/Sign-up/jsonschema/12-0-0": "unstruct_event_com_acme_x_sign_up_12",
        "iglu:com.acme/a": None,
        "": None,
    }
    assert {schema: shredder.key("unstruct_event", schema) for schema in names} == names


def test_ids() -> None:
    session = entities(
        (SNOWPLOW + "client_session/jsonschema/1-0-2", {"userId": "m", "sessionId": "s"})
    )
    found = [
        rows(line(user_id=user, domain_userid=domain, network_userid="n", contexts=held))[0]
        for user, domain, held in (
            ("u", "d", ""),
            ("", "d", session),
            ("", "", session),
            ("", "", ""),
        )
    ]
    assert [row["customer"] for row in found] == ["u", "d", "m", "n"]
    assert [row["anonymous_id"] for row in found] == ["d", "d", "m", "n"]
    assert found[2]["basket"] == "s"


def test_times() -> None:
    [row] = rows(line(collector_tstamp="2024-03-01 09:30:01.5"))
    assert (str(row["time"]), str(row["received"])) == (
        "2024-03-01 09:30:00+00:00",
        "2024-03-01 09:30:01.500000+00:00",
    )
    [row] = rows(line(derived_tstamp=""))
    assert str(row["time"]) == "2024-03-01 09:30:00+00:00"


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({}, "page"),
        ({"event": "struct", "event_name": "event", "se_action": "play"}, "play"),
        (described("site_search", {"terms": ["tea"]}), "search"),
        (described("link_click", {}), "click"),
        (described("signUp", {}, vendor="com.acme"), "signUp"),
        (action("checkout_step"), "snowplow_ecommerce_action.checkout_step"),
        (action("product_view"), "view"),
        ({"event": "ad_impression"}, "ad_impression"),
    ],
)
def test_kinds(cells: dict[str, str], kind: str) -> None:
    assert [row["event"] for row in rows(line(**cells))] == [kind]


def test_orders_of_the_plug_in() -> None:
    order = (
        SHOP + "transaction/jsonschema/1-0-0",
        {"transaction_id": "o", "revenue": 9, "currency": "EUR"},
    )
    held = entities(order, product(id="a", price=4.9, quantity=2), product(id="b", price=1.25))
    first, second = rows(line(contexts=held, **action("transaction")))
    assert (first["event"], first["item"], first["value"], first["basket"]) == (
        "purchase",
        "a",
        9.8,
        "o",
    )
    assert (second["item"], second["value"]) == ("b", 1.25)


@pytest.mark.parametrize(
    ("told", "value", "notes"),
    [
        ({"revenue": 18, "discount_amount": 2}, 18.0, {}),
        ({"revenue": 23, "discount_amount": 2, "shipping": 4, "tax": 1}, 18.0, {}),
        ({"revenue": 24, "shipping": 4}, 20.0, {}),
        ({"revenue": 30}, 20.0, {DIFFER: 1}),
    ],
)
def test_discounts_of_the_plug_in(told: dict[str, Any], value: float, notes: Any) -> None:
    order = (SHOP + "transaction/jsonschema/1-0-0", {"transaction_id": "o", **told})
    held = entities(order, product(id="a", price=10, list_price=12, quantity=2))
    read = readers.snowplow([line(contexts=held, **action("transaction"))], currency="EUR")
    assert read.log.to_pandas()["value"].tolist() == [value] and dict(read.notes) == notes


def test_refunds_of_the_plug_in() -> None:
    back = (
        SHOP + "refund/jsonschema/1-0-0",
        {"transaction_id": "o", "refund_amount": 5, "currency": "EUR"},
    )
    [row] = rows(line(contexts=entities(back), **action("refund")))
    assert (row["event"], row["value"], row["basket"]) == ("return", -5.0, "o")


def test_carts_and_lists_of_the_plug_in() -> None:
    held = entities(product(id="a", price=4.9, quantity=2), product(id="b", price=1))
    first, second = rows(line(contexts=held, domain_sessionid="s", **action("add_to_cart")))
    assert (first["event"], first["item"], first["quantity"], first["value"]) == (
        "cart",
        "a",
        2.0,
        None,
    )
    assert second["basket"] == "s"
    [row] = rows(line(contexts=held, **action("list_view")))
    assert row["item"] is None


def test_the_old_way_of_orders() -> None:
    item = {
        "ti_orderid": "o",
        "ti_sku": "a",
        "ti_price": "2.50",
        "ti_quantity": "3",
        "ti_currency": "EUR",
    }
    whole = {"tr_orderid": "o", "tr_total": "7.5", "tr_currency": "EUR"}
    lines = [
        line(event="transaction", event_id="1", **whole),
        line(event="transaction_item", **item),
    ]
    total, sold = rows(*lines)
    assert (total["event"], total["value"], total["basket"]) == ("transaction", None, "o")
    assert (sold["event"], sold["item"], sold["value"], sold["basket"]) == (
        "purchase",
        "a",
        7.5,
        "o",
    )
    kinds = {**readers.SNOWPLOW_KINDS, "transaction": "purchase", "transaction_item": None}
    [total] = rows(*lines, kinds=kinds)
    assert (total["event"], total["value"]) == ("purchase", 7.5)


def test_the_old_way_of_carts() -> None:
    told = {"sku": "a", "unitPrice": 2, "quantity": 3, "currency": "EUR"}
    [row] = rows(line(**described("add_to_cart", told)))
    assert (row["event"], row["item"], row["quantity"], row["value"]) == ("cart", "a", 3.0, None)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            {"dvce_type": "Mobile", "os_family": "Android", "br_family": "Chrome"},
            ("Mobile", "Android", "Chrome"),
        ),
        (
            {
                "derived_contexts": entities(
                    (
                        SNOWPLOW + "ua_parser_context/jsonschema/1-0-0",
                        {
                            "deviceFamily": "Mac",
                            "osFamily": "Mac OS X",
                            "useragentFamily": "Safari",
                        },
                    )
                )
            },
            ("Mac", "Mac OS X", "Safari"),
        ),
        (
            {
                "contexts": entities(
                    (
                        SNOWPLOW + "mobile_context/jsonschema/1-0-2",
                        {"osType": "ios", "deviceModel": "iPhone14,5"},
                    )
                )
            },
            ("iPhone14,5", "ios", None),
        ),
    ],
)
def test_technology(cells: dict[str, str], said: tuple[str | None, ...]) -> None:
    [row] = rows(line(**cells))
    assert tuple(row.get(name) for name in ("device", "platform", "browser")) == said


def test_where_and_when_it_is_there() -> None:
    cells = {
        "platform": "mob",
        "page_urlpath": "/tea",
        "mkt_medium": "cpc",
        "geo_timezone": "Asia/Kolkata",
    }
    read = readers.snowplow([line(**cells)], properties=["geo_country"])
    [row] = read.log.to_pandas().to_dict("records")
    assert (row["channel"], row["page"], row["medium"]) == ("mobile", "/tea", "cpc")
    assert read.log.events.array("local").tolist() == [19_800]


def test_paths_into_entities() -> None:
    held = entities(("iglu:com.acme/plan/jsonschema/1-0-0", {"name": "pro"}))
    [row] = rows(line(contexts=held), properties={"plan": "contexts_com_acme_plan_1.0.name"})
    assert row["plan"] == "pro"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (line() + "\t", "not 131 columns"),
        (line()[:100], "not 131 columns"),
        (line(user_id=""), "no user"),
        (line(derived_tstamp="", collector_tstamp=""), "no time"),
        (line(derived_tstamp="soon"), "derived_tstamp can't be read"),
        (line(contexts="{"), "broken JSON in contexts"),
        (line(contexts='{"data": [{}]}'), "broken JSON in contexts"),
        (line(derived_contexts="[]"), "broken JSON in derived_contexts"),
        (line(unstruct_event='{"data": 5}'), "broken JSON in unstruct_event"),
        (line(**action("")), "no name of the event"),
        (line(event=""), "no name of the event"),
    ],
)
def test_rejected(text: str, why: str) -> None:
    read = readers.snowplow([line(), text])
    assert dict(read.reasons) == {why: 1}


def test_a_line_of_names_is_skipped() -> None:
    read = readers.snowplow(["\t".join(FIELDS), line()])
    assert dict(read.skipped) == {"names of the columns": 1} and len(read.log) == 1
