"""Identities at a glance."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
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
