"""One profile: what it says in words, and a newcomer's."""

import pickle

import pytest

import onefold as of
from onefold import traits
from onefold.errors import OnefoldError

LOG = of.EventLog.from_events(
    [
        of.Event("ann", "purchase", "2024-03-01", item="tea", value=4.9, channel="web", zone="UTC"),
        of.Event("ann", "purchase", "2024-03-02", item="jam", value=1200, channel="store"),
        of.Event("bob", "view", "2024-03-03", properties={"colour": "red"}),
    ]
)


def said(profile: of.Profile) -> dict[str, str]:
    """What the text says of each trait; nothing is said of what is not known."""
    lines = repr(profile).partition("\n-")[2].partition("\n\n")[0].splitlines()[1:]
    return dict(line.split(None, 1) for line in lines)


def test_words_have_units_and_no_false_precision() -> None:
    words = said(of.fold(LOG)["ann"])
    assert words["recency"] == "1 day"
    assert words["tenure"] == "2 days"
    assert words["frequency"] == "2"
    assert words["monetary"] == "1,205"
    assert words["channels"] == "store 50.0%, web 50.0%"
    assert "recency" not in said(of.fold(LOG)["bob"])
    assert "no data: recency, monetary" in repr(of.fold(LOG)["bob"])
    just_now = of.fold(LOG)["ann"].after(of.Event("ann", "purchase", "2024-03-05"))
    assert said(just_now)["recency"] == "0 days"
    renamed = of.fold(LOG, [traits.Recency("view", name="seen")], as_of="2024-03-05 12:00")
    assert said(renamed["bob"])["seen"] == "2.50 days"


def test_cards() -> None:
    profiles = of.fold(LOG)
    card = profiles["ann"]._repr_html_()
    assert "<bdi>ann</bdi>" in card and "as of just after 2024-03-03 UTC" in card
    assert "1,205" in card
    assert "Facts" not in card
    evil = of.Event("<script>", "<b>", "2024-01-01", item="<i>")
    shown = of.fold(of.EventLog.from_events([evil]))
    assert "<script>" not in shown["<script>"]._repr_html_()
    assert "<i>" not in shown._repr_html_()
    assert "recency, days" in repr(profiles)


def test_a_newcomer_is_read_with_the_same_traits() -> None:
    profiles = of.fold(LOG, [traits.Share("colour", name="colours"), traits.Count()])
    new = profiles.new("zoe")
    assert len(new) == 0
    assert new.to_dict() == {"colours": None, "count": 0.0}
    later = new.after(of.Event("zoe", "view", "2024-04-01", properties={"colour": "blue"}))
    assert later["colours"] == {"blue": 1.0}
    assert len(profiles) == 2
    assert "zoe" not in profiles


def test_long_chains_of_events_stay_short() -> None:
    profile = of.fold(LOG)["ann"]
    for day in range(1, 28):
        profile = profile.after(of.Event("ann", "purchase", f"2024-04-{day:02d}", id=str(day)))
        assert profile["frequency"] == 2 + day
        assert profile._tail is not None
        assert len(profile._tail.events()) == 1


def test_many_events_one_by_one_and_read_at_the_end() -> None:
    profile = of.fold(LOG)["ann"]
    event = of.Event("ann", "view", "2024-04-01")
    for _ in range(100_000):
        profile = profile.after(event)
    copy = pickle.loads(pickle.dumps(profile))  # no deeper than one call
    assert len(copy) == len(profile) == 100_002
    assert copy["frequency"] == profile["frequency"]


def test_events_and_equality() -> None:
    profile = of.fold(LOG)["ann"]
    assert profile.events()["item"].tolist() == ["tea", "jam"]
    assert profile == of.fold(LOG)["ann"]
    assert profile != of.fold(LOG)["bob"]
    assert profile != 3
    with pytest.raises(OnefoldError, match="'colour' is text in one event"):
        of.EventLog.from_events(
            [of.Event("a", "x", "2024-01-01", properties={"colour": c}) for c in ("red", 3)]
        )
