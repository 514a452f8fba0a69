"""The file: written beside its place as the rows are made, and put there at the end."""

from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq

from onefold.campaigns.lists import Rows, regrouped, schema
from onefold.profiles.parts.disk import replacing, writing


def write(
    blocks: Generator[Rows, None, None], place: Path, *, chunk: int, why: bool, call: str
) -> dict[str, int]:
    """Write the rows of all blocks to a Parquet file, a row group for each `chunk` customers.

    Returns:
        How many customers, those held out, those with empty slots, rows, those who may not be
        addressed, and bytes there are.
    """
    totals = {"customers": 0, "held_out": 0, "short": 0, "rows": 0, "not_allowed": 0}

    def counted() -> Iterator[Rows]:
        for block in blocks:
            held, refused = (block.held_out, block.short), block.not_allowed
            found = (len(block), *held, len(block.table), refused)
            for name, n in zip(totals, found, strict=True):
                totals[name] += n
            yield block

    with closing(blocks), replacing(place, call) as work:  # threads end before the file goes
        with writing(place, call):
            file = pq.ParquetWriter(work, schema(why), compression="zstd")
        try:
            for table in regrouped(counted(), chunk):
                with writing(place, call):
                    file.write_table(table)
        finally:
            with writing(place, call):
                file.close()
    return totals | {"bytes": place.stat().st_size}
