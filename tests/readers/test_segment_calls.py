"""Segment's calls: what each field becomes."""

from typing import Any

import pytest

import onefold as of
from onefold import readers
from onefold.errors import ArgumentError
from onefold.readers.orders import DIFFER, INSIDE, REST

TIME = "2024-03-01T09:30:00Z"


def call(**more: Any) -> dict[str, Any]:
    held = {"type": "track", "event": "Thing Done", "userId": "u", "timestamp": TIME}
    return {**held, "messageId": "m", **more}


def rows(*calls: Any, **chosen: Any) -> list[dict[Any, Any]]:
    read = readers.segment(list(calls), **chosen)
    assert not len(read.rejected), read
    frame = read.log.to_pandas()
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def test_the_example_folds_into_sensible_traits() -> None:
    read = readers.segment(readers.example("segment"))
    ann = of.fold(read.log)["ann"]  # whose order was delivered twice
    assert (ann["frequency"], ann["monetary"], ann["plan"], ann["age"]) == (1, 24.7, "pro", 43)
    assert (ann["address.city"], ann["newsletter"]) == ("Berlin", "yes")
    bob = of.fold(read.log)["bob"]
    assert bob["channels"] == {"email": 0.5, "mobile": 0.5}


def test_ids() -> None:
    both = call(anonymousId="a")
    [row] = rows(both)
    assert (row["customer"], row["user_id"], row["anonymous_id"]) == ("u", "u", "a")
    [row] = rows(call(userId=None, anonymousId="a"))
    assert (row["customer"], row["anonymous_id"]) == ("a", "a") and "user_id" not in row
    [row] = rows(call(userId=17))
    assert row["customer"] == "17"


def test_only_user_ids() -> None:
    read = readers.segment([call(), call(userId="", anonymousId="a")], anonymous=False)
    assert (len(read.log), dict(read.skipped)) == (1, {"no user id (anonymous=False)": 1})


def test_times() -> None:
    [row] = rows(call(receivedAt="2024-03-02T00:00:00Z"))
    assert (str(row["time"]), str(row["received"])) == (
        "2024-03-01 09:30:00+00:00",
        "2024-03-02 00:00:00+00:00",
    )
    [row] = rows(call(timestamp=None, originalTimestamp="2024-03-01T10:00:00+01:00"))
    assert str(row["time"]) == "2024-03-01 09:00:00+00:00"
    [row] = rows(call(timestamp="2024-03-01T10:00:00"), tz="Europe/Berlin")
    assert str(row["time"]) == "2024-03-01 09:00:00+00:00"


def test_deliveries_count_once_and_line_ids_are_made_of_positions() -> None:
    products = [{"sku": "a", "price": 1}, {"sku": "b", "price": 2}]
    order = call(event="Order Completed", properties={"products": products})
    log = readers.segment([order, order]).log
    assert (len(log), len(log.deduplicate())) == (4, 2)
    single = of.Event("u", "view", TIME, id="m/2", source="segment")
    both = log + of.EventLog.from_events([single])
    assert len(both.deduplicate()) == 2


def test_orders() -> None:
    products = [{"product_id": "a", "price": 4.9, "quantity": 2}, {"sku": "b", "price": "14.90"}]
    told = {"order_id": 7, "currency": "eur", "revenue": 99, "products": products}
    first, second = rows(call(event="Order Completed", properties=told))
    assert (first["event"], first["item"], first["quantity"], first["value"]) == (
        "purchase",
        "a",
        2.0,
        9.8,
    )
    assert (second["item"], second["quantity"], second["value"]) == ("b", None, 14.9)
    assert first["basket"] == second["basket"] == "7"


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ({"revenue": 5, "total": 6}, 5.0),
        ({"total": 6, "value": 7}, 6.0),
        ({"value": 7}, 7.0),
        ({"price": 2, "quantity": 4}, 8.0),
        ({}, None),
    ],
)
def test_orders_without_products(told: dict[str, Any], value: float | None) -> None:
    [row] = rows(call(event="Order Completed", properties=told))
    assert row["value"] == value


def bought(told: dict[str, Any]) -> tuple[list[Any], dict[str, int]]:
    told = {"currency": "USD", **told}
    read = readers.segment([call(event="Order Completed", properties=told)])
    return read.log.to_pandas()["value"].tolist(), dict(read.notes)


def test_discounts() -> None:
    tea = {"sku": "a", "price": 10, "quantity": 2}
    assert bought({"revenue": 18, "discount": 2, "products": [tea]}) == ([18.0], {})
    assert bought({"revenue": 18, "products": [tea | {"discount": 2}]}) == ([18.0], {})
    assert bought({"price": 10, "quantity": 2, "discount": 2}) == ([18.0], {})
    assert bought({"revenue": 17, "products": [tea]}) == ([20.0], {DIFFER: 1})
    bare = [{"sku": "a"}, {"sku": "b"}]
    assert bought({"revenue": 18, "products": bare}) == ([9.0, 9.0], {REST: 2})


def test_discounts_in_either_way_that_is_in_use() -> None:
    """The revenue before the discount and the subtotal after it; prices before it, or after."""
    told = {"total": 27.5, "subtotal": 22.5, "revenue": 25, "shipping": 3, "tax": 2}
    lines = [{"sku": "a", "price": 19, "quantity": 1}, {"sku": "b", "price": 3, "quantity": 2}]
    assert bought({**told, "discount": 2.5, "products": lines}) == ([17.1, 5.4], {})
    told = {"total": 52, "subtotal": 45, "revenue": 50, "shipping": 4, "tax": 3, "discount": 5}
    lines = [{"sku": "a", "price": 40}, {"sku": "b", "price": 5}]
    assert bought({**told, "products": lines}) == ([40.0, 5.0], {INSIDE: 1})


def test_refunds_take_money_back() -> None:
    [row] = rows(call(event="Order Refunded", properties={"order_id": "o", "total": 30}))
    assert (row["event"], row["value"], row["basket"]) == ("return", -30.0, "o")


def test_what_was_looked_at_costs_nothing() -> None:
    told = {"product_id": "a", "price": 4.9, "quantity": 2}
    for name, kind in (("Product Viewed", "view"), ("Product Added", "cart")):
        [row] = rows(call(event=name, properties=told))
        assert (row["event"], row["item"], row["quantity"], row["value"]) == (kind, "a", 2.0, None)


def test_revenue_of_an_event_of_another_name() -> None:
    [row] = rows(call(event="Plan Renewed", properties={"revenue": "9.99", "currency": "EUR"}))
    assert (row["event"], row["value"]) == ("Plan Renewed", 9.99)


def test_a_kind_of_ones_own_that_is_a_purchase() -> None:
    told = {"products": [{"sku": "a", "price": 3}]}
    [row] = rows(call(properties=told), kinds={"Thing Done": "purchase"})
    assert (row["event"], row["value"]) == ("purchase", 3.0)


def test_names_stay_without_kinds() -> None:
    told = {"products": [{"sku": "a", "price": 3}]}
    [row] = rows(call(event="Order Completed", properties=told), kinds=None)
    assert (row["event"], row["value"]) == ("Order Completed", 3.0)


def test_lists_that_were_shown_are_one_event_without_an_item() -> None:
    told = {"list_id": "l", "products": [{"sku": "a"}, {"sku": "b"}]}
    [row] = rows(call(event="Product List Viewed", properties=told))
    assert row["item"] is None and row["event"] == "Product List Viewed"


def test_pages_and_screens() -> None:
    page = call(type="page", event=None, properties={"path": "/tea", "url": "https://x/tea"})
    screen = call(type="screen", event=None, name="Home")
    first, second = rows(page, screen)
    assert (first["event"], first["page"], first["channel"]) == ("page", "/tea", "web")
    assert (second["event"], second["page"], second["channel"]) == ("screen", "Home", "mobile")


@pytest.mark.parametrize(
    ("more", "channel"),
    [
        ({"channel": "server"}, "server"),
        ({"channel": "browser"}, "web"),
        ({"context": {"library": {"name": "analytics.js"}}}, "web"),
        ({"context": {"library": {"name": "analytics-kotlin"}}}, "mobile"),
        ({"context": {"library": {"name": "analytics-python"}}}, "server"),
        ({"event": "Email Opened"}, "email"),
        ({}, None),
    ],
)
def test_channels(more: dict[str, Any], channel: str | None) -> None:
    assert rows(call(**more))[0]["channel"] == channel


def test_context() -> None:
    context = {
        "device": {"model": "Pixel 8"},
        "os": {"name": "Android"},
        "campaign": {"medium": "email"},
        "page": {"path": "/x"},
        "sessionId": 12,
        "timezone": "America/New_York",
    }
    read = readers.segment([call(context=context)])
    [row] = read.log.to_pandas().to_dict("records")
    assert (row["device"], row["platform"], row["medium"]) == ("Pixel 8", "Android", "email")
    assert (row["page"], row["basket"]) == ("/x", "12")
    assert read.log.events.array("local").tolist() == [-5 * 3600]


def test_identify_links_ids_and_states_facts() -> None:
    told = call(type="identify", event=None, anonymousId="a", traits={"plan": "pro", "l": [1]})
    read = readers.segment([told])
    [row] = read.log.to_pandas().to_dict("records")
    assert (row["event"], row["user_id"], row["anonymous_id"]) == ("identify", "u", "a")
    assert of.fold(read.log)["u"]["plan"] == "pro"
    assert dict(read.notes) == {"fact that is a list or an object: not kept": 1}
    alone = readers.segment([told | {"anonymousId": None}])
    assert (len(alone.log), len(alone.log.facts), alone.accepted) == (0, 1, 1)
    quiet = readers.segment([told], kinds={"identify": None})
    assert (len(quiet.log), len(quiet.log.facts)) == (0, 1)


def test_identify_of_nothing_is_skipped() -> None:
    read = readers.segment([call(), call(type="identify", traits={"a": None})])
    assert dict(read.skipped) == {"identify with nothing in it but one id": 1}


def test_alias() -> None:
    [row] = rows(call(type="alias", previousId="a", event=None))
    assert (row["event"], row["user_id"], row["anonymous_id"]) == ("alias", "u", "a")


def test_batches_as_sent_to_the_api() -> None:
    read = readers.segment([{"batch": [call(), call(messageId="n"), 5], "sentAt": TIME}])
    assert (len(read), len(read.log), dict(read.reasons)) == (3, 2, {"not an object": 1})


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"type": "tracked"}, "type is not one of the spec's calls"),
        ({"type": ["track"]}, "type is not one of the spec's calls"),
        ({"userId": None}, "no user"),
        ({"userId": 1.5}, "userId is not text"),
        ({"userId": "x" * 1001}, "userId is longer than 1,000 characters"),
        ({"timestamp": None}, "no time"),
        ({"timestamp": "2024-03-01T09:30:00"}, "timestamp has no time zone"),
        ({"event": None}, "no name of the event"),
        ({"context": []}, "context is not an object"),
        ({"properties": "x"}, "properties is not an object"),
        ({"properties": {"products": {}}}, "products is not a list"),
        ({"properties": {"products": ["x"]}}, "a product is not an object"),
        ({"properties": {"quantity": "many"}}, "quantity is not a finite number"),
        ({"properties": {"revenue": 1e15}}, "total is absurdly large"),
        ({"event": "a\ud800"}, "text that is not valid Unicode"),
    ],
)
def test_rejected(more: dict[str, Any], why: str) -> None:
    read = readers.segment([call(), call(**more)])
    assert dict(read.reasons) == {why: 1} and len(read.log) == 1


def test_arguments_are_checked() -> None:
    with pytest.raises(ArgumentError, match=r"^readers.segment: kinds is"):
        readers.segment([], kinds="purchase")
