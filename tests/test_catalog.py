"""The catalogue: aligned to its sorted items, equal by content, and what it refuses."""

from typing import Any

import pandas as pd
import pytest

import onefold as of
from onefold._vocab import Vocab
from onefold.errors import OnefoldError

FRAME = pd.DataFrame(
    {
        "sku": [10, 9, 7],
        "aisle": ["b", "a", None],
        "cost": [1.5, None, 2.0],
        "size": [1, 2, 2],
        "from": pd.to_datetime(pd.Series(["2024-01-01", None, None])),
        "until": pd.to_datetime(pd.Series(["2024-02-01", None, "2024-01-15"])),
    }
)


def make(frame: pd.DataFrame = FRAME, **more: object) -> of.Catalog:
    roles = {"item": "sku", "category": "aisle", "price": "cost", "attributes": ["size"]}
    return of.Catalog.from_frame(frame, **roles | more)  # type: ignore[arg-type]


def test_items_are_sorted_as_strings_and_all_is_aligned() -> None:
    catalog = make(kind="product")
    assert list(catalog.items) == ["10", "7", "9"]
    assert catalog["10"] == {"kind": "product", "category": "b", "size": "1", "price": 1.5}
    assert catalog["7"] == {"kind": "product", "size": "2", "price": 2.0}
    assert catalog.to_pandas()["category"].tolist()[::2] == ["b", "a"]
    assert catalog == make(FRAME[::-1], kind="product")
    assert catalog != make(FRAME.assign(cost=1.0), kind="product")


def test_an_attribute_takes_another_name() -> None:
    assert make(attributes={"weight": "size"})["10"]["weight"] == "1"


def test_validity_is_half_open() -> None:
    catalog = make(valid_from="from", valid_until="until", tz="UTC")
    items = Vocab.of(["10", "7", "9", "other"])
    assert catalog.available(items, "2023-12-31").tolist() == [False, True, True, True]
    assert catalog.available(items, "2024-01-01").tolist() == [True, True, True, True]
    assert catalog.available(items, "2024-01-15").tolist() == [True, False, True, True]


@pytest.mark.parametrize(
    ("frame", "more", "says"),
    [
        (pd.concat([FRAME, FRAME.iloc[:1]]), {}, r"holds 1 ids more than once, such as '10'"),
        (FRAME.assign(sku=pd.Series(["a", None, "b"], dtype=object)), {}, "missing in 1 rows"),
        (FRAME, {"category": "aisles"}, "no column 'aisles'.*Did you mean 'aisle'"),
        (FRAME, {"valid_from": "from"}, "has no time zone"),
        (FRAME, {"attributes": {"kind": "size"}}, r"the name 'kind', .*\{'kind_told': 'size'\}"),
        (FRAME, {"attributes": "size"}, r"it takes a list of columns: \['size'\]"),
    ],
)
def test_refusals(frame: pd.DataFrame, more: dict[str, Any], says: str) -> None:
    with pytest.raises(OnefoldError, match=f"Catalog.from_frame: .*{says}"):
        make(frame, **more)


def test_unknown_names() -> None:
    with pytest.raises(OnefoldError, match="no item '99'"):
        make()["99"]
    with pytest.raises(OnefoldError, match=r"no column 'sizes'.*Did you mean 'size'"):
        make().column("sizes")


def test_catalogues_must_agree_in_a_merge() -> None:
    log = of.EventLog.from_events([of.Event("a", "buy", "2024-01-01", item="10")])
    one, same, other = (of.fold(log, catalog=c) for c in (make(), make(), make(FRAME[1:])))
    assert one.merge(same).catalog == one.catalog
    with pytest.raises(OnefoldError, match="different catalogues"):
        one.merge(other)
