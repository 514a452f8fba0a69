"""Readers that keep all identifiers: what each format's names become, and what is refused."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import readers
from onefold._columns import Columns, missing
from onefold.errors import ArgumentError, ColumnError
from onefold.events import EventLog
from onefold.events.identifiers import identified, identifier_columns, type_of
from tests.readers.strategies import examples, lines
from tests.readers.test_cloud_events import event
from tests.readers.test_ga4_export import row
from tests.readers.test_segment_calls import call
from tests.readers.test_snowplow_events import SNOWPLOW, entities, line

NAMED = ("segment", "cloudevents", "snowplow", "ga4")
Bundle = set[tuple[str, str]]


def bundles(table: Columns) -> list[Bundle]:
    """The identifiers of each row."""
    out: list[Bundle] = [set() for _ in range(len(table))]
    for kind, names in identifier_columns(table).items():
        for name in names:
            for held, value in zip(out, table.coded(name).decode(), strict=True):
                if value is not None:
                    held.add((kind, value))
    return out


def log_of(name: str, *records: Any, **more: Any) -> EventLog:
    read = getattr(readers, name)(list(records), identities=True, **more)
    assert not len(read.rejected), read
    log: EventLog = read.log
    return log


def test_segment() -> None:
    context = {
        "device": {"id": "d", "advertisingId": "ad", "model": "phone"},
        "traits": {"email": "a@x.org", "phone": 4930123},
        "ip": "10.0.0.1",
    }
    log = log_of("segment", call(anonymousId="a", context=context))
    [held] = bundles(log.events)
    assert held == {
        ("user_id", "u"),
        ("cookie", "a"),
        ("device", "d"),
        ("device", "ad"),
        ("email", "a@x.org"),
        ("phone", "4930123"),
    }
    assert missing(log.events.coded("customer")).all()
    assert list(log.events.coded("source").decode()) == ["segment"]
    frame = log.to_pandas()
    assert "anonymous_id" not in frame
    assert (frame["device"][0], frame["identifier:device"][0]) == ("phone", "d")
    with pytest.raises(ArgumentError, match="identifiers in 1 row"):
        of.fold(log)


def test_an_identify_call_links_and_states() -> None:
    traits = {"email": "a@x.org", "phone": "030", "plan": "pro"}
    log = log_of("segment", call(type="identify", anonymousId="a", traits=traits))
    names = {("user_id", "u"), ("cookie", "a"), ("email", "a@x.org"), ("phone", "030")}
    assert list(log.events.coded("kind").decode()) == ["identify"]
    assert bundles(log.events) == [names]
    assert list(log.facts.coded("name").decode()) == ["email", "phone", "plan"]
    assert bundles(log.facts) == [names] * 3
    assert set(log.facts.coded("source").decode()) == {"segment"}
    quiet = call(type="identify", anonymousId="a", traits=traits)
    log = log_of("segment", quiet, kinds={"identify": None})
    assert (len(log), bundles(log.facts)) == (0, [names] * 3)


def test_an_identify_call_by_email_alone() -> None:
    told = call(type="identify", userId=None, traits={"email": "a@x.org"})
    log = log_of("segment", told)
    assert (len(log), bundles(log.facts)) == (0, [{("email", "a@x.org")}])
    [said] = readers.segment([told, call()], identities=False).reasons
    assert said == "no user"


def test_alias_links_the_previous_id() -> None:
    log = log_of("segment", call(type="alias", previousId="a"))
    assert bundles(log.events) == [{("user_id", "u"), ("cookie", "a")}]
    log = log_of("segment", call(type="alias", previousId="a", anonymousId="b"))
    assert bundles(log.events) == [{("user_id", "u"), ("cookie", "a"), ("cookie", "b")}]
    log = log_of("segment", call(type="alias", previousId="a", anonymousId="a"))
    assert bundles(log.events) == [{("user_id", "u"), ("cookie", "a")}]
    lone = readers.segment([call(type="alias"), call()], identities=True)
    assert dict(lone.skipped) == {"alias with nothing in it but one id": 1}


def test_ga4() -> None:
    device = {"vendor_id": "v", "advertising_id": "ad", "category": "mobile"}
    said = [{"key": "tier", "value": {"string_value": "gold"}}]
    log = log_of("ga4", row(user_id="u", device=device, user_properties=said))
    names = {("user_id", "u"), ("cookie", "p"), ("device", "v"), ("device", "ad")}
    assert bundles(log.events) == bundles(log.facts) == [names]
    unset = {"vendor_id": "", "advertising_id": "(not set)"}
    assert bundles(log_of("ga4", row(device=unset)).events) == [{("cookie", "p")}]


def test_snowplow() -> None:
    contexts = entities(
        (SNOWPLOW + "client_session/jsonschema/1-0-2", {"userId": "s", "sessionId": "1"}),
        (SNOWPLOW + "mobile_context/jsonschema/1-0-2", {"appleIdfa": "fa", "appleIdfv": "fv"}),
    )
    cells = {"domain_userid": "d", "network_userid": "n", "user_ipaddress": "10.0.0.1"}
    log = log_of("snowplow", line(**cells, contexts=contexts))
    names = {("user_id", "u"), ("cookie", "d"), ("cookie", "n"), ("device", "s"), ("device", "fv")}
    assert bundles(log.events) == [names]


def test_cloudevents() -> None:
    data = {"user_id": 7, "device_id": "d", "mail": "a@x.org", "phone": True, "traits": {"n": 1}}
    log = log_of("cloudevents", event(data | {"item": "tea"}), fields={"email": "data.mail"})
    names = {("user_id", "7"), ("cookie", "d"), ("email", "a@x.org")}
    assert bundles(log.events) == bundles(log.facts) == [names]
    assert list(log.facts.coded("source").decode()) == ["/s"]


def test_csv() -> None:
    head = "who,mail,mail2,card,at,shop"
    cells = ["ann,a@x.org,,007,2024-03-01,s", ",,b@x.org,,2024-03-02,s", ",,,,2024-03-03,s"]
    given: dict[str, Any] = {
        "time": "at",
        "event": "purchase",
        "tz": "UTC",
        "system": "till",
        "properties": ["shop"],
        "identifiers": {"email": ["mail", "mail2"], "loyalty_card": "card"},
    }
    read = readers.csv([head, *cells], customer="who", **given)
    assert dict(read.reasons) == {"no user": 1}
    assert bundles(read.log.events) == [
        {("email", "a@x.org"), ("loyalty_card", "007")},
        {("email", "b@x.org")},
    ]
    assert list(read.log.events.coded("customer").decode()) == ["ann", None]
    assert list(read.log.events.coded("source").decode()) == ["till"] * 2
    assert list(read.log.to_pandas()["shop"]) == ["s", "s"]
    alone = readers.csv([head, *cells], **given)
    assert missing(alone.log.events.coded("customer")).all()
    assert alone.log.events.without(["customer"]).equals(read.log.events.without(["customer"]))
    *_, one, two = readers.chunks(readers.csv, [head, *cells[:2]], size=1, **given)
    assert one.log + two.log == alone.log


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, "neither customer= nor identifiers= is given"),
        ({"identifiers": {}}, "identifiers is empty"),
        ({"identifiers": {"e-mail": 3}}, "holds 3; it takes names of columns"),
        ({"identifiers": {"email": "mial"}}, r"\(identifiers\['email'\]=\).*Did you mean 'mail'"),
        (
            {"identifiers": ["mail"], "properties": {"identifier:x": "mail"}},
            "from 'identifier:' on",
        ),
    ],
)
def test_csv_refuses(more: dict[str, Any], says: str) -> None:
    with pytest.raises((ArgumentError, ColumnError), match=says):
        readers.csv(["mail,at", "a,2024-03-01"], time="at", event="x", tz="UTC", **more)


def test_properties_are_no_identifiers() -> None:
    with pytest.raises(ArgumentError, match="from 'identifier:' on"):
        readers.segment([call()], properties={"identifier:email": "properties.mail"})


def test_only_those_with_a_user() -> None:
    read = readers.segment(
        [call(), call(userId=None, anonymousId="a")], identities=True, anonymous=False
    )
    assert dict(read.skipped) == {"no user id (anonymous=False)": 1}
    assert len(read.log) == 1


def test_what_is_no_name_is_left_out_and_counted() -> None:
    context = {"traits": {"email": "x" * 2_000, "phone": ["030"]}}
    read = readers.segment([call(context=context)], identities=True)
    assert bundles(read.log.events) == [{("user_id", "u")}]
    assert dict(read.notes) == {
        "email that is no short text: not kept": 1,
        "phone that is no short text: not kept": 1,
    }


@pytest.mark.parametrize("name", NAMED)
def test_all_else_is_as_without(name: str) -> None:
    source = readers.example(name)
    plain, named = (getattr(readers, name)(source, identities=on) for on in (False, True))
    assert (plain.accepted, plain.skipped) == (named.accepted, named.skipped)
    assert identified(named.log.events).all()
    assert identified(named.log.facts).all()
    assert not identified(plain.log.events).any()
    user = named.log.events.coded("identifier:user_id").decode()
    cookie = named.log.events.coded("identifier:cookie").decode()
    known = [u if u is not None else c for u, c in zip(user, cookie, strict=True)]
    if name != "snowplow":  # where a device may be the anonymous id
        assert known == list(plain.log.events.coded("customer").decode())
    own = ["customer", "property:user_id", "property:anonymous_id"]
    theirs = [*own, "source", *(c for c in named.log.events.data if type_of(c) != c)]
    extra = [c for c in theirs if c.startswith(("identifier:", "source", *own))]
    assert named.log.events.without(extra).equals(plain.log.events.without(own))


@pytest.mark.parametrize("name", NAMED)
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_lines(name: str, data: st.DataObject) -> None:
    source = [examples(name)[0], *data.draw(st.lists(lines(name), max_size=6))]
    read = getattr(readers, name)(source, identities=True)
    assert len(read) == read.accepted + sum(read.skipped.values()) + len(read.rejected)
    assert identified(read.log.events).all()
    assert identified(read.log.facts).all()
    read.log.quality()
    read.log.to_pandas()
