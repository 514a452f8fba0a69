"""Identities at a glance."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.identity import IdentitySummary
from tests.identity.crowds import POLICIES, log_of, resolved, rows
from tests.identity.test_tables import FAMILY


@given(rows(), st.sampled_from(POLICIES))
@settings(max_examples=10, deadline=None)
def test_counts_add_up(several: Any, policy: Any) -> None:
    who, log = resolved(several, policy), log_of(several)
    held, table = who.summary(), who.to_pandas()
    assert held.customers == sum(held.sizes) == len(who)
    assert held.to_pandas()["identifiers"].sum() == len(table)
    for row in held.types:
        assert row.identifiers == (table["type"] == row.name).sum()
        assert row.customers == table.loc[table["type"] == row.name, "customer"].nunique()
        given = [r["identifiers"][row.name] for r in several if row.name in r["identifiers"]]
        assert row.events + row.blocked == len(given)
    whose = who.customers(log)
    assert held.events == len(whose)
    assert held.nobody == sum(c is None for c in whose)
    assert held.on_shared == sum(c is not None and c.startswith("s") for c in whose)
    assert held.by_rule == who.shared["attributed"].sum()
    assert (held.demoted, held.cut) == (len(who.demoted), len(who.cut))
    assert held.shared == (who.shared["why"] == "cut").sum()
    assert held.quarantined == len(who.quarantined)
    assert repr(held) and held._repr_html_().count("<table") >= 1


def test_the_page_says_what_matters() -> None:
    text, html = repr(FAMILY.summary()), FAMILY._repr_html_()
    for said in (
        "12 customers",
        "1 identifier serves too many people, and links nobody",
        "1 pair of identifiers was seen together and kept apart",
        "3 events and facts came with shared identifiers only: 2 by the rule a customer's",
        "2 events and facts (12.5%) without any identifier left",
        "Shared by the most people",
        "No identifiers",
    ):
        assert said in text and said.replace("'", "&#39;") in html.replace("&#x27;", "&#39;")


def test_the_page_escapes_and_cuts() -> None:
    value = "<i>" + "x" * 2000
    log = of.EventLog.from_events(
        [of.Event(None, "view", "2024-03-01", identifiers={"cookie": value, "device": "null"})]
    )
    held = of.resolve(log).summary()
    assert held.blocked_values == 2 and held.nobody == 1
    assert "<i>" not in held._repr_html_() and "x" * 50 not in held._repr_html_() + repr(held)
    assert "longer than 1,024 characters" in repr(held)


def test_nobody_is_a_summary_too() -> None:
    held = of.resolve(of.EventLog.from_events([]), as_of="2024-03-01").summary()
    assert "0 customers" in repr(held) and "0 customers" in held._repr_html_()


def lumpy(lump: int, others: int) -> IdentitySummary:
    """A lump of one account and its cookies, too large, and others with a cookie each."""
    names = [{"user_id": "u", "cookie": f"c{i}"} for i in range(lump - 1)]
    names += [{"user_id": f"v{i}"} for i in range(others)]
    events = [of.Event(None, "view", "2024-03-01", identifiers=each) for each in names]
    return of.resolve(of.EventLog.from_events(events), of.IdentityPolicy(giant=9)).summary()


def test_much_in_quarantine_is_said_at_the_top() -> None:
    loud, quiet = lumpy(12, 20), lumpy(10, 990)
    assert loud.quarantined_types == (("cookie", 11), ("user_id", 1))
    for page in (repr(loud), loud._repr_html_()):
        for said in (
            "12 of 32 identifiers (37.5%) are in quarantine",
            "cookie (11) and user_id (1)",
            "more than 9,",
            "Look at .quarantined",
        ):
            assert said in page
        assert page.lower().index("warning") < page.index("user_id")
    assert quiet.quarantined == 10
    for page in (repr(quiet), quiet._repr_html_()):
        assert "warning" not in page.lower() and "10 identifiers are in quarantine" in page


def test_the_largest_are_named_by_their_strongest_identifier() -> None:
    held = FAMILY.summary()
    own = FAMILY.to_pandas().set_index(["type", "value"])["customer"]
    assert len(held.largest) == 5
    for customer, n, kind, value in held.largest:
        members = FAMILY.members(customer)
        assert n == len(members) and (kind, value) == tuple(members.iloc[0][["type", "value"]])
        assert own[kind, value] == customer
        assert f"{kind} {value}" in repr(held) and f"{kind} {value}" in held._repr_html_()
