"""Files that are not those that were written are refused, by name."""

import decimal
import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import onefold as of
from onefold.errors import FileError
from tests.profiles.parts.some import opened, people


def test_files_that_are_not_those_of_the_manifest(made: Path, tmp_path: Path) -> None:
    of.Partitions.fold(people(9), tmp_path / "other", parts=2, as_of="2024-09-01")
    one, two = made / "events-00000.parquet", made / "events-00001.parquet"
    good = one.read_bytes()
    frame = pd.read_parquet(one)
    bad: list[bytes | None] = [b"", b"PAR1", good[:-9], good[: len(good) // 2], two.read_bytes()]
    bad += [(tmp_path / "other" / one.name).read_bytes(), b"x" * 1000, None]
    frame.to_parquet(tmp_path / "foreign.parquet")
    bad.append((tmp_path / "foreign.parquet").read_bytes())
    for content in bad:
        one.unlink(missing_ok=True)
        if content is not None:
            one.write_bytes(content)
        partitions = of.Partitions.open(made)
        with pytest.raises(FileError, match=r"events-00000\.parquet"):
            list(partitions)
        with pytest.raises(FileError, match=r"events-00000\.parquet"):
            partitions.update(people(9, properties={"new": 1.0}))
    one.write_bytes(good)
    assert len(of.Partitions.open(made).profiles()) == 9


def test_a_flipped_byte_is_found(made: Path) -> None:
    path = made / "events-00000.parquet"
    good = path.read_bytes()
    for position in range(0, len(good), 37):
        path.write_bytes(good[:position] + bytes([good[position] ^ 0x55]) + good[position + 1 :])
        assert opened(made) is None, position


def test_files_whose_checksum_was_made_to_fit(made: Path) -> None:
    """Each thing that a file is looked at for, where the manifest says that it is as written."""
    path, manifest = made / "events-00000.parquet", made / "manifest.json"
    good = pq.read_table(path)
    some = good.slice(1)
    ticks = pa.array(np.arange(len(good)) * 0 - 2**62, pa.timestamp("us", "UTC"))
    elsewhere = pq.read_table(made / "events-00001.parquet")["customer"][0].as_py()
    other, one = (pa.array([who] * len(good)) for who in (elsewhere, good["customer"][0].as_py()))
    huge = pa.array([decimal.Decimal(9_999_999_999_999)] * len(good), pa.decimal128(19, 6))
    no_one = pa.array([None] * len(good), pa.string())
    for bad, message in (
        (good.drop_columns(["p"]), "its columns are"),
        (good.rename_columns([c + "_" for c in good.column_names]), "its columns are"),
        (good.set_column(1, "time", good["time"].cast(pa.timestamp("ns", "UTC"))), "its columns"),
        (some, "rows, and not"),
        (good.take(list(range(len(good)))[::-1]), "not in the order"),
        (good.set_column(1, "time", ticks), "outside 1700 to 2200"),
        (good.set_column(0, "customer", other), "customers of another part"),
        (good.set_column(0, "customer", no_one), "rows without customer"),
        (good.set_column(2, "event", no_one), "rows without event"),
        (good.set_column(5, "value", huge), "an amount that is too large"),
        (good.set_column(0, "customer", one), "customers, and"),
    ):
        pq.write_table(bad, path, store_schema=False)
        held = json.loads(manifest.read_text())
        digest = hashlib.blake2b(path.read_bytes(), digest_size=16)
        held["parts"][0]["events_blake2b"] = digest.hexdigest()
        manifest.write_text(json.dumps(held))
        with pytest.raises(FileError, match=f"events-00000.*{message}"):
            list(of.Partitions.open(made))
