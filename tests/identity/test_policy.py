"""The policy: settings of a type, changed one by one."""

from pathlib import Path

import numpy as np
import pytest

import onefold as of
from onefold.errors import ArgumentError, UnknownName
from onefold.identity import DEFAULT, NORMALISERS


def test_changed_keeps_the_other_guards() -> None:
    made = DEFAULT.changed("phone", region="DE")
    old, new = DEFAULT.type("phone"), made.type("phone")
    assert new.region == "DE"
    assert (new.limit, new.period, new.max_owners, new.blocked, new.normalise) == (
        old.limit,
        old.period,
        old.max_owners,
        old.blocked,
        old.normalise,
    )
    assert made.names == DEFAULT.names and made.version != DEFAULT.version
    assert made.changed("phone", region=None) == DEFAULT
    assert DEFAULT.changed("phone") == DEFAULT


def test_changed_says_what_is_wrong() -> None:
    with pytest.raises(UnknownName, match=r"no type 'fone'.*phone"):
        DEFAULT.changed("fone", region="DE")
    with pytest.raises(ArgumentError, match=r"regoin is no setting of a type; allowed: .*region"):
        DEFAULT.changed("phone", regoin="DE")
    with pytest.raises(ArgumentError, match="rank 5 twice"):
        DEFAULT.changed("phone", rank=5)
    with pytest.raises(ArgumentError, match="region"):
        DEFAULT.changed("phone", region="Germany")


def test_a_number_without_a_country_says_what_to_do() -> None:
    log = of.EventLog.from_events(
        [
            of.Event(None, "view", "2024-03-01", identifiers={"phone": word})
            for word in ("0151 23456789", "0049 151 23456789", "+49", "ask her")
        ]
    )
    who = of.resolve(log)
    why = who.blocked.set_index("value")["why"]
    local = (
        "it can't be read as a phone number without a country's code; say the country: "
        "policy.changed('phone', region='DE')"
    )
    assert dict(why) == {
        "0151 23456789": local,
        "+49": "it can't be read as a phone number",
        "ask her": "it can't be read as a phone number",
    }
    assert who.to_pandas()["value"].tolist() == ["+4915123456789"]
    assert local in who.explain(("phone", "0151 23456789"), ("phone", "+4915123456789")).verdict
    german = of.resolve(log, DEFAULT.changed("phone", region="DE"))
    assert german.to_pandas()["value"].tolist() == ["+4915123456789"]


def test_the_table_of_default_types_is_true() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/identity.md").read_text("utf-8")
    table = page.split("## The types of the default policy")[1].split("##")[0]
    rows = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| `")]
    assert [[cell.strip() for cell in row] for row in rows] == [
        [
            f"`{kind.name}`",
            str(kind.rank),
            str(kind.limit or ""),
            "" if kind.period is None else f"{kind.period / np.timedelta64(1, 'D'):.0f} days",
            str(kind.max_owners or ""),
            "yes" if kind.vouches else "no",
            f"`{kind.normalise}`",
        ]
        for kind in DEFAULT.types
    ]
    for name in NORMALISERS:
        assert f"| `{name}` |" in page.split("## What each normaliser does")[1]
