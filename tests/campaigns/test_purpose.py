"""A campaign with a purpose: a list for those who agreed, and for nobody else."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold.campaigns import blocks
from onefold.consent import Consent, allowed
from onefold.errors import ArgumentError
from tests.scoring.shops import fitted, simulated

COLUMNS = ["customer", "slot", "item", "score", "why", "propensity", "policy", "holdout"]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 37)


def consenting() -> of.Profiles:
    """The shop: of seven one each is unasked, a no, ended, withdrawn; three are a yes."""
    shop = simulated()
    start, end = shop.as_of - np.timedelta64(9, "D"), shop.as_of
    several = []
    for i, who in enumerate(shop.ids):
        if i % 7 == 1:
            several.append((who, Consent("email", False, time=start)))
        elif i % 7 == 2:
            several.append((who, Consent("email", True, time=start, until=end)))
        elif i % 7:
            several.append((who, Consent("email", True, time=start, source="form")))
        if i % 7 == 3:
            several.append((who, Consent("email", False, time=end - np.timedelta64(1, "us"))))
    facts = of.consent.statement.logged(several)
    return shop.update(facts, as_of=end)


def all_rows(campaign: of.Campaign, profiles: Any, **how: Any) -> pd.DataFrame:
    frames = list(campaign.tailor(fitted(), profiles, progress=False, **how))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)


def agreed(profiles: of.Profiles) -> of.Profiles:
    return profiles.select([who for i, who in enumerate(profiles.ids) if i % 7 > 3])


@pytest.mark.parametrize(("chunk", "threads"), [(10, 1), (1000, 3)])
def test_only_those_who_agreed_get_a_list(chunk: int, threads: int) -> None:
    profiles = consenting()
    how = {"holdout": 0.3, "key": "a secret"}
    found = all_rows(
        of.Campaign("letter", purpose="email", **how), profiles, chunk=chunk, threads=threads
    )
    wanted = all_rows(of.Campaign("letter", **how), agreed(profiles))
    pd.testing.assert_frame_equal(found, wanted)
    assert set(found["customer"]) == set(profiles.ids[allowed(profiles, "email")])


def test_the_file_counts_those_not_allowed(tmp_path: Path) -> None:
    profiles = consenting()
    campaign = of.Campaign("letter", purpose="email", holdout=0.3)
    done = campaign.to_parquet(fitted(), profiles, path=tmp_path / "a.parquet", progress=False)
    yes = allowed(profiles, "email")
    held = campaign.held_out(profiles.ids)
    assert 0 < yes.sum() < len(profiles)
    assert (done.customers, done.not_allowed) == (yes.sum(), (~yes).sum())
    assert done.held_out == (held & yes).sum()
    assert set(pd.read_parquet(tmp_path / "a.parquet")["customer"]) == set(profiles.ids[yes])
    assert "not allowed" in repr(done) and "not allowed" in done._repr_html_()
    free = of.Campaign("letter").to_parquet(
        fitted(), profiles, path=tmp_path / "b.parquet", progress=False
    )
    assert free.not_allowed is None and "not allowed" not in repr(free)


def test_parts_and_moments(tmp_path: Path) -> None:
    profiles = consenting()
    campaign = of.Campaign("letter", purpose="email")
    parts = (profiles.select(profiles.ids[i : i + 50]) for i in range(0, len(profiles), 50))
    pd.testing.assert_frame_equal(all_rows(campaign, parts), all_rows(campaign, profiles))
    before = profiles.at(profiles.as_of - np.timedelta64(2, "us"))  # not yet withdrawn, or ended
    found = set(all_rows(campaign, before)["customer"])
    assert found == {who for i, who in enumerate(profiles.ids) if i % 7 > 1}


def test_nobody_agreed(tmp_path: Path) -> None:
    campaign = of.Campaign("letter", purpose="post")
    assert not len(all_rows(campaign, consenting()))
    done = campaign.to_parquet(fitted(), simulated(), path=tmp_path / "a.parquet", progress=False)
    assert (done.customers, done.rows, done.not_allowed) == (0, 0, len(simulated()))
    drawn = of.Campaign("letter", purpose="post", temperature=0.5)
    assert not len(all_rows(drawn, consenting(), rng=1))


def test_those_who_may_not_be_addressed_take_no_stock() -> None:
    profiles = consenting()
    best = all_rows(of.Campaign(purpose="email", slots=1), profiles)["item"].mode()[0]
    stock = {"stock": {best: 5}, "slots": 2}
    found = all_rows(of.Campaign(purpose="email", **stock), profiles)
    pd.testing.assert_frame_equal(found, all_rows(of.Campaign(**stock), agreed(profiles)))
    assert (found["item"] == best).sum() == 5


def test_partitions(tmp_path: Path) -> None:
    data = of.datasets.simulate(300, days=200, items=60, rng=1)
    said = Consent("email", True, time=data.log.events.array("time")[0])
    agreed_ones = list(simulated().ids[::3])
    log = data.log + of.consent.statement.logged([(who, said) for who in agreed_ones])
    parts = of.Partitions.fold(
        log, tmp_path / "parts", parts=3, catalog=data.catalog, progress=False
    )
    found = all_rows(of.Campaign("letter", purpose="email"), parts)
    assert set(found["customer"]) == set(agreed_ones)


@pytest.mark.parametrize("wrong", ["", 3, " email", ["email"]])
def test_a_purpose_is_text(wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="Campaign: purpose"):
        of.Campaign(purpose=wrong)
