"""What somebody did, as a condition: the same of a table, of one profile, and by brute force."""

import datetime as dt
import pickle
import tempfile
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import onefold as of
from onefold import did, field, trait
from onefold.conditions import And, Compare, CompareTrait, Condition, Not, Or
from onefold.errors import ArgumentError, UnknownName
from onefold.traits import Breadth, Count, Monetary, Over, Share
from tests import oracle
from tests.plugins import Spree
from tests.strategies import CATALOG, END, EPOCH, instants, raws

HOUR = dt.timedelta(hours=1)
WEB, DEAR = field("channel") == "web", field("value") >= 2.5
NAMES = {name: getattr(of.traits, name) for name in of.traits.__all__}
NAMES |= {"did": did, "field": field, "trait": trait, "Spree": Spree}

# Conditions, and what plain Python says of the events before t: a number or a text, or None.
ATOMS = {
    did("purchase").count() >= 2: lambda m, t: len(kind(m)) >= 2,
    did("purchase").where(DEAR).last("3h").count() >= 1: lambda m, t: any(
        dear(r) for r in late(kind(m), t, 3)
    ),
    did("purchase").last("3h").never(): lambda m, t: not late(kind(m), t, 3),
    did().last("3h").any(): lambda m, t: bool(late(m, t, 3)),
    did("view").last("5h", until="2h").any(): lambda m, t: any(
        r["time"] < t - 2 * HOUR for r in late(kind(m, "view"), t, 5)
    ),
    did().where(~WEB).count() == 1: lambda m, t: sum(r["channel"] == "store" for r in m) == 1,
    did("purchase").visits() > 1: lambda m, t: len(oracle.visits(kind(m))) > 1,
    did("purchase").last("4h").sum() > 2.5: lambda m, t: asked(
        oracle.monetary(late(kind(m), t, 4), t), lambda v: v > 2.5
    ),
    did().where(WEB).mean("quantity").between(0, 1): lambda m, t: asked(
        mean([r["quantity"] for r in m if r["channel"] == "web"]), lambda v: 0 <= v <= 1
    ),
    did().min() < 0: lambda m, t: asked(min(values(m), default=None), lambda v: v < 0),
    did().max().known(): lambda m, t: bool(values(m)),
    did().last("7D").distinct() != 1: lambda m, t: oracle.breadth(late(m, t, 168), t) != 1,
    did("no such").any(): lambda m, t: False,
    did("no such").sum() > 0: lambda m, t: None,
    trait(Over(Count(), last="3h")) >= 2: lambda m, t: len(late(m, t, 3)) >= 2,
    trait(Over(Share(), where=DEAR), "web") > 0.4: lambda m, t: asked(
        oracle.share([r for r in m if dear(r)], "channel"), lambda s: s.get("web", 0) > 0.4
    ),
    trait(Spree()) >= 2: lambda m, t: asked(
        max(pd.Series([r["time"].date() for r in m]).value_counts(), default=None), lambda v: v >= 2
    ),
    trait("frequency") >= 2: lambda m, t: len(oracle.visits(kind(m))) >= 2,
    trait("recency") <= 0.1: lambda m, t: asked(oracle.recency(kind(m), t), lambda v: v <= 0.1),
}


def kind(mine, name="purchase"):
    return [row for row in mine if row["event"] == name]


def late(mine, t, hours):
    return [row for row in mine if row["time"] >= t - hours * HOUR]


def dear(row):
    return row["value"] is not None and row["value"] >= Decimal("2.5")


def values(mine):
    return [row["value"] for row in mine if row["value"] is not None]


def mean(held):
    some = [v for v in held if v is not None]
    return sum(some) / len(some) if some else None


def asked(value, question):
    return None if value is None else bool(question(value))


def truth(c, mine, t):
    if isinstance(c, And | Or):
        answers = [truth(p, mine, t) for p in c.parts]
        settles = isinstance(c, Or)
        return settles if settles in answers else None if None in answers else not settles
    if isinstance(c, Not):
        inner = truth(c.part, mine, t)
        return None if inner is None else not inner
    return ATOMS[c](mine, t)


def conditions():
    """Comparisons, joined at random."""
    return st.recursive(
        st.sampled_from(list(ATOMS)),
        lambda inner: st.one_of(
            st.builds(lambda a, b: a & b, inner, inner),
            st.builds(lambda a, b: a | b, inner, inner),
            st.builds(lambda a: ~a, inner),
        ),
        max_leaves=5,
    )


@given(raws(clash=False), instants() | st.just(END), conditions())
def test_table_row_and_brute_force_agree(raw, t, condition):
    people = of.fold(raw.log(), catalog=CATALOG, as_of=t)
    said = [{1: True, 0: False, -1: None}[m] for m in condition.mask(people).tolist()]
    assert said == [condition.of(p) for p in people]
    assert said == [truth(condition, oracle.events(raw, p.id, t), t) for p in people]
    assert said == [condition.explain(p).answer for p in people]
    assert people.select(condition).ids.tolist() == people.ids[[s is True for s in said]].tolist()
    newcomer = people.new("somebody new")
    assert condition.of(newcomer) == truth(condition, [], t)


@given(raws(clash=False), st.lists(instants(), min_size=1, max_size=3), conditions())
def test_a_click_later_it_is_still_the_same(raw, times, condition):
    """One profile kept up to date, and everybody folded anew."""
    log = raw.log()
    first = of.Event("a", "view", EPOCH, channel="web", value=3)
    profile = of.fold(log + of.EventLog.from_events([first]), catalog=CATALOG, as_of=END)["a"]
    clicks = [of.Event("a", "purchase", t, channel="web", value=1) for t in times]
    for click in clicks:
        profile = profile.after(click)
    whole = log + of.EventLog.from_events([first, *clicks])
    assert condition.of(profile) == condition.of(of.fold(whole, catalog=CATALOG, as_of=END)["a"])


@given(conditions(), conditions())
def test_values(a, b):
    assert eval(repr(a), NAMES) == a
    assert hash(eval(repr(a), NAMES)) == hash(a)
    assert pickle.loads(pickle.dumps(a)) == a
    assert (a == b) == (repr(a) == repr(b))
    assert str(a)


def test_a_condition_comes_back_from_a_file():
    whole: Condition = ~(trait("recency") <= 7)
    for atom in ATOMS:
        whole = whole | atom & (trait("frequency") > 1)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "rules.onefold"
        of.save(of.Rules({"some": whole}), place)
        assert of.load(place, plugins=[Spree]) == of.Rules({"some": whole})


@pytest.fixture
def some():
    log = of.EventLog.from_events(
        [
            of.Event("ann", "purchase", "2024-03-01", value=25, channel="web"),
            of.Event("ann", "purchase", "2024-03-20", value=19.99, channel="web"),
            of.Event("ann", "purchase", "2024-03-25", value=20, item="tea"),
            of.Event("bob", "view", "2024-03-20"),
        ]
    )
    return of.fold(log, as_of="2024-04-01")


def test_a_window_is_exact_to_the_microsecond():
    now = dt.datetime(2024, 3, 31, tzinfo=dt.UTC)
    start, micro = now - dt.timedelta(days=30), dt.timedelta(microseconds=1)
    who = {"at": start, "after": start + micro, "before": start - micro, "now": now}
    log = of.EventLog.from_events([of.Event(name, "x", t) for name, t in who.items()])
    people = of.fold(log, as_of=now + micro).at(now)
    lately = did("x").last("30D").any()
    assert dict(zip(people.ids, lately.mask(people), strict=True)) == {
        "after": 1,
        "at": 1,
        "before": 0,
    }
    assert [lately.of(p) for p in people] == [True, True, False]


def test_nothing_done_is_known(some):
    bought = did("purchase").last("30D")
    assert (bought.count() == 0).mask(some).tolist() == [0, 1]
    assert bought.never().mask(some).tolist() == [0, 1]
    assert (bought.sum() >= 0).mask(some).tolist() == [1, -1]
    assert (did("purchase").where(DEAR).count() >= 2).of(some["ann"]) is True
    assert (did("purchase").where(field("value") > 20).count() >= 2).of(some["ann"]) is False


def test_words_narrow_in_any_order():
    a = did("purchase").where(WEB).last("30D").where(DEAR)
    b = did("purchase").last("60D").where(WEB & DEAR).last("30D")
    assert a == b
    assert hash(a) == hash(b)
    assert repr(a) == (
        "did('purchase').where((field('channel') == 'web') & (field('value') >= 2.5)).last('30D')"
    )
    assert did("x").last("30D").last("60D", until="7D") == did("x").last("30D", until="7D")
    assert did("x").last(until="7D").last(until="1D") == did("x").last(until="7D")


def test_english():
    often = did("purchase").where(WEB | DEAR).last("30D").count() >= 3
    assert str(often) == (
        "count of 'purchase' (channel is 'web' or value is at least 2.5) in the last 30 days "
        "is at least 3"
    )
    assert str(did().where(WEB).distinct("item").between(2, 4)) == (
        "count of distinct item of any event (channel is 'web') is between 2 and 4"
    )
    assert str(did("view").last("2h").never() & (trait("recency") <= 9)) == (
        "count of 'view' in the last 2 hours is 0 and recency is at most 9"
    )
    assert str(trait(Over(Share(), last="7D"), "web") > 0.5) == "share 7D: web is above 0.5"


def test_it_explains_itself(some):
    question = did("purchase").where(WEB).last("30D").sum() > 20
    told = (question & (trait("frequency") >= 3)).explain(some["ann"])
    assert repr(told).splitlines() == [
        f"false    {question} and frequency is at least 3",
        f"  false    {question} (found 19.99)",
        "  true     frequency is at least 3 (found 3)",
    ]
    assert "(no data)" in repr(question.explain(some["bob"]))


def test_it_makes_segments(some):
    rules = of.Rules({"regulars": did("purchase").last("30D").count() >= 2})
    assert of.segment(some, rules).assignment.by_customer() == {"ann": "regulars", "bob": "rest"}


def test_a_trait_that_the_profiles_carry_is_read_once(some):
    class Counting(Spree):
        asked = 0

        def read(self, history, *, as_of):
            type(self).asked += 1
            return super().read(history, as_of=as_of)

    mine = Counting()
    people = of.fold(of.EventLog.from_events([of.Event("ann", "x", "2024-03-01")]), [mine])
    question = trait(mine) >= 1
    for _ in range(3):
        assert question.mask(people).tolist() == [1]
    assert Counting.asked == 1
    assert (trait(Over(Breadth(), last="30D")) == 1).mask(some).tolist() == [1, 0]


def test_labels_are_named_or_left_out(some):
    with pytest.raises(ArgumentError, match="name one"):
        (trait(Over(Share(), last="30D")) > 0.5).mask(some)
    with pytest.raises(ArgumentError, match="leave out label"):
        (trait(Over(Monetary(), last="30D"), "web") > 0.5).mask(some)


def test_a_property_that_no_event_has(some):
    red = did("purchase").where(field("colour") == "red").any()
    with pytest.raises(UnknownName, match="no column 'colour'"):
        red.mask(some)
    assert red.mask(some, strict=False).tolist() == [-1, -1]
    assert red.of(some["ann"]) is None


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: did(""), "did: event is ''"),
        (lambda: did(3), "did: event is 3"),
        (lambda: did("x").last(), r"did\.last: last is left out"),
        (lambda: did("x").last("soon"), r"did\.last: last is 'soon'"),
        (lambda: did("x").last("1D").last("9D", until="2D"), "would hold nothing"),
        (lambda: did("x").where("web"), r"did\.where: condition takes conditions on events"),
        (lambda: did("x").where(trait("recency") < 3), "takes conditions on events"),
        (lambda: did("x").where(field("value")), "brackets"),
        (lambda: did("x").sum(""), r"did\.sum: of is ''"),
        (lambda: bool(did("x")), r"did\('x'\) is not a condition yet.*any\(\)"),
        (lambda: did("x") & (trait("recency") < 3), "not a condition yet"),
        (lambda: (trait("recency") < 3) & did("x"), "join conditions"),
        (lambda: ~did("x"), "not a condition yet"),
        (lambda: did("x") >= 3, r"compare a measure: did\('x'\)\.count\(\) >= 3"),
        (lambda: did("x").mask(None), "not a condition yet"),
        (
            lambda: of.fold(of.EventLog.from_events([]), as_of="2024-01-01").select(
                did("x").last("30D")
            ),
            r"is not a condition yet; end it with \.any\(\)",
        ),
        (lambda: did("x").count() & (trait("recency") < 3), "join conditions"),
        (lambda: bool(did("x").count()), r"did\('x'\)\.count\(\) is not a condition yet"),
        (lambda: did("x").count() >= "3", "takes a finite number"),
        (lambda: (trait("recency") < 3) & (field("value") > 3), "asks about an event.*inside: did"),
        (lambda: CompareTrait(Count(), None, "~", 3), "CompareTrait: op is '~'"),
        (lambda: trait(Count), "not a trait"),
    ],
)
def test_refusals(make, says):
    with pytest.raises(of.errors.OnefoldError, match=says):
        make()


def test_an_and_of_both_kinds_is_flat():
    a, b, c = did("x").any(), trait("recency") <= 3, did("y").never()
    assert ((a & b) & c).parts == (a, b, c)
    assert isinstance(b, Compare)
