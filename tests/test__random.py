"""Chance and hashing: repeatable, well mixed, and the same for ever."""

import hashlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onefold._random import generator, hash64, mix64
from onefold.errors import ArgumentError

MASK = 2**64 - 1
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=40)  # lone surrogates too


def stir(x):
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def scalar(text, salt=""):
    """The definition, one string at a time, in whole numbers of Python."""
    data = text.encode("utf-8", "surrogatepass")
    seed = hashlib.blake2b(salt.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    state = stir((int.from_bytes(seed, "little") + len(data)) & MASK)
    if len(data) > 256:
        data = hashlib.blake2b(data, digest_size=32).digest()
    for start in range(0, len(data), 8):
        state = stir(state ^ int.from_bytes(data[start : start + 8], "little"))
    return state


FROZEN = [
    0x7854EA0C3D92E6F7,
    0xF3F190000C27FDC6,
    0x5A5AD1D761A033DF,
    0x50EF716242085E5C,
    0xCF7A9757F27B3E8E,
    0x7C972C8CAF640E26,
    0x26A6C5618F32384F,
    0xE9681924F9263E73,
    0x857AD1D710045722,
    0x84BC5D36A120DD80,
]
SALTED = 0x48EF602A7694EFC5
MIXED = 0x081A5C1377856B73

# ------------------------------------------------------------------ generator


def test_a_seed_repeats_and_a_generator_moves_on():
    assert generator(5).integers(1 << 60) == generator(np.int64(5)).integers(1 << 60)
    source = np.random.default_rng(1)
    assert generator(source) is source
    assert generator(None).integers(1 << 60) != generator(None).integers(1 << 60)


@pytest.mark.parametrize("bad", [-1, 1.0, "7", True, [1], np.random.RandomState(0), np.random])
def test_other_sources_are_refused_by_name(bad):
    with pytest.raises(ArgumentError, match=r"^ladder: rng is "):
        generator(bad, "ladder: rng")


def test_the_old_interface_gets_advice():
    with pytest.raises(ArgumentError, match=r"default_rng\(seed\)"):
        generator(np.random.RandomState(0))


# ------------------------------------------------------------------ hash64


def test_hashes_are_frozen():
    """These are on people's disks: they may never change."""
    long = "x" * 1000
    texts = ["", "a", "a\x00", "anna", "12345678", "123456789", "žluťoučký", "日本", "\ud800", long]
    assert [int(h) for h in hash64(texts)] == FROZEN
    assert int(hash64(["anna"], salt="items")[0]) == SALTED


def test_frozen_hashes_follow_from_the_known_finaliser():
    # The first outputs of SplitMix64 seeded with 0, as in Vigna's splitmix64.c.
    golden = 0x9E3779B97F4A7C15
    known = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [stir(golden * i & MASK) for i in (1, 2, 3)] == known


@given(st.lists(ANYTHING, max_size=30), ANYTHING)
def test_hashes_agree_with_the_definition(texts, salt):
    assert hash64(texts, salt=salt).tolist() == [scalar(text, salt) for text in texts]


@given(st.lists(ANYTHING, unique=True, max_size=30))
def test_different_strings_differ(texts):
    assert len(set(hash64(texts).tolist())) == len(texts)


@given(st.integers(250, 262), st.integers(0, 20))
def test_long_strings_agree_with_the_definition(size, before):
    texts = ["é" * before, "z" * size, "ß" * size, "", "z"]
    assert hash64(texts).tolist() == [scalar(text) for text in texts]


def test_a_string_hashes_the_same_in_any_company_and_container(monkeypatch):
    texts = [f"customer {i}" for i in range(1000)] + ["ü", "x" * 300]
    alone = [int(hash64([text])[0]) for text in texts]
    for held in (texts, np.array(texts, dtype=object), np.array(texts), pd.Series(texts)):
        assert hash64(held).tolist() == alone
    monkeypatch.setattr("onefold._random._CHUNK", 7)
    assert hash64(texts).tolist() == alone


def test_another_process_hashes_the_same():
    code = "from onefold._random import hash64; print(int(hash64(['anna'])[0]))"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(shown.stdout) == int(hash64(["anna"])[0])


def test_bits_are_balanced_and_avalanche():
    texts = np.array([f"{i:06d}" for i in range(20_000)], dtype=object)
    hashes = hash64(texts)
    assert len(np.unique(hashes)) == len(texts)
    bits = np.unpackbits(hashes.view(np.uint8).reshape(-1, 8), axis=1)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(20_000)
    # Neighbours differ in one character; half of all bits should differ.
    flipped = np.bitwise_count(hashes[1:] ^ hashes[:-1])
    assert flipped.mean() == pytest.approx(32, abs=5 * 4 / np.sqrt(20_000))
    # The low bits alone (a bucket) are as good as chance: chi-squared over 64 buckets.
    counts = np.bincount((hashes & np.uint64(63)).astype(np.int64), minlength=64)
    assert ((counts - 312.5) ** 2 / 312.5).sum() < 120


@pytest.mark.parametrize("bad", [None, 3, 1.5, float("nan"), b"bytes"])
def test_what_is_not_a_string_is_refused_with_its_row(bad):
    with pytest.raises(ArgumentError, match="row 2"):
        hash64(["a", "b", bad])


def test_shapes_are_refused():
    for bad in ("anna", [["a"], ["b"]]):
        with pytest.raises(ArgumentError, match="one dimension"):
            hash64(bad)


def test_nothing_to_hash():
    assert hash64([]).shape == (0,) and hash64([]).dtype == np.uint64


# ------------------------------------------------------------------ mix64

WORDS = st.integers(0, MASK)


@given(WORDS, WORDS)
def test_mix_agrees_with_its_definition(a, b):
    expected = stir(stir((a + 0x9E3779B97F4A7C15) & MASK) ^ b)
    assert int(mix64(np.uint64(a), np.uint64(b))) == expected


def test_mix_is_frozen():
    assert int(mix64(1, 2)) == MIXED


@given(WORDS, WORDS)
def test_order_counts(a, b):
    one, other = int(mix64(np.uint64(a), np.uint64(b))), int(mix64(np.uint64(b), np.uint64(a)))
    assert (one == other) == (a == b)


def test_a_grid_of_codes_has_no_collision():
    a, b = np.meshgrid(np.arange(-1, 999), np.arange(-1, 999))
    assert len(np.unique(mix64(a, b))) == 1_000_000


def test_mix_broadcasts_and_takes_instants():
    times = np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[us]")
    mixed = mix64(times, 7)
    assert mixed.shape == (2,) and mixed[0] != mixed[1]
    assert mix64(times[:, None], np.arange(3)).shape == (2, 3)
    assert mix64([], []).shape == (0,)
    assert mix64(3, times).tolist() == [int(mix64(3, t)) for t in times]


@pytest.mark.parametrize("bad", [[0.5], ["a"], [None]])
def test_mix_refuses_floats_and_strings(bad):
    with pytest.raises(ArgumentError, match=r"^b holds"):
        mix64([1], bad)


def test_mix_refuses_shapes_that_do_not_fit():
    with pytest.raises(ArgumentError, match="broadcast"):
        mix64([1, 2], [1, 2, 3])
