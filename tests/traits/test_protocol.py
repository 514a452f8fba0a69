"""What a trait is, and what may come back from one."""

from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError, ContractError
from onefold.traits.protocol import checked_reading, label_names, trait_of


class Reads:
    """A plug-in that returns what it was made with."""

    name = "mine"

    def __init__(self, reading: Any = None, **more: Any) -> None:
        self.reading = reading
        self.__dict__.update(more)

    def read(self, history: Any, *, as_of: Any) -> Any:
        return self.reading


@pytest.mark.parametrize("trait", traits.TRAITS, ids=lambda t: t.name)
def test_built_ins_are_traits_by_structure_and_values(trait: traits.Trait) -> None:
    assert isinstance(trait, traits.Trait)
    assert trait_of(trait, "here") is trait
    assert trait == type(trait)(**{f: getattr(trait, f) for f in _fields(trait)})
    with pytest.raises(AttributeError):
        cast("Any", trait).name = "other"


def _fields(trait: Any) -> list[str]:
    return [field.name for field in trait.__attrs_attrs__]


def test_names_of_the_built_ins_are_distinct() -> None:
    names = [trait.name for trait in traits.TRAITS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "thing", ["recency", None, object(), Reads(name=3), Reads(read="no method")]
)
def test_what_is_no_trait(thing: Any) -> None:
    with pytest.raises(ContractError, match=r"fold: traits holds .*not a trait.*check_trait"):
        trait_of(thing, "fold: traits")


@pytest.mark.parametrize(
    ("reading", "kind", "expected"),
    [
        ([1, 2], "f", [1.0, 2.0]),
        (np.array([True, False]), "f", [1.0, 0.0]),
        (np.array([1, 2], dtype=np.uint8), "f", [1.0, 2.0]),
        (pd.Series([0.5, 2]), "f", [0.5, 2.0]),
        (np.array(["x", "y"]), "O", ["x", "y"]),
        (np.array(["x", None], dtype=object), "O", ["x", None]),
        ([[1, 2], [3, 4]], "f", [[1.0, 2.0], [3.0, 4.0]]),
        (np.zeros((2, 0)), "f", [[], []]),
    ],
    ids=["list", "bool", "uint8", "series", "text", "missing", "rows", "no columns"],
)
def test_a_reading_becomes_numbers_or_words(reading: Any, kind: str, expected: Any) -> None:
    checked = checked_reading(Reads(), reading, 2)
    assert checked.dtype.kind == kind
    assert checked.tolist() == expected
    assert not checked.flags.writeable


@pytest.mark.parametrize(
    ("reading", "says"),
    [
        (None, r"'mine' returned an array of shape \(\) for 2 rows; \(2,\) or \(2, k\)"),
        ({"a": 1, "b": 2}, r"shape \(\)"),
        ([1, 2, 3], r"shape \(3,\)"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\)"),
        ([[1], [1, 2]], "'mine' returned rows of different lengths"),
    ],
    ids=["none", "mapping", "long", "deep", "ragged"],
)
def test_a_reading_of_a_wrong_shape_names_the_trait(reading: Any, says: str) -> None:
    with pytest.raises(ContractError, match=says):
        checked_reading(Reads(), reading, 2)


def test_a_wide_reading_has_a_row_for_each_customer() -> None:
    log = of.EventLog.from_events([of.Event("ann", "view", "2024-01-01", channel="web")])
    reading = of.fold(log).table.wide("channels")
    assert checked_reading(Reads(), reading, 1) is reading
    with pytest.raises(ContractError, match="'mine' returned 1 rows for 2"):
        checked_reading(Reads(), reading, 2)


def test_labels_are_its_own_where_they_fit() -> None:
    assert label_names(Reads(labels=("a", "b")), 2) == ["a", "b"]
    assert label_names(Reads(labels=(1, 2)), 2) == ["1", "2"]
    assert label_names(Reads(labels=("a",)), 2) == ["0", "1"]
    assert label_names(Reads(labels=lambda: "ab"), 2) == ["0", "1"]
    assert label_names(Reads(), 1) == ["0"]


def test_settings_name_the_class_and_the_argument() -> None:
    for make in (traits.Recency, traits.Gap, traits.Monetary, traits.Count, traits.Rhythm):
        with pytest.raises(ArgumentError, match=f"{make.__name__}: event is 7; .*string"):
            make(cast("Any", 7))
        with pytest.raises(ArgumentError, match=f"{make.__name__}: name is ''"):
            make(name="")
