import pandas as pd
import pytest

import onefold as of
from onefold.levels import LEVELS, Everyone, Individual, Neighbours
from tests.scoring.shops import Next, fitted, simulated


def shop() -> of.Profiles:
    """Four buy tea and then jam; ann bought tea once, two visits ago."""
    days: dict[str, list] = {"ann": ["tea", "oat", None], **{c: ["tea", "jam"] for c in "bcde"}}
    return of.fold(
        of.EventLog.from_events(
            of.Event(who, "purchase", f"2025-01-{d:02d}", item=item, value=1)
            for who, items in days.items()
            for d, item in enumerate(items, 1)
        )
    )


def test_reasons_are_told_in_words() -> None:
    profiles = shop()
    levels = (Everyone(), Neighbours(buyers=1), Individual("9D", name="long"), Next())
    scorer = of.Scorer(levels=levels, segments=None).fit(profiles)
    why = scorer.explain(profiles["ann"], "tea").table.set_index("level")["because"]
    assert why["everyone"] == "popular with everyone"
    assert why["long"] == "chosen in 1 of 3 visits, last 2 visits before the last"
    assert why["next"] == "this customer's own"
    jam = scorer.explain(profiles["ann"], "jam").table.set_index("level")["because"]
    assert jam["long"] == "never chosen"
    assert jam["neighbours"].startswith("goes with 'tea' (")
    last = scorer.explain(profiles["b"], "jam").table.set_index("level")["because"]
    assert last["long"] == "chosen in 1 of 2 visits, in the last one"
    rare = scorer.explain(profiles["b"], "oat").table.set_index("level")
    assert rare.loc["long", "probability"] == 0


def test_groups_are_named() -> None:
    scorer, profiles = fitted(), simulated()
    segments = of.segment(profiles, of.RFM()).assignment.by_customer()
    who = profiles.ids[3]
    told = scorer.explain(profiles[who], scorer.items[0]).table.set_index("level")["because"]
    assert told["segment"] == f"segment: {segments[who]}"
    assert told["persona"].startswith("card that fits best: ")


def test_parts_are_weight_times_probability_and_shares_of_the_score() -> None:
    scorer, profiles = fitted(), simulated()
    profile = profiles[profiles.ids[0]]
    for item in scorer.rank(profile, n=5).of():
        made = scorer.explain(profile, item)
        t = made.table
        assert list(t["level"]) == [level.name for level in LEVELS]
        assert t["part"].tolist() == pytest.approx((t["weight"] * t["probability"]).tolist())
        assert t["share"].tolist() == pytest.approx((t["part"] / made.score).tolist())
        assert made.score == pytest.approx(float(scorer.score(profile, [item])[0]), abs=1e-15)


def test_an_explanation_is_shown() -> None:
    scorer, profiles = fitted(), simulated()
    made = scorer.explain(profiles[profiles.ids[0]], scorer.items[0])
    assert f"{scorer.items[0]!r} for {profiles.ids[0]!r}: probability" in repr(made)
    assert "<table" in made._repr_html_()
    frame = made.to_pandas()
    frame.loc[:, "part"] = 0.0
    assert isinstance(frame, pd.DataFrame)
    assert made.table["part"].sum() > 0
