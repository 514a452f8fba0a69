"""Statements and the facts that they are: what is said is what is read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import onefold as of
from onefold.consent import Consent
from onefold.consent.words import FOREVER, Said, read
from onefold.errors import ArgumentError

START = np.datetime64("2024-03-01T12:00:00.000001", "us")
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda t: t.strip())


@given(texts, st.booleans(), st.none() | texts, st.none() | st.integers(1, 10**15))
def test_a_text_is_read_as_it_was_said(
    purpose: str, granted: bool, source: str | None, length: int | None
) -> None:
    until = None if length is None or not granted else START + np.timedelta64(length, "us")
    said = Consent(purpose.strip(), granted, time=START, source=source, until=until)
    assert Consent.of(said.name, said.text, time=START) == said
    fact = said.to_log(("email", "ann@x.org")).facts
    assert fact.coded("name").decode().tolist() == [said.name]
    assert fact.coded("text").decode().tolist() == [said.text]
    assert fact.array("time").tolist() == [START.tolist()]


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    said = read(text)
    assert not said.granted or any(c.isalnum() for c in text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("yes", Said(True, FOREVER, None)),
        (" Opt-In [source: form] ", Said(True, FOREVER, "form")),
        ("YES Until 1970-01-01T00:00:01Z", Said(True, 1_000_000, None)),
        (
            "yes until 1970-01-02 [source: a [source: b]]",
            Said(True, 86_400_000_000, "a [source: b]"),
        ),
        ("no until 1970-01-02", Said(False, FOREVER, None)),
        ("no [source: call centre]", Said(False, FOREVER, "call centre")),
        ("yes until soon", Said(False, FOREVER, None)),
        ("yes until", Said(False, FOREVER, None)),
        ("yes until 1970-01-01 until 1980-01-01", Said(False, FOREVER, None)),
        ("yes [withdrawn]", Said(False, FOREVER, None)),
        ("yes, by no means", Said(False, FOREVER, None)),
        ("until 1970-01-02", Said(False, FOREVER, None)),
        ("", Said(False, FOREVER, None)),
        ("yes" + " " * 10**6 + "until 2100-01-01", Said(False, FOREVER, None)),
    ],
)
def test_what_is_no_yes_is_a_no(text: str, wanted: Said) -> None:
    assert read(text) == wanted


def test_a_statement_holds_from_after_its_instant_up_to_its_end() -> None:
    one = np.timedelta64(1, "us")
    said = Consent("email", True, time=START, until=START + 10 * one)
    assert [said.holds(START + i * one) for i in (0, 1, 9, 10)] == [False, True, True, False]
    assert not Consent("email", False, time=START).holds("2030-01-01")
    assert Consent("email", True, time=START).holds("2030-01-01")


def test_whose_it_is() -> None:
    said = Consent("email", True, time=START)
    assert said.to_log(7).facts.coded("customer").decode().tolist() == ["7"]
    log = said.to_log({"email": ["anna@x.org", "ann@x.org"], "cookie": "c1", "customer": "ann"})
    profiles = of.fold(log, identities=of.resolve(log))
    assert len(profiles) == 1 and profiles["customer", "ann"]["consent:email"] == "yes"
    assert profiles["email", "Ann@X.ORG"].id == profiles["cookie", "c1"].id


def test_wrong_arguments() -> None:
    for wrong in ("", None, " email", 3, "\ud800"):
        with pytest.raises(ArgumentError, match="Consent: purpose"):
            Consent(wrong, True, time=START)
    for wrong in ("yes", 1, None):
        with pytest.raises(ArgumentError, match="Consent: granted"):
            Consent("email", wrong, time=START)
    for wrong in ("", " ", 3):
        with pytest.raises(ArgumentError, match="Consent: source"):
            Consent("email", True, time=START, source=wrong)
    for how in ({"granted": True, "until": START}, {"granted": False, "until": "2099-01-01"}):
        with pytest.raises(ArgumentError, match="Consent: until"):
            Consent("email", time=START, **how)
    with pytest.raises(ArgumentError, match="Consent: time"):
        Consent("email", True, time="yesterday")
    for who in (None, ["ann"], ("a", "b", "c"), {}, {"e mail": "x"}, {"email": 1.5}, True, ""):
        with pytest.raises(ArgumentError, match="consent: who"):
            Consent("email", True, time=START).to_log(who)
    for name, text in (("consent", "yes"), ("region", "yes"), ("consent:x", 1), (None, "yes")):
        with pytest.raises(ArgumentError, match=r"Consent\.of: name"):
            Consent.of(name, text, time=START)
