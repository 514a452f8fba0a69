"""A file of traits has the same columns in the same types, whatever is in which part."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError, ContractError, FileError
from onefold.events import EventLog
from tests.profiles.parts.some import event, people


def test_labels_of_the_file_of_traits(tmp_path: Path) -> None:
    rows = [event(f"c{i}", channel="web" if i % 3 else "app", item=f"i{i}") for i in range(40)]
    carried = [traits.Share("channel", name="channels"), traits.Share("item", name="items")]
    made = of.Partitions.fold(
        EventLog.from_events(rows), tmp_path / "parts", parts=7, traits=carried
    )
    path = tmp_path / "traits.parquet"
    made.to_parquet(path, wide=1)
    assert list(pd.read_parquet(path).columns) == ["customer", "channels: web", "items: i0"]
    made.to_parquet(path, labels={"channels": ["fax", "app"], "items": []})
    found = pd.read_parquet(path).set_index("customer")
    assert list(found.columns) == ["channels: fax", "channels: app"]
    assert found["channels: app"].sum() == 14 and (found["channels: fax"] == 0).all()
    with pytest.raises(ArgumentError):
        made.to_parquet(path, wide=-1)
    with pytest.raises(of.errors.UnknownName):
        made.to_parquet(path, labels={"nothing": []})
    with pytest.raises(FileError):
        made.to_parquet(tmp_path / "no" / "such.parquet")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["parts", "traits.parquet"]
    pd.testing.assert_frame_equal(pd.read_parquet(path).set_index("customer"), found)


class Odd:
    """Text for some, a number for others."""

    name = "odd"

    def read(self, history: Any, *, as_of: Any) -> Any:
        spent: Any = np.add.reduceat(history.value, history.offsets[:-1]) if len(history) else []
        return np.array([v if v > 4e6 else "few" for v in spent], dtype=object)


def test_a_trait_without_one_type_is_refused(tmp_path: Path) -> None:
    made = of.Partitions.fold(people(30), tmp_path / "parts", parts=20, traits=[Odd()])
    with pytest.raises(ContractError, match="trait 'odd' is not text for everybody"):
        made.to_parquet(tmp_path / "traits.parquet")
    assert not (tmp_path / "traits.parquet").exists()
