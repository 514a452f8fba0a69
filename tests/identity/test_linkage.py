"""Linkage: what is probably one person's is found, the same for any order of rows, in silence."""

import logging
import os
import string
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.sparse.csgraph import connected_components

import onefold as of
from onefold.errors import ArgumentError, ColumnError, MissingExtra
from onefold.identity import (
    IdentifierType,
    IdentityPolicy,
    Links,
    link_records,
    resolve,
    splinking,
)

NAMED: dict[str, Any] = {
    "id": "key",
    "given_name": "first",
    "surname": "last",
    "date_of_birth": "born",
    "address": "street",
    "postcode": "zip",
}


def people(n: int = 150, seed: int = 1) -> pd.DataFrame:
    """n people with two records each, the second with a slip; `person` is the truth."""
    rng = np.random.default_rng(seed)
    sounds = [c + v for c in "bdfgklmnprst" for v in "aeiou"]

    def word(k: int) -> str:
        return "".join(rng.choice(sounds, k))

    firsts, lasts = [word(2) for _ in range(40)], [word(3) for _ in range(90)]
    rows = []
    for person in range(n):
        row = {
            "first": str(rng.choice(firsts)),
            "last": str(rng.choice(lasts)),
            "born": f"19{rng.integers(30, 99)}{rng.integers(1, 13):02}{rng.integers(1, 29):02}",
            "street": f"{word(3)} street",
            "zip": str(rng.integers(1000, 1060)),
        }
        slip = dict(row)
        for column in rng.choice([*row], 1 + person % 2, replace=False):
            at = rng.integers(len(row[column]))
            letter = str(rng.choice([*string.ascii_lowercase]))
            slip[column] = row[column][:at] + letter + row[column][at + 1 :]
        rows += [{"person": person, **row}, {"person": person, **slip}]
    frame = pd.DataFrame(rows).sample(frac=1, random_state=seed, ignore_index=True)
    return frame.assign(key=[f"k{i:04}" for i in rng.permutation(len(frame))])


def pairs(links: Links) -> set[tuple[str, str]]:
    frame = links.to_pandas()
    return set(zip(frame["a_value"], frame["b_value"], strict=True))


def truth(frame: pd.DataFrame) -> set[tuple[str, str]]:
    held = frame.sort_values("key").groupby("person")["key"].agg(tuple)
    return {(a, b) for group in held for i, a in enumerate(group) for b in group[i + 1 :]}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return people()


@pytest.fixture(scope="module")
def links(frame: pd.DataFrame) -> Links:
    pytest.importorskip("splink", reason="the extra linkage is not installed")
    return link_records(frame.drop(columns="person"), **NAMED)


def test_two_records_of_one_person_are_found(frame: pd.DataFrame, links: Links) -> None:
    found, true = pairs(links), truth(frame)
    assert len(found & true) >= 0.97 * len(true)
    assert len(found - true) <= 2
    shown = links.to_pandas()
    assert set(shown["kind"]) == {"weak"} and set(shown["a_type"]) == {"key"} == set(
        shown["b_type"]
    )
    assert shown["probability"].between(0.9, 1).all()


def test_it_is_quiet_repeatable_and_leaves_nothing(
    frame: pd.DataFrame,
    links: Links,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    import socket

    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.chdir(tmp_path)
    logger = logging.getLogger("splink")
    before = (logger.level, list(logger.handlers), logger.propagate)
    shuffled = frame.sample(frac=1, random_state=9)
    with caplog.at_level(1):
        again = link_records(shuffled, **NAMED)
        assert (logger.level, list(logger.handlers), logger.propagate) == before
    assert again == links
    assert capfd.readouterr() == ("", "")
    assert not [record for record in caplog.records if record.name.startswith("splink")]
    assert not list(tmp_path.iterdir())


def test_random_pairs_are_those_of_the_seed_in_any_order_of_rows(
    frame: pd.DataFrame, links: Links, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splinking, "PAIRS", 5000)
    one = link_records(frame, **NAMED)
    assert one != links
    assert one == link_records(frame[::-1], **NAMED)
    assert one != link_records(frame, **NAMED, rng=1)


def test_a_type_by_record_and_blocks_of_ones_own(frame: pd.DataFrame, links: Links) -> None:
    half = np.where(np.arange(len(frame)) % 2, "shop", "crm")
    made = link_records(
        frame.assign(source=half), **NAMED, id_type="source", blocking=["born", ["first", "last"]]
    )
    shown = made.to_pandas()
    assert set(shown["a_type"]) | set(shown["b_type"]) == {"crm", "shop"}
    both = {tuple(sorted(pair)) for pair in pairs(made)}
    assert both <= {tuple(sorted(pair)) for pair in pairs(links)} | truth(frame)
    keyed = frame.set_index("key")
    a, b = keyed.loc[shown["a_value"]], keyed.loc[shown["b_value"]]
    same = a["born"].to_numpy() == b["born"].to_numpy()
    same |= (a["first"] + a["last"]).to_numpy() == (b["first"] + b["last"]).to_numpy()
    assert same.all()


@pytest.mark.slow
def test_comparisons_of_splinks_own(frame: pd.DataFrame) -> None:
    library = pytest.importorskip("splink.comparison_library", reason="needs the extra linkage")
    few = {"id": "key", "given_name": "first", "surname": "last", "postcode": "zip"}
    without = link_records(frame, **few)
    more = link_records(
        frame.assign(Unique_ID=1), **few, comparisons=[library.JaroWinklerAtThresholds("street")]
    )
    assert len(pairs(more) & truth(frame)) > len(pairs(without) & truth(frame))
    with pytest.raises(ArgumentError, match="link_records: nothing can be learned"):
        link_records(frame, **NAMED, comparisons=[library.ExactMatch("not there")])


@pytest.mark.slow
def test_hostile_values_and_names_of_columns_are_text(frame: pd.DataFrame) -> None:
    pytest.importorskip("splink", reason="the extra linkage is not installed")
    hostile = frame.rename(columns={"last": "'; DROP TABLE of_records; --", "zip": "select"})
    for row, text in enumerate(
        ["x" * 1_000_000, "y" * 1_000_000, "'); --", "\x00", "<i>", "\u202e"]
    ):
        hostile.loc[row, ["first", "street"]] = text
    named = {**NAMED, "surname": "'; DROP TABLE of_records; --", "postcode": "select"}
    made = link_records(hostile, **named)
    assert len(pairs(made) & truth(frame)) >= 0.9 * len(truth(frame))


def test_nothing_in_common_is_no_link() -> None:
    n = 120
    frame = pd.DataFrame({"key": range(n), "mail": [f"{i}@x" for i in range(n)]})
    frame["last"] = [f"name {i}" for i in range(n)]
    assert len(link_records(frame, id="key", email="mail", surname="last")) == 0


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ({"id": "ky"}, ColumnError, r"link_records: no column 'ky' \(id=\).* Did you mean 'key'"),
        ({"surname": "lst"}, ColumnError, r"no column 'lst' \(surname=\).* Did you mean 'last'"),
        ({"surname": ["last"]}, ArgumentError, "link_records: surname is .* name of a column"),
        ({"threshold": 1}, ArgumentError, "link_records: threshold is 1; it takes a number, above"),
        ({"effort": 0}, ArgumentError, "link_records: effort is 0"),
        ({"rng": "x"}, ArgumentError, "rng is 'x'"),
        ({"id_type": "a type"}, ArgumentError, "id_type holds the type 'a type'"),
        ({"blocking": "born"}, ArgumentError, "blocking is 'born'; it takes a list of columns"),
        ({"blocking": ["brn"]}, ArgumentError, "blocking holds 'brn'.*Did you mean 'born'"),
        ({"blocking": [[]]}, ArgumentError, r"blocking holds \[\]"),
        ({"comparisons": "x"}, ArgumentError, "comparisons is 'x'"),
    ],
)
def test_what_is_refused(
    frame: pd.DataFrame, more: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        link_records(frame, **{**NAMED, **more})


def test_keys_are_there_and_occur_once(frame: pd.DataFrame) -> None:
    twice = frame.assign(key=["a", "a", *frame["key"][2:]])
    with pytest.raises(
        ColumnError, match=r"'key' \(id=\) holds 1 keys more than once, such as 'a'"
    ):
        link_records(twice, **NAMED)
    with pytest.raises(ColumnError, match=r"'key' \(id=\) is missing in 1 rows"):
        link_records(frame.assign(key=frame["key"].where(frame.index > 0)), **NAMED)
    with pytest.raises(ArgumentError, match=r"holds 99 records; .* fewer than 100"):
        link_records(frame[:99], **NAMED)
    with pytest.raises(ArgumentError, match="1 columns to compare; it takes at least two"):
        link_records(frame, id="key", surname="last")


def test_without_splink_it_says_what_to_install(
    frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "splink", None)
    with pytest.raises(MissingExtra, match=r"pip install 'onefold\[linkage\]'"):
        link_records(frame, **NAMED)


def test_weak_links_join_what_nothing_else_does(frame: pd.DataFrame, links: Links) -> None:
    """Mail addresses of some records are evidence; links add to it and take nothing away."""
    some = frame[frame["person"] % 3 > 0].assign(
        mail=lambda f: "p" + f["person"].astype(str) + "@example.org", time="2024-01-01"
    )
    every = frame.assign(time="2024-01-01", mail=some["mail"].reindex(frame.index))
    log = of.EventLog.from_frame(
        every.assign(time=pd.to_datetime(every["time"])),
        time="time",
        event="signed",
        identifiers={"key": "key", "email": "mail"},
        tz="UTC",
    )
    policy = IdentityPolicy(
        [IdentifierType("key", rank=1, limit=3), IdentifierType("email", rank=2)]
    )
    without, joined = resolve(log, policy), resolve(log, policy, links=links)
    told = Links.cannot(("key", every["key"][0]), ("key", _other(frame, 0)))
    apart = resolve(log, policy, links=links + told)
    by, then = _customers(without), _customers(joined)
    assert not _torn(by, then)
    keys = {key: held for (kind, key), held in then.items() if kind == "key"}
    true = truth(frame)
    assert np.mean([keys[a] == keys[b] for a, b in true]) >= 0.97
    assert pd.Series(keys).value_counts().max() <= 3
    split = _customers(apart)
    assert split["key", every["key"][0]] != split["key", _other(frame, 0)]


def _other(frame: pd.DataFrame, row: int) -> str:
    """The key of the other record of a record's person."""
    same = frame["person"] == frame["person"][row]
    return str(frame["key"][same & (frame.index != row)].iloc[0])


def _customers(identities: Any) -> dict[tuple[str, str], str]:
    frame = identities.to_pandas()
    return dict(
        zip(zip(frame["type"], frame["value"], strict=True), frame["customer"], strict=True)
    )


def _torn(before: dict[Any, str], after: dict[Any, str]) -> bool:
    """Whether two that were together are apart."""
    went: dict[str, set[str]] = {}
    for name, customer in before.items():
        went.setdefault(customer, set()).add(after[name])
    return any(len(held) > 1 for held in went.values())


@pytest.mark.slow
def test_febrl_3_is_linked_as_well_as_splink_alone_does() -> None:
    """Pairwise F1 at least .994, and .998 for the clusters: what Splink itself was measured at."""
    pytest.importorskip("splink", reason="the extra linkage is not installed")
    path = Path(os.environ.get("ONEFOLD_DATA", "")) / "febrl" / "dataset3.parquet"
    if "ONEFOLD_DATA" not in os.environ or not path.exists():
        pytest.skip("FEBRL is not here: set ONEFOLD_DATA to the folder with febrl/")
    frame = pd.read_parquet(path)
    links = link_records(
        frame.drop(columns="true_entity"),
        id="rec_id",
        given_name="given_name",
        surname="surname",
        date_of_birth="date_of_birth",
        address=["street_number", "address_1", "address_2", "suburb", "state"],
        postcode="postcode",
        numbers="soc_sec_id",
    )
    true = truth(frame.rename(columns={"true_entity": "person", "rec_id": "key"}))
    assert len(true) == 6538
    graph = sparse.coo_array(_graph(frame["rec_id"], pairs(links)))
    cluster = pd.Series(connected_components(graph, directed=False)[1], name="person")
    joined = truth(pd.DataFrame({"person": cluster, "key": frame["rec_id"]}))
    assert _f1(pairs(links), true) >= 0.994
    assert _f1(joined, true) >= 0.998


def _graph(keys: pd.Series, found: set[tuple[str, str]]) -> np.ndarray:
    at = {key: i for i, key in enumerate(keys)}
    out = np.zeros((len(keys), len(keys)), dtype=bool)
    for a, b in found:
        out[at[a], at[b]] = True
    return out


def _f1(found: set[tuple[str, str]], true: set[tuple[str, str]]) -> float:
    return 2 * len(found & true) / (len(found) + len(true))
