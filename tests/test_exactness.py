"""Money adds up to the last millionth, whatever the amounts, their signs and their number.

The oracle is Python's: whole numbers without bounds, `Decimal`, `Fraction`, `math.fsum`.
"""

import decimal
import math
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import onefold as of
from onefold import traits
from onefold.errors import ColumnError
from onefold.events import EventLog

MICROS = 1_000_000
MOST = 2**63 - 1  # micros that one amount may have
CENTS = 2**31  # units below which a float, times a million, tells millionths apart
START = np.datetime64("2024-01-01", "us")
END = "2025-01-01"

TRAITS = (
    traits.Sum("value", None, name="sum"),
    traits.Monetary(None, name="monetary"),
    traits.Mean("value", None, name="mean"),
    traits.Min("value", None, name="min"),
    traits.Max("value", None, name="max"),
    traits.Over(traits.Sum("value", None), last="100D", name="late sum"),
    traits.Over(traits.Monetary(None), last="100D", name="late monetary"),
)


def log_of(who: Any, amounts: pa.Array, times: Any = None, **more: Any) -> EventLog:
    when = START + np.arange(len(amounts)) if times is None else times
    held = {"who": who, "at": pa.array(when, type=pa.timestamp("us", tz="UTC")), "paid": amounts}
    columns = {name: name for name in more}
    return EventLog.from_frame(
        pa.table({**held, **more}),
        customer="who",
        time="at",
        event="purchase",
        value="paid",
        **columns,
    )


def decimals(micros: Sequence[int], scale: int = 6) -> pa.Array:
    """Amounts of whole millionths, as decimals."""
    with decimal.localcontext(prec=60):
        return pa.array(
            [Decimal(m).scaleb(-6) for m in micros], type=pa.decimal128(38, max(scale, 6))
        )


def units(total: int | Fraction) -> float:
    """The nearest float of so many millionths."""
    return float(Fraction(total) / MICROS)


def near(found: float, micros: int | Fraction, *, ulps: int = 0) -> bool:
    """Whether a float is the nearest to so many millionths, or one of so many beside it."""
    exact = units(micros)
    return abs(found - exact) <= ulps * math.ulp(exact)


def assert_exact(
    profiles: of.Profiles, micros: dict[str, list[int]], late: dict[str, list[int]]
) -> None:
    """Every trait of everybody, in the table, is what Python's whole numbers come to."""
    table = {name: profiles.table[name].tolist() for name in profiles.table.names}
    assert profiles.ids.tolist() == sorted(micros)
    for i, who in enumerate(profiles.ids):
        held, total = micros[who], sum(micros[who])
        assert near(table["sum"][i], total)
        assert near(table["monetary"][i], total)
        assert near(table["mean"][i], Fraction(total, len(held)), ulps=1)
        assert near(table["min"][i], min(held))
        assert near(table["max"][i], max(held))
        for name in ("late sum", "late monetary"):
            found, some = table[name][i], late[who]
            assert near(found, sum(some)) if some else math.isnan(found)


def by_customer(who: Sequence[str], micros: Sequence[int], keep: Any) -> dict[str, list[int]]:
    out: dict[str, list[int]] = {name: [] for name in set(who)}
    for name, m, k in zip(who, micros, keep, strict=True):
        if k:
            out[name].append(m)
    return out


def drawn(n: int, most: int, seed: int) -> tuple[list[str], list[int], Any]:
    """Customers, of whom some have most of the rows; amounts of all sizes; times of a year."""
    generator = np.random.default_rng(seed)
    who = [f"c{k}" for k in np.minimum(generator.zipf(1.3, n), 1 + n // 100).tolist()]
    size = generator.random(n) * math.log(most)
    sign = generator.choice([-1, 1], n)
    micros = [
        min(int(math.exp(s)), most) * g for s, g in zip(size.tolist(), sign.tolist(), strict=True)
    ]
    return who, micros, START + generator.integers(0, 366 * 86_400 * MICROS, n)


@pytest.mark.parametrize(
    ("n", "most"),
    [
        (20_000, 10**10),
        (20_000, MOST),
        pytest.param(1_000_000, 10**11, marks=pytest.mark.slow),
        pytest.param(1_000_000, MOST, marks=pytest.mark.slow),
    ],
)
def test_sums_are_those_of_whole_numbers(n: int, most: int) -> None:
    who, micros, times = drawn(n, most, seed=n + most % 97)
    profiles = of.fold(log_of(who, decimals(micros), times), TRAITS, as_of=END)
    late = times >= np.datetime64(END) - np.timedelta64(100, "D")
    assert_exact(profiles, by_customer(who, micros, times == times), by_customer(who, micros, late))
    for name in profiles.ids[:: len(profiles) // 7].tolist():
        for trait in TRAITS:
            row = profiles.positions([name], "who")[0]
            known = profiles.table[trait.name][row]
            assert profiles[name][trait.name] == (None if math.isnan(known) else known)


@pytest.mark.parametrize("n", [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_floats_of_cents_are_those_cents(n: int) -> None:
    """A float below 2.1e9 says which millionth is meant, and that is what is added up."""
    who, micros, times = drawn(n, CENTS * MICROS - 1, seed=n)
    micros = [m if k % 3 else m // 10_000 * 10_000 for k, m in enumerate(micros)]
    floats = pa.array([m / MICROS for m in micros])
    log = log_of(who, floats, times)
    assert log.events.array("value").tolist() == micros
    assert log == log_of(who, decimals(micros), times)


@pytest.mark.parametrize("n", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_as_of_moments(n: int) -> None:
    """Totals up to many moments, from running totals that overflow on the way."""
    who, micros, times = drawn(n, MOST // 3, seed=n)
    profiles = of.fold(log_of(who, decimals(micros), times), TRAITS[:3], as_of=END)
    asked = pd.DataFrame({"customer": who[::50], "time": pd.to_datetime(times[::50], utc=True)})
    found = profiles.at(asked)
    rows: defaultdict[str, list[tuple[Any, int]]] = defaultdict(list)
    for name, m, t in zip(who, micros, times.tolist(), strict=True):
        rows[name].append((t, m))
    few = slice(None, None, max(1, len(asked) // 500))
    shown = found.iloc[few]
    for name, t, total, monetary in zip(
        shown["customer"], shown["time"], shown["sum"], shown["monetary"], strict=True
    ):
        moment = t.tz_localize(None).to_pydatetime()
        before = [m for at, m in rows[name] if at < moment]
        if before:
            assert near(total, sum(before))
            assert near(monetary, sum(before))
        else:
            assert math.isnan(total)
            assert math.isnan(monetary)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("count", [1, 2, 3, 1000])
def test_beyond_what_sixty_four_bits_hold(sign: int, count: int) -> None:
    """One customer's total overflows; another's comes back; others are as small as ever."""
    held = {
        "large": [sign * MOST] * count,
        "back": [sign * MOST] * count + [-sign * MOST] * count + [sign * 7],
        "edge": [sign * (MOST - 1), sign],
        "just over": [sign * MOST, sign],
        "further over": [sign * MOST, sign, sign],
        "small": [1, 2, -7],
    }
    who = [name for name, amounts in held.items() for _ in amounts]
    micros = [m for amounts in held.values() for m in amounts]
    when = np.datetime64("2024-12-01", "us") + np.arange(len(who))
    profiles = of.fold(log_of(who, decimals(micros), when), TRAITS, as_of=END)
    assert_exact(profiles, held, held)
    parts = [
        of.fold(log_of(who[k::3], decimals(micros[k::3]), when[k::3]), TRAITS, as_of=END)
        for k in range(3)
        if who[k::3]
    ]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    assert merged == profiles
    assert_exact(merged, held, held)
    for name, amounts in held.items():
        exact = units(sum(amounts))
        assert (of.did("purchase").sum("value") >= exact).of(profiles[name]) is True


def test_amounts_that_a_float_can_not_hold() -> None:
    """Each is rounded once, to the nearest float of units, and not to one of micros before."""
    generator = np.random.default_rng(6)
    micros = (generator.integers(2**53, 2**62, 500) * generator.choice([-1, 1], 500)).tolist()
    who = [f"c{k:03d}" for k in range(len(micros))]
    when = np.datetime64("2024-12-01", "us") + np.arange(len(who))
    profiles = of.fold(log_of(who, decimals(micros), when), TRAITS, as_of=END)
    held = {name: [m] for name, m in zip(who, micros, strict=True)}
    assert_exact(profiles, held, held)
    assert any(np.float64(m) / MICROS != units(m) for m in micros)


@given(
    st.lists(
        st.decimals(-(10**12), 10**12, places=10)
        | st.decimals(-1, 1, places=7)
        | st.integers(-(10**7), 10**7).map(lambda k: Decimal(2 * k + 1).scaleb(-7) * 5),
        min_size=1,
        max_size=20,
    )
)
def test_decimals_are_rounded_half_to_even(amounts: list[Decimal]) -> None:
    with decimal.localcontext(prec=60):
        expected = [
            int(a.quantize(Decimal("1e-6"), decimal.ROUND_HALF_EVEN).scaleb(6)) for a in amounts
        ]
        array = pa.array(amounts, type=pa.decimal128(38, 10))
    log = log_of(["a"] * len(amounts), array)
    assert log.events.array("value").tolist() == expected
    exact = [of.Event("a", "purchase", "2024-01-01", value=a).micros for a in amounts]
    assert exact == expected


@given(st.lists(st.floats(-1e12, 1e12) | st.floats(-10, 10), min_size=1, max_size=20))
@example([0.1, 0.2, 0.3, 1e-7, 5e-7, 1.5e-6, 2.5e-6, -0.0])
def test_any_float_is_rounded_to_a_millionth_beside_it(amounts: list[float]) -> None:
    found = log_of(["a"] * len(amounts), pa.array(amounts)).events.array("value").tolist()
    for micros, amount in zip(found, amounts, strict=True):
        exact = Fraction(amount) * MICROS
        assert abs(micros - exact) <= 0.5 + math.ulp(float(exact)) / 2
    assert found == [of.Event("a", "purchase", "2024-01-01", value=a).micros for a in amounts]


@pytest.mark.parametrize("micros", [MOST, -MOST, MOST - 1, 1, -1, 0])
def test_the_largest_amounts(micros: int) -> None:
    log = log_of(["a"], decimals([micros]))
    assert log.events.array("value").tolist() == [micros]
    if abs(micros) < 2**63 - MICROS:
        assert of.Event("a", "x", "2024-01-01", value=Decimal(micros).scaleb(-6)).micros == micros


@pytest.mark.parametrize(
    "array",
    [
        decimals([-(2**63)]),  # which stands for a missing amount
        decimals([2**63]),
        pa.array([9_223_372_036_855]),
        pa.array([-(2**63)]),
        pa.array([2**64 - 1], type=pa.uint64()),
        pa.array([9.3e12]),
        pa.array([-1e300]),
        pa.array([Decimal(10) ** 60], type=pa.decimal256(70, 0)),
        pa.array([Decimal("-9223372036854.7758075")], type=pa.decimal128(38, 7)),
    ],
)
def test_amounts_that_do_not_fit_are_refused(array: pa.Array) -> None:
    with pytest.raises(ColumnError, match=r"amounts up to 9.2e12"):
        log_of(["a"], array)


@given(st.lists(st.floats(-1e15, 1e15) | st.floats(-1, 1), min_size=1, max_size=30), st.randoms())
@example([1e15, 1.0, -1e15, 1e-10], None)
@example([0.1] * 10, None)
def test_quantities_add_up_in_any_order(quantities: list[float], chance: Any) -> None:
    """Other numbers are floats: good to the last digit but for 2^-90 of the greatest."""
    given_ = quantities[:]
    if chance is not None:
        chance.shuffle(given_)
    trait = traits.Sum("quantity", None)
    empty = pa.nulls(len(given_), pa.float64())
    times = np.full(len(given_), START)
    totals = [
        of.fold(log_of(["a"] * len(q), empty, times, quantity=pa.array(q)), [trait])["a"]["sum"]
        for q in (quantities, given_)
    ]
    exact = math.fsum(quantities)
    assert totals[0] == totals[1]
    assert abs(totals[0] - exact) <= math.ulp(exact) + 2.0**-90 * max(map(abs, quantities))


def test_a_share_of_money_near_the_bounds() -> None:
    """What came back over what was paid, where both overflow together."""
    micros = [MOST, MOST, -MOST, MOST // 2]
    log = log_of(["a"] * 4, decimals(micros))
    share = of.fold(log, [traits.ReturnShare(by="value")])["a"]["return_share"]
    paid = sum(m for m in micros if m > 0)
    assert share == pytest.approx(float(Fraction(MOST, paid)), rel=1e-15)
