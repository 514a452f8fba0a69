"""Lines of TSV: columns dropped and unfolded. What they mean is tested with the events."""

import pytest

from onefold.readers.snowplow_tsv import FIELDS, Shredder
from onefold.readers.values import Refused


def test_empty_columns_are_dropped() -> None:
    cells = ["shop", "web", *[""] * 128, "x"]
    assert Shredder().shred("\t".join(cells)) == {
        "app_id": "shop",
        "platform": "web",
        "true_tstamp": "x",
    }


@pytest.mark.parametrize("count", [1, 130, 132])
def test_other_numbers_of_columns(count: int) -> None:
    with pytest.raises(Refused, match=f"not {len(FIELDS)} columns"):
        Shredder().shred("\t".join("x" * count))
