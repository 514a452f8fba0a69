"""What was chosen before stays so, whatever is forgotten; and n beyond the catalogue."""

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold.errors import ArgumentError
from tests.scoring.shops import fitted, simulated


@pytest.fixture(scope="module")
def turned() -> tuple[of.FittedScorer, of.Profiles, set]:
    data = of.datasets.simulate(500, days=300, items=60, rng=3)
    profiles = of.fold(data.log, catalog=data.catalog)
    frame = data.log.to_pandas()
    bought = frame[frame["event"] == "purchase"][["customer", "item"]]
    scorer = of.Scorer(changes=0.3).fit(profiles, rng=1)
    return scorer, profiles, set(bought.itertuples(index=False, name=None))


def again(ranking: of.Ranking, had: set) -> int:
    rows = ranking.to_pandas()[["customer", "item"]]
    return sum(pair in had for pair in rows.itertuples(index=False, name=None))


def test_who_has_turned_is_still_known_to_have_bought(turned) -> None:
    scorer, profiles, had = turned
    choices = scorer.groups.choices(profiles.table, scorer.items, "purchase")
    assert (choices.visits < choices.ever.visits).sum() > 20  # there are turns to forget by
    assert again(scorer.rank(profiles, 10), had) > 500
    assert again(scorer.rank(profiles, 10, repeats=False), had) == 0
    assert again(scorer.rank(profiles, 5, new=5), had) == 0
    assert again(scorer.sample(profiles, 5, repeats=False, rng=1).ranking, had) == 0
    full = scorer.rank(profiles, 10, repeats=False).to_pandas().groupby("customer").size()
    new = 60 - pd.Series([c for c, _ in had]).value_counts()
    assert (full == new.clip(upper=10).reindex(full.index).fillna(10)).all()


def test_limits_score_who_has_turned_as_without(turned) -> None:
    scorer, profiles, _ = turned
    few = profiles.select(profiles.ids[:120])
    stocked = scorer.rank(few, 3, stock={str(i): 10**6 for i in scorer.items})
    assert stocked.to_pandas().equals(scorer.rank(few, 3).to_pandas())


def test_n_beyond_the_catalogue_is_all_of_it() -> None:
    scorer, profiles = fitted(), simulated()
    one = profiles[profiles.ids[0]]
    many = scorer.rank(one, 10**9)
    assert len(many.of(0)) == 60
    assert many.n == 10**9
    assert scorer.live(one).rank(10**12).of(0) == many.of(0)


def test_ids_are_asked_for() -> None:
    scorer, profiles = fitted(), simulated()
    for wrong in (b"i01", profiles, [None], [float("nan")], np.array("i01"), [["i01"]]):
        with pytest.raises(ArgumentError, match=r"among"):
            scorer.rank(profiles, 3, among=wrong)
    one, viewed = profiles[profiles.ids[0]], of.did("view").any()
    with pytest.raises(ArgumentError, match=r"Live.rank: among is a condition"):
        scorer.live(one).rank(3, among=viewed)
    with pytest.raises(ArgumentError, match=r"FittedScorer.score: items"):
        scorer.score(one, viewed)
    with pytest.raises(ArgumentError, match="condition"):
        scorer.sample(profiles, 3, among=of.did("view").any())


def test_later_profiles_do_not_judge_an_earlier_list() -> None:
    scorer, profiles = fitted(), simulated()
    past = profiles.at(profiles.as_of - np.timedelta64(30, "D"))
    logged = scorer.sample(past, 2, rng=1)
    assert scorer.propensities(logged, past).ranking == logged.ranking
    with pytest.raises(ArgumentError, match=r"decided on as of .* profiles.at"):
        scorer.propensities(logged, profiles)
