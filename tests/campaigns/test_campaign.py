"""Campaigns: the rows are those of the ranking, in the order of the profiles, however made."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold.campaigns import blocks
from onefold.errors import ArgumentError, BeyondKept, FileError
from tests.scoring.shops import fitted, simulated

COLUMNS = ["customer", "slot", "item", "score", "why", "propensity", "policy", "holdout"]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 37)


def all_rows(campaign: of.Campaign, profiles: Any = None, **how: Any) -> pd.DataFrame:
    held = simulated() if profiles is None else profiles
    frames = list(campaign.tailor(fitted(), held, progress=False, **how))
    return pd.concat(frames, ignore_index=True)


def ranked(profiles: of.Profiles, n: int, **limits: Any) -> pd.DataFrame:
    frame = fitted().rank(profiles, n, **limits).to_pandas()
    return frame.rename(columns={"rank": "slot"})[["customer", "slot", "item", "score"]]


# ---------------------------------------------------------------- the rows


def test_the_rows_are_those_of_the_ranking() -> None:
    campaign = of.Campaign("spring", slots=3, holdout=0.2, key="a secret")
    found = all_rows(campaign)
    assert list(found.columns) == COLUMNS
    wanted = ranked(simulated(), 3)
    pd.testing.assert_frame_equal(found[wanted.columns], wanted, check_dtype=False)
    assert (found["propensity"] == 1.0).all()
    assert found["policy"].nunique() == 1
    assert found["policy"].str.startswith(f"{fitted().version}-").all()
    some = fitted().reasons(simulated(), fitted().rank(simulated(), 3))
    assert found["why"].tolist() == some
    assert found["why"].str.len().min() > 5
    held = dict(zip(simulated().ids, campaign.held_out(simulated().ids), strict=True))
    assert found["holdout"].tolist() == [held[c] for c in found["customer"]]
    assert 0 < found["holdout"].mean() < 1


@pytest.mark.parametrize(("chunk", "threads"), [(1, 1), (10, 3), (37, 2), (50, 4), (10_000, 1)])
def test_the_rows_are_the_same_whatever_the_chunk_and_the_threads(chunk: int, threads: int) -> None:
    campaign = of.Campaign(slots=4)
    wanted = all_rows(campaign)
    held = list(campaign.tailor(fitted(), simulated(), chunk=chunk, threads=threads))
    pd.testing.assert_frame_equal(pd.concat(held, ignore_index=True), wanted, check_exact=True)
    sizes = [frame["customer"].nunique() for frame in held]
    assert set(sizes[:-1]) <= {chunk}
    assert 0 < sizes[-1] <= chunk


def test_a_block_is_the_profiles_of_its_customers() -> None:
    whole = simulated()
    for start, stop in ((0, 5), (5, 42), (290, 295), (7, 7)):
        some = blocks.block(whole, start, stop)
        wanted = whole.select(whole.ids[start:stop])
        assert some == wanted
        pd.testing.assert_frame_equal(some.to_pandas(), wanted.to_pandas())
        for who in wanted.ids[:2]:
            assert some[who].to_dict() == wanted[who].to_dict()


def test_limits_reach_the_scorer() -> None:
    items = [str(i) for i in fitted().items][:12]
    limits = {"among": items, "exclude": items[:3], "repeats": False}
    found = all_rows(of.Campaign(slots=5, **limits))
    wanted = ranked(simulated(), 5, **limits)
    pd.testing.assert_frame_equal(found[wanted.columns], wanted, check_dtype=False)
    assert set(found["item"]) <= set(items[3:])
    once = of.Campaign(slots=5, among=iter(items))  # is gone through once a block
    pd.testing.assert_frame_equal(all_rows(once), all_rows(of.Campaign(slots=5, among=items)))


def test_who_has_fewer_items_has_fewer_rows(tmp_path: Path) -> None:
    campaign = of.Campaign(slots=3, among=[str(i) for i in fitted().items][:2], repeats=False)
    done = campaign.to_parquet(fitted(), simulated(), path=tmp_path / "lists.parquet")
    counts = pd.read_parquet(done.path).groupby("customer").size()
    assert counts.max() == 2
    assert done.short == done.customers == 295
    assert done.rows == counts.sum() < 2 * 295


def test_those_held_out_can_be_left_out(tmp_path: Path) -> None:
    campaign = of.Campaign("x", holdout=0.3)
    every = all_rows(campaign)
    without = attrs.evolve(campaign, keep_holdout=False)
    found = all_rows(without, chunk=20)
    wanted = every[~every["holdout"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, wanted)
    ids, held_out = simulated().ids, campaign.held_out(simulated().ids)
    for n, frame in enumerate(without.tailor(fitted(), simulated(), chunk=20)):
        here = slice(20 * n, 20 * (n + 1))  # a chunk counts those who were left out too
        assert frame["customer"].unique().tolist() == ids[here][~held_out[here]].tolist()
    done = without.to_parquet(fitted(), simulated(), path=tmp_path / "few.parquet")
    held = int(held_out.sum())
    assert (done.customers, done.held_out, done.rows) == (295, held, 3 * (295 - held))


def test_why_can_be_left_out() -> None:
    assert list(all_rows(of.Campaign(why=False)).columns) == [c for c in COLUMNS if c != "why"]


def test_conditions_and_limits_of_a_list_reach_the_scorer() -> None:
    limits = {
        "exclude": of.did("purchase").last("20D").any(),
        "at_most": {"category": 1},
        "new": 1,
    }
    found = all_rows(of.Campaign(slots=4, **limits), chunk=50, threads=2)
    wanted = ranked(simulated(), 4, **limits)
    pd.testing.assert_frame_equal(found[wanted.columns], wanted, check_dtype=False)
    assert (found["item"] != all_rows(of.Campaign(slots=4))["item"].iloc[: len(found)]).any()


def test_stock_holds_over_all_customers() -> None:
    """Blocks are of 37 customers: what one leaves, the next one has, as in one ranking of all."""
    best = all_rows(of.Campaign())["item"].value_counts()
    stock = {str(item): 5 + n for n, item in enumerate(best.index[:8])} | {"not sold": 3}
    campaign = of.Campaign(stock=stock)
    found = all_rows(campaign, threads=4, chunk=13)
    wanted = ranked(simulated(), 3, stock=stock)
    pd.testing.assert_frame_equal(found[wanted.columns], wanted, check_dtype=False)
    given = found["item"].value_counts()
    assert all(given.get(item, 0) <= units for item, units in stock.items())
    assert (given[list(stock)[:8]] == [stock[i] for i in list(stock)[:8]]).all()
    assert stock["not sold"] == 3
    pd.testing.assert_frame_equal(all_rows(campaign), found)  # nothing is kept between two runs


def test_the_policy_tells_other_choices_apart() -> None:
    def policy(**given: Any) -> str:
        rows = all_rows(of.Campaign(why=False, **given), simulated().select(["c001"]))
        return str(rows["policy"][0])

    items = [str(i) for i in fitted().items]
    given = [{}, {"repeats": False}, {"among": items[:9]}, {"exclude": items[:9]}]
    assert len({policy(**g) for g in given}) == len(given)
    assert policy(slots=1, holdout=0.5) == policy(slots=2) == policy(name="another")


def test_drawn_lists_are_those_of_the_sample_with_their_propensities() -> None:
    campaign = of.Campaign(slots=3, temperature=0.7, pool=20)
    found = all_rows(campaign, rng=5)
    seed = int(np.random.default_rng(5).integers(2**63))
    drawn = fitted().sample(simulated(), 3, temperature=0.7, pool=20, rng=seed).to_pandas()
    wanted = drawn.rename(columns={"rank": "slot"})
    columns = ["customer", "slot", "item", "score", "propensity", "policy"]
    pd.testing.assert_frame_equal(found[columns], wanted[columns], check_dtype=False)
    assert found["propensity"].between(0, 1, inclusive="neither").all()
    assert found["why"].str.len().min() > 5
    again = all_rows(campaign, rng=5, chunk=11, threads=3)
    pd.testing.assert_frame_equal(again, found, check_exact=True)
    other = all_rows(campaign, rng=6)
    assert (other["item"] != found["item"]).any()


def test_cold_items_are_put_into_the_lists_and_have_no_reason_before_anybody_chose_them() -> None:
    frame = pd.DataFrame({"item": [*map(str, fitted().items), "n1", "n2"]})
    catalog = of.Catalog.from_frame(frame, item="item")
    whole = of.Profiles(simulated().ledger, simulated().traits, catalog, simulated().as_of)
    cold = of.Thompson(share=0.5, few=30).fit(whole)
    found = all_rows(of.Campaign(slots=3), cold=cold, rng=3)
    seed = int(np.random.default_rng(3).integers(2**63))
    drawn = fitted().sample(simulated(), 3, temperature=0, cold=cold, rng=seed).to_pandas()
    columns = ["item", "score", "propensity", "policy"]
    pd.testing.assert_frame_equal(found[columns], drawn[columns], check_dtype=False)
    unknown = found["item"].isin(["n1", "n2"])
    assert unknown.sum() > 10
    assert (found["why"].isna() == unknown).all()
    with pytest.raises(ArgumentError, match="new is for lists by rank, and cold is given"):
        of.Campaign(new=1).tailor(fitted(), simulated(), cold=cold)
    with pytest.raises(ArgumentError, match=r"Campaign.tailor: cold"):
        of.Campaign().tailor(fitted(), simulated(), cold=of.Thompson())  # type: ignore[arg-type]


# ---------------------------------------------------------------- whom


def test_partitions_and_parts_are_gone_through_one_after_another(tmp_path: Path) -> None:
    data = of.datasets.simulate(300, days=200, items=60, rng=1)
    parts = of.Partitions.fold(
        data.log, tmp_path / "parts", parts=3, catalog=data.catalog, progress=False
    )
    campaign = of.Campaign(holdout=0.4)
    found = all_rows(campaign, parts)
    assert found["customer"].drop_duplicates().tolist() == [c for p in parts for c in p.ids]
    wanted = all_rows(campaign)
    pd.testing.assert_frame_equal(
        found.sort_values(["customer", "slot"], ignore_index=True), wanted, rtol=1e-12
    )
    chosen = of.trait("frequency") >= 3
    some = all_rows(campaign, (p.select(chosen) for p in parts))
    assert set(some["customer"]) == set(simulated().select(chosen).ids)


def test_profiles_that_let_events_go_have_blocks_too() -> None:
    data = of.datasets.simulate(120, days=200, items=60, rng=1)
    whole = of.fold(data.log, catalog=data.catalog, keep="60D")
    assert whole.ledger.older is not None
    assert blocks.block(whole, 10, 50) == whole.select(whole.ids[10:50])
    with pytest.raises(BeyondKept):  # as the scorer itself: RFM reads visits of all time
        all_rows(of.Campaign(), whole)
    recent = whole.recent()
    wanted = ranked(recent, 3)
    found = all_rows(of.Campaign(), recent)
    pd.testing.assert_frame_equal(found[wanted.columns], wanted, check_dtype=False)


def test_nobody_has_no_rows(tmp_path: Path) -> None:
    nobody = simulated().select([])
    assert list(of.Campaign().tailor(fitted(), nobody)) == []
    done = of.Campaign().to_parquet(fitted(), nobody, path=tmp_path / "none.parquet")
    assert (done.customers, done.rows) == (0, 0)
    assert list(pd.read_parquet(done.path).columns) == COLUMNS


def test_no_more_profiles_are_taken_than_are_being_ranked() -> None:
    taken = 0

    def parts() -> Iterator[of.Profiles]:
        nonlocal taken
        for start in range(0, 200, 10):
            taken += 1
            yield simulated().select(simulated().ids[start : start + 10])

    frames = of.Campaign(why=False).tailor(fitted(), parts(), chunk=10, threads=2)
    assert taken == 0
    next(frames)
    assert taken <= 4
    for n, _ in enumerate(itertools.islice(frames, 5), start=2):
        assert taken <= n + 3
    frames.close()
    assert taken <= 10


# ---------------------------------------------------------------- the file


def test_the_file_holds_the_rows(tmp_path: Path) -> None:
    campaign = of.Campaign("spring", slots=2, holdout=0.25)
    done = campaign.to_parquet(fitted(), simulated(), path=tmp_path / "a.parquet", chunk=100)
    back = pd.read_parquet(done.path)
    pd.testing.assert_frame_equal(back, all_rows(campaign), check_exact=True)
    assert done.path == tmp_path / "a.parquet"
    assert (done.customers, done.rows, done.short) == (295, 590, 0)
    assert done.held_out == back.loc[back["holdout"], "customer"].nunique()
    assert done.bytes == done.path.stat().st_size
    assert done.seconds > 0
    assert [p.name for p in tmp_path.iterdir()] == ["a.parquet"]
    assert "295" in repr(done) and "a.parquet" in done._repr_html_()


def broken(kind: type[BaseException]) -> Iterator[of.Profiles]:
    yield simulated()
    raise kind("gone")


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt])
def test_a_failed_run_leaves_nothing(tmp_path: Path, kind: type[BaseException]) -> None:
    path = tmp_path / "lists.parquet"
    with pytest.raises(kind):
        of.Campaign().to_parquet(fitted(), broken(kind), path=path, chunk=5)
    assert list(tmp_path.iterdir()) == []
    path.write_text("as it was")
    with pytest.raises(kind):
        of.Campaign().to_parquet(fitted(), broken(kind), path=path, chunk=5, overwrite=True)
    assert [p.read_text() for p in tmp_path.iterdir()] == ["as it was"]


def test_what_fails_in_a_thread_is_raised_and_leaves_nothing(tmp_path: Path) -> None:
    wrong = of.Campaign(among=5)
    for threads in (1, 3):
        with pytest.raises(ArgumentError, match="among"):
            wrong.to_parquet(fitted(), simulated(), path=tmp_path / "x.parquet", threads=threads)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "lists.parquet"
    path.write_text("mine")
    with pytest.raises(ArgumentError, match="is there already"):
        of.Campaign().to_parquet(fitted(), simulated(), path=path)
    assert path.read_text() == "mine"
    with pytest.raises(ArgumentError, match="is there already"):
        of.Campaign().to_parquet(fitted(), simulated(), path=tmp_path, overwrite=True)
    done = of.Campaign().to_parquet(fitted(), simulated(), path=path, overwrite=True)
    assert len(pd.read_parquet(path)) == done.rows


def test_a_place_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"Campaign.to_parquet: .* can't be written"):
        of.Campaign().to_parquet(fitted(), simulated(), path=tmp_path / "no" / "x.parquet")
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- settings


def test_a_key_is_not_shown() -> None:
    assert "hush" not in repr(of.Campaign(key="hush"))


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "Campaign: name"),
    ({"name": 5}, "Campaign: name"),
    ({"slots": 0}, "Campaign: slots"),
    ({"slots": 2.0}, "Campaign: slots"),
    ({"holdout": 1.0}, "Campaign: holdout"),
    ({"holdout": -0.1}, "Campaign: holdout"),
    ({"holdout": np.nan}, "Campaign: holdout"),
    ({"holdout": True}, "Campaign: holdout"),
    ({"holdout": "10%"}, "Campaign: holdout"),
    ({"key": ""}, "Campaign: key"),
    ({"key": 5}, "Campaign: key"),
    ({"temperature": -1}, "Campaign: temperature"),
    ({"temperature": np.inf}, "Campaign: temperature"),
    ({"pool": 2}, "Campaign: pool"),
    ({"temperature": 1, "stock": {"i01": 5}}, "Campaign: stock is for lists by rank"),
    ({"temperature": 1, "new": 1}, "Campaign: new is for lists by rank"),
    ({"why": "yes"}, "Campaign: why"),
    ({"repeats": 1}, "Campaign: repeats"),
    ({"keep_holdout": None}, "Campaign: keep_holdout"),
]


@pytest.mark.parametrize(("given", "said"), WRONG, ids=[str(g) for g, _ in WRONG])
def test_what_is_not_allowed_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        of.Campaign(**given)


HOW: list[tuple[dict[str, Any], str]] = [
    ({"chunk": 0}, "Campaign.tailor: chunk"),
    ({"threads": 0}, "Campaign.tailor: threads"),
    ({"progress": "bar"}, "Campaign.tailor: progress"),
    ({"rng": "seed"}, "Campaign.tailor: rng"),
]


@pytest.mark.parametrize(("given", "said"), HOW, ids=[str(g) for g, _ in HOW])
def test_what_is_not_allowed_is_said_before_the_first_frame(given: Any, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        of.Campaign().tailor(fitted(), simulated(), **given)


def test_who_and_by_what() -> None:
    campaign = of.Campaign()
    with pytest.raises(ArgumentError, match=r"scorer is a Scorer; it takes FittedScorer\. Fit one"):
        campaign.tailor(of.Scorer(), simulated())
    for who in (simulated()["c001"], "c001", 5, None):
        with pytest.raises(ArgumentError, match=r"Campaign.tailor: profiles is a"):
            campaign.tailor(fitted(), who)
    wrong: Any = ["c001"]
    with pytest.raises(ArgumentError, match="profiles gives a str"):
        next(campaign.tailor(fitted(), wrong))
    with pytest.raises(ArgumentError, match=r"Campaign.to_parquet: path"):
        campaign.to_parquet(fitted(), simulated(), path=5)
