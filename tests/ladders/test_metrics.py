import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.ladders.metrics import METRICS, PARTS, chosen, measured
from tests.scoring.shops import fitted, simulated

START, STOP = np.datetime64("2025-06-01", "us"), np.datetime64("2025-06-15", "us")


def one_by_one(listed: list[str], wanted: set[str]) -> list[float]:
    """Hit rate, recall and NDCG of one list, as their definitions say."""
    if not wanted:
        return [math.nan] * 3
    hits = [item in wanted for item in listed]
    gained = sum(1 / math.log2(rank + 2) for rank, hit in enumerate(hits) if hit)
    n = max(len(listed), 1)
    ideal = sum(1 / math.log2(rank + 2) for rank in range(min(n, len(wanted))))
    return [float(any(hits)), sum(hits) / len(wanted), gained / ideal]


@settings(max_examples=5)
@given(st.integers(1, 12))
def test_metrics_are_their_definitions_on_the_lists_of_rank(n: int) -> None:
    profiles, scorer = simulated(), fitted()  # fitted on all of it: here only the sums count
    past = profiles.at(START)
    truth = chosen(profiles, past, scorer, START, STOP)
    people = past.select(past.ids[truth.who])
    choices = scorer.groups.choices(people.table, scorer.items, "purchase")
    found = measured(scorer, choices, truth, n)
    assert found.shape == (len(people), len(PARTS), len(METRICS))
    every, new = dict(scorer.rank(people, n=n)), dict(scorer.rank(people, n=n, repeats=False))
    for i, profile in enumerate(people):
        events = profiles[profile.id].events()
        bought = events[(events["event"] == "purchase") & events["item"].notna()]
        when = bought["time"].dt.tz_localize(None).to_numpy()
        mine = set(bought["item"][when < START])
        wanted = set(bought["item"][(when >= START) & (when < STOP)])
        assert wanted
        expected = [
            one_by_one(every[profile.id], wanted),
            *[one_by_one(new[profile.id], wanted - mine)],
        ]
        assert found[i, 0] == pytest.approx(np.array(expected[0]))
        assert found[i, 2] == pytest.approx(np.array(expected[1]), nan_ok=True)
        among = scorer.rank(profile, n=n, among=sorted(mine) or ["nothing"]).of()
        own = one_by_one(among, wanted & mine)
        if len(among) == n:  # a shorter list has the same ideal
            assert found[i, 1] == pytest.approx(np.array(own), nan_ok=True)
        assert found[i, 1, :2] == pytest.approx(np.array(own)[:2], nan_ok=True)


def test_who_chose_and_what() -> None:
    def bought(who: str, day: str, item: str) -> of.Event:
        return of.Event(who, "purchase", day, item=item, value=1)

    events = [bought(w, "2025-01-01", i) for w, i in (("b", "x"), ("c", "y"), ("d", "x"))]
    events += [bought("a", "2025-02-02", "x")]  # not known before
    events += [bought("b", "2025-02-02", i) for i in ("y", "z", "z", "n")]  # z, n: never before
    events += [bought("d", "2025-02-01", "y"), bought("c", "2025-02-05", "y")]
    profiles = of.fold(of.EventLog.from_events(events))
    start, stop = np.datetime64("2025-02-01", "us"), np.datetime64("2025-02-05", "us")
    past = profiles.at(start)
    scorer = of.Scorer(segments=None, levels=[of.levels.Everyone()]).fit(past)
    truth = chosen(profiles, past, scorer, start, stop)
    assert past.ids[truth.who].tolist() == ["b", "d"]
    assert truth.offsets.tolist() == [0, 3, 4]
    assert sorted(truth.items[:3].tolist()) == [-1, -1, scorer.items.code("y")]
