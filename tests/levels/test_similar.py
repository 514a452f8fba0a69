from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import onefold as of
from onefold._vocab import Vocab
from onefold.errors import ArgumentError
from onefold.levels import Similar, similar
from onefold.levels.similar import _described
from tests.levels.plain import TARGET, few, log_of
from tests.strategies import ITEMS

WORDS = st.sampled_from([None, "red", "blue", "Red lamp", "lamp, blue!", "x"])
ROW = st.tuples(
    WORDS, st.sampled_from([None, "a", "b"]), st.sampled_from([None, 0.0, 1.0, 1.3, 9.9])
)


def catalog_of(rows: dict[str, Any], **more: Any) -> of.Catalog:
    frame = pd.DataFrame(
        [(item, *row) for item, row in rows.items()], columns=["item", "text", "category", "price"]
    ).astype({"text": object, "category": object, "price": float})
    return of.Catalog.from_frame(
        frame.assign(**more), item="item", text="text", category="category", price="price",
        **{name: name for name in more}, tz="UTC" if more else None,
    )  # fmt: skip


def words_of(row: Any) -> set[Any]:
    text, category, price = row
    words = {("word", w) for w in (text or "").lower().replace(",", " ").replace("!", " ").split()}
    words = {w for w in words if len(w[1]) > 1}
    words |= {("category", category)} if category else set()
    return words | ({("price", int(np.floor(2 * np.log2(price))))} if price else set())


@few
@given(st.dictionaries(st.sampled_from(ITEMS), ROW, min_size=1))
def test_what_the_catalogue_says_by_hand(rows: dict[str, Any]) -> None:
    items = Vocab.of([*rows, "not in it"])
    found = _described(catalog_of(rows), items).toarray()
    said = {item: words_of(rows[item]) if item in rows else set() for item in items}
    for i, one in enumerate(items):
        for j, other in enumerate(items):
            told = [
                sum(
                    np.log((1 + len(items)) / (1 + sum(w in s for s in said.values()))) ** 2
                    for w in both
                    if sum(w in s for s in said.values()) > 1
                )
                for both in (said[one] & said[other], said[one], said[other])
            ]
            expected = told[0] / np.sqrt(told[1] * told[2]) if told[1] * told[2] else 0.0
            assert found[i] @ found[j] == pytest.approx(expected, abs=1e-9)


GOODS = {f"t{k}": (f"tea {'green' if k % 2 else 'black'}", "drinks", 2.0) for k in range(6)}
GOODS |= {f"s{k}": (f"soap {'mild' if k % 2 else 'hard'}", "bath", 5.0) for k in range(6)}


def shop(**more: Any) -> of.Profiles:
    rows = [
        (f"c{k}", 10 * k + v, TARGET, f"t{v}", None) for k in range(9) for v in range(1 + k % 3)
    ]
    rows += [(f"d{k}", 10 * k + v, TARGET, f"s{v}", None) for k in range(9) for v in range(3)]
    return of.fold(log_of(rows), catalog=catalog_of(GOODS, **more))


def fit(profiles: of.Profiles, level: Similar, items: Any = None) -> tuple[Any, Any]:
    words = Vocab.of(GOODS) if items is None else items
    choices = of.levels.Choices.of(
        profiles.history,
        words,
        target=TARGET,
        moments=np.full(len(profiles), profiles.as_of),
    )
    return level.fit(choices, as_of=profiles.as_of, rng=None), choices


@pytest.mark.parametrize("block", [5, 1 << 20])
def test_what_is_alike_and_new_comes_first(block: int) -> None:
    profiles = shop()
    level, choices = fit(profiles, Similar(few=2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(similar, "BLOCK", block)
        own = pd.DataFrame(level.own(choices).toarray(), profiles.ids, list(choices.items))
    assert own.sum(axis=1).to_numpy() == pytest.approx(1)
    had = {p.id: set(p.events()["item"]) for p in profiles}
    for who in own.index:
        assert own.loc[who, list(had[who])].max() == 0
        letter = "t" if who[0] == "c" else "s"
        assert {i[0] for i in own.columns[own.loc[who] > 0]} == {letter}
    ann = own.loc["c0"]  # has had the black tea t0
    assert ann["t4"] > ann["t5"] > 0  # black, green: nobody has had either
    assert ann["t4"] > ann["t2"] > 0  # t2 is black, and three have had it
    assert level.because(choices, choices.items.code("t4")) == "like 't0' by the catalogue"


def test_what_can_not_be_had_is_left_out_and_few_are_kept() -> None:
    gone = [pd.Timestamp("2020-01-01") if i == "t4" else pd.NaT for i in GOODS]
    level, choices = fit(shop(valid_until=gone), Similar(top=2))
    own = level.own(choices)
    assert choices.items.code("t4") not in own.indices
    assert np.diff(own.indptr).max() == 2


def test_without_a_catalogue_there_is_nothing_to_say() -> None:
    profiles = of.fold(log_of([("a", 1, TARGET, "t1", None)]))
    level, choices = fit(profiles, Similar())
    assert level.silent
    assert level.own(choices).nnz == 0


def test_items_that_nobody_has_chosen_can_be_ranked() -> None:
    profiles = shop()
    settings = of.Scorer(levels=(of.levels.Everyone(), Similar()), segments=None)
    scorer = settings.fit(profiles, rng=0)
    assert set(scorer.items) == set(GOODS)
    lists = scorer.rank(profiles.select(["c0"]), n=9, repeats=False).of("c0")
    assert {"t4", "t5", "t3"} <= set(lists)
    assert scorer.dense(profiles).sum(axis=1) == pytest.approx(1)
    plain = of.Scorer(levels=(of.levels.Everyone(),), segments=None).fit(profiles, rng=0)
    assert len(plain.items) < len(GOODS)


def test_the_slice_stays_unknown_and_the_catalogue_counts_from_when_it_is_there() -> None:
    heard = []

    class Listens:
        name, cold = "listens", True

        def fit(self, history: Any, *, as_of: Any, rng: Any) -> Any:
            heard.append(set(history.items))
            return of.levels.Everyone().fit(history, as_of=as_of, rng=rng)

    late = [pd.Timestamp("2024-04-02 06:00") if i == "t5" else pd.NaT for i in GOODS]
    gone = [pd.Timestamp("2024-03-30") if i == "s5" else pd.NaT for i in GOODS]
    profiles = shop(valid_from=late, valid_until=gone)
    last = of.Event("d1", TARGET, profiles.as_of, item="only in the slice")
    profiles = profiles.update(of.EventLog.from_events([last]))
    of.Scorer(levels=(of.levels.Everyone(), Listens()), segments=None).fit(profiles, rng=0)
    before, whole = heard
    assert before == set(GOODS) - {"t5", "s5"}
    assert whole == set(GOODS) - {"s5"} | {"only in the slice"}


@pytest.mark.parametrize("name", ["few", "power", "top"])
def test_settings_are_checked(name: str) -> None:
    with pytest.raises(ArgumentError, match=f"Similar: {name}"):
        Similar(**{name: 0})
