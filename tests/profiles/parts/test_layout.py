"""What logs have in common, found without putting them together."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError, ColumnError
from onefold.events import EventLog
from tests.profiles.parts.some import event, people


def test_types_are_the_same_in_all_parts(tmp_path: Path) -> None:
    red, one = (EventLog.from_events([event(f"c{p}", properties={"p": p})]) for p in ("red", 1.0))
    with pytest.raises(ColumnError, match="'p' holds numbers on one side and text on the other"):
        of.Partitions.fold([red, one], tmp_path / "parts")
    told = pd.DataFrame({"who": ["a", "b"], "text": ["x", "y"], "number": [1, 2]})
    plans = [
        EventLog.from_facts(told, customer="who", time="2024-01-01", facts={"plan": column})
        for column in ("text", "number")
    ]
    with pytest.raises(ColumnError, match="fact 'plan' is text on one side"):
        of.Partitions.fold(plans, tmp_path / "parts")
    euro, dollar = (
        EventLog.from_frame(
            pd.DataFrame({"who": ["a"], "at": pd.to_datetime(["2024-01-01"]), "paid": [1]}),
            customer="who", time="at", event="buy", value="paid", currency=c, tz="UTC",
        )
        for c in ("EUR", "USD")
    )  # fmt: skip
    with pytest.raises(ArgumentError, match="'EUR'"):
        of.Partitions.fold([euro, dollar], tmp_path / "parts")
    assert list(tmp_path.iterdir()) == []
    made = of.Partitions.fold([red, euro, plans[0]], tmp_path / "parts")
    assert made["a"].currency == "EUR"
    for more, message in ((one, "'p' holds"), (plans[1], "'plan'"), (dollar, "'USD'")):
        with pytest.raises(ArgumentError, match=message):
            made.update(more)
        assert len(of.Partitions.open(tmp_path / "parts").profiles()) == 3


def test_a_property_that_nobody_has_takes_the_type_of_a_later_one(tmp_path: Path) -> None:
    frame = pd.DataFrame({"who": ["a", "b"], "at": pd.to_datetime(["2024-01-01"] * 2), "p": np.nan})
    how: Any = {"customer": "who", "time": "at", "event": "view", "tz": "UTC", "properties": ["p"]}
    empty = EventLog.from_frame(frame, **how)
    full = EventLog.from_frame(frame.assign(p=pd.Series(["x", None], dtype="object")), **how)
    made = of.Partitions.fold(empty, tmp_path / "parts", parts=3)
    wanted = of.fold(empty).update(full)
    assert made.update(full).profiles() == wanted
    for logs in ([empty, full], [full, empty]):  # whoever comes first, and whoever is where
        there = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        assert of.Partitions.fold(logs, there, parts=2).profiles() == of.fold(logs)
    carried = [traits.Latest("p", None, name="p")]
    again = of.Partitions.open(tmp_path / "parts", traits=carried)
    assert [again[who]["p"] for who in "ab"] == ["x", None]


def test_a_property_that_only_some_logs_have(tmp_path: Path) -> None:
    logs = [people(4), people(5, properties={"colour": "red"}), people(2, properties={"size": 1.0})]
    carried = [traits.Latest("colour", None, name="colour"), traits.Sum("size", None, name="size")]
    made = of.Partitions.fold(logs, tmp_path / "parts", parts=5, traits=carried)
    wanted = of.fold(logs, carried)
    assert made.profiles() == wanted
    for profile in wanted:  # also where nobody in a part has it
        assert made[profile.id].to_dict() == profile.to_dict()
