"""Who is held out: a keyed hash of the id, and nothing else.

share <= more  =>  held out at share is held out at more;    another name, another choice
"""

import hashlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, chi2_contingency

import onefold as of
from onefold.errors import ArgumentError

IDS = [f"c{i}" for i in range(20_000)]
SHARES = st.floats(0, 1, exclude_max=True)


def held(name: str = "spring", share: float = 0.1, key: str | bytes | None = None) -> np.ndarray:
    return of.Campaign(name, holdout=share, key=key).held_out(IDS)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.97])
def test_the_share_is_what_was_asked_for(share: float) -> None:
    low, high = binom.interval(0.9999, len(IDS), share)
    assert low <= held(share=share).sum() <= high


def test_the_ends() -> None:
    assert not held(share=0.0).any()
    assert held(share=np.nextafter(1, 0)).all()


@settings(max_examples=40)
@given(a=SHARES, b=SHARES, name=st.text(min_size=1), ids=st.lists(st.text(), max_size=20))
def test_raising_the_share_moves_customers_only_in(
    a: float, b: float, name: str, ids: list[str]
) -> None:
    ids = [i.encode("utf-8", "replace").decode() or "x" for i in ids]
    low, high = (of.Campaign(name, holdout=s).held_out(ids) for s in sorted([a, b]))
    assert (low <= high).all()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (held("spring", 0.2), held("autumn", 0.2)),
        (held("spring", 0.2), held("spring ", 0.5)),
        (held("spring", 0.2, "one secret"), held("spring", 0.2, "another")),
        (held("spring", 0.2, "one secret"), held("spring", 0.2)),
    ],
)
def test_campaigns_and_keys_have_nothing_to_do_with_each_other(
    one: np.ndarray, other: np.ndarray
) -> None:
    table = [[int((one & other).sum()), int((one & ~other).sum())]]
    table += [[int((~one & other).sum()), int((~one & ~other).sum())]]
    assert chi2_contingency(table, correction=False).pvalue > 1e-3


def test_ids_that_are_alike_are_not_treated_alike() -> None:
    """The first character, the last digit and the number say nothing of who is held out."""
    marks = held(share=0.5)
    by_digit = [[int(marks[d::10].sum()), int((~marks[d::10]).sum())] for d in range(10)]
    assert chi2_contingency(by_digit, correction=False).pvalue > 1e-3
    runs = int((marks[1:] != marks[:-1]).sum())
    low, high = binom.interval(0.9999, len(marks) - 1, 0.5)
    assert low <= runs <= high


def test_the_hash_is_the_one_that_is_documented() -> None:
    name, key = "spring", "a secret"
    for secret, campaign in (
        (b"", of.Campaign(name, holdout=0.3)),
        (hashlib.blake2b(b"a secret").digest(), of.Campaign(name, holdout=0.3, key=key)),
    ):
        salt = hashlib.blake2b(name.encode(), digest_size=16).digest()
        fixed = {"digest_size": 8, "key": secret, "salt": salt, "person": b"onefold.holdout"}
        hashes = [hashlib.blake2b(i.encode(), **fixed).digest() for i in IDS[:500]]
        wanted = [int.from_bytes(h, "little") < 0.3 * 2**64 for h in hashes]
        assert campaign.held_out(IDS[:500]).tolist() == wanted
    assert (held(key="é") == held(key="é".encode())).all()


def test_it_never_changes_and_is_the_same_in_another_process() -> None:
    """These ids are in files and on sites: another choice would be another experiment."""
    ids = [str(i) for i in range(40)]
    code = (
        "import onefold as of; c = of.Campaign('spring', holdout=0.2, key='k');"
        "print(*[i for i in range(40) if c.held_out([i])[0]])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    mine = of.Campaign("spring", holdout=0.2, key="k").held_out(ids)
    assert done.stdout.split() == [i for i, is_held in zip(ids, mine, strict=True) if is_held]
    assert done.stdout.split() == GOLDEN


GOLDEN = ["5", "10", "13", "15", "20", "24", "25", "28", "29", "39"]


def test_an_integer_is_its_text() -> None:
    campaign = of.Campaign(holdout=0.5)
    assert (campaign.held_out(range(50)) == campaign.held_out(map(str, range(50)))).all()
    assert len(campaign.held_out([])) == 0


@pytest.mark.parametrize("ids", ["ann", 5, None])
def test_one_id_is_no_list(ids: Any) -> None:
    with pytest.raises(ArgumentError, match="takes several ids"):
        of.Campaign().held_out(ids)


@pytest.mark.parametrize("one", [1.5, None, "", b"ann"])
def test_what_is_no_id_is_refused(one: Any) -> None:
    with pytest.raises(ArgumentError, match=r"Campaign.held_out: ids"):
        of.Campaign().held_out(["ann", one])
