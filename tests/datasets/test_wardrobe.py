"""What people carry: cookies live as long as they are said to, whatever the number of people."""

import numpy as np
import pytest

from onefold.datasets.wardrobe import draw_cookies, draw_devices, draw_wardrobe

YEAR = 365 * 86_400


@pytest.mark.parametrize("n", [200, 20_000])
def test_cookies_are_one_devices_and_live_as_long(n):
    rng, days = np.random.default_rng(1), np.arange(0, YEAR, 86_400)
    some = np.sort(rng.choice(n, size=100, replace=False))
    device, time = np.repeat(some, len(days)), np.tile(days, 100)
    device = np.append(device, n - 1)
    cookie = draw_cookies(rng, device, np.append(time, YEAR - 1), life=60.0, private=0.0)
    pairs = np.unique(np.stack([device, cookie]), axis=1)
    assert len(np.unique(cookie)) == pairs.shape[1]  # no cookie is of two devices
    ends = pairs.shape[1] / len(np.unique(device)) - 1
    assert 0.85 * 365 / 60 < ends < 1.1 * 365 / 60  # two ends on one day are seen as one
    there = cookie[:-1].reshape(100, -1)
    assert (np.diff(there, axis=1) >= 0).all()  # none comes back


def test_private_windows_and_no_device():
    rng = np.random.default_rng(2)
    device = np.append(np.zeros(5000, dtype=np.int64), -1)
    cookie = draw_cookies(rng, device, np.arange(5001), life=1e4, private=0.1)
    _, counts = np.unique(cookie[:-1], return_counts=True)
    assert 430 < (counts == 1).sum() < 570
    assert cookie[-1] == -1


def test_shared_devices_have_other_users_for_half_of_their_visits():
    rng = np.random.default_rng(3)
    has = draw_wardrobe(rng, 2000, 0.05)
    assert len(np.unique(has.borrowed)) == round(0.05 * len(has.owner))
    assert (has.owner[has.borrowed] != has.guest).all()
    who = rng.integers(0, 2000, size=60_000)
    device = draw_devices(rng, who, np.ones(len(who), dtype=bool), has)
    there = np.isin(device, has.borrowed)
    assert 0.45 < (has.owner[device[there]] != who[there]).mean() < 0.55
    assert (has.owner[device[~there]] == who[~there]).all()
