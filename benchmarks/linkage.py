"""Records of people linked by `link_records`, scored against the truth of FEBRL 1 to 4.

A pair is right if both records are one entity's. Clusters are the connected components of the
links; their pairs are scored as the links are. Beside it stands who links what is equal: the
number, or both names and the date of birth.

    F1 = 2 TP / (2 TP + FP + FN)

Intervals: 95 %, percentile bootstrap over entities (a wrong pair counts half for each of its two);
shares of entities have Clopper and Pearson's. Settings were chosen on sets 1, 2 and 4, and set 3
was looked at once they stood.

Run it as ``python benchmarks/linkage.py [--data FOLDER] [--write]``; FOLDER/febrl is read, and
ONEFOLD_DATA names FOLDER where it is not given.
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import binomtest

from onefold.identity import Links, link_records

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
START, STOP = "<!-- linkage: begin -->", "<!-- linkage: end -->"
ROUNDS = 2000
FEBRL: dict[str, Any] = {
    "id": "rec_id",
    "given_name": "given_name",
    "surname": "surname",
    "date_of_birth": "date_of_birth",
    "address": ["street_number", "address_1", "address_2", "suburb", "state"],
    "postcode": "postcode",
    "numbers": "soc_sec_id",
}


def febrl(folder: Path, number: int) -> pd.DataFrame:
    """One of the four sets; the two files of the fourth are one table."""
    names = ["dataset4a", "dataset4b"] if number == 4 else [f"dataset{number}"]
    parts = [pd.read_parquet(folder / "febrl" / f"{name}.parquet") for name in names]
    return pd.concat(parts, ignore_index=True)


def scores(frame: pd.DataFrame, links: Links, *, rounds: int = ROUNDS) -> pd.DataFrame:
    """Precision, recall and F1 of the links, and of the clusters that they make, with intervals."""
    entity, names = pd.factorize(frame["true_entity"])
    at = pd.Series(np.arange(len(frame)), index=frame["rec_id"].to_numpy())
    shown = links.to_pandas()
    a, b = at[shown["a_value"]].to_numpy(), at[shown["b_value"]].to_numpy()
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(len(frame), len(frame)))
    cluster = connected_components(graph, directed=False)[1]
    weights = np.ones((1, len(names)))
    if rounds:
        rng = np.random.default_rng(0)
        drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=rounds)
        weights = np.vstack([weights, drawn])
    out = {}
    for what, counts in (
        ("pairs", of_links(entity, a, b, len(names))),
        ("clusters", of_clusters(entity, cluster, len(names))),
    ):
        right, wrong, missed = (weights @ held for held in counts)
        out[what] = summary(right, wrong, missed)
    made = pd.DataFrame.from_dict(out, orient="index")
    whole = pd.DataFrame({"entity": entity, "cluster": cluster})
    parts = whole.groupby("entity")["cluster"].nunique().eq(1)
    alone = whole.groupby("cluster")["entity"].nunique().eq(1)
    exact = parts & alone[whole.groupby("entity")["cluster"].first()].to_numpy()
    made["exact"], made["entities"] = int(exact.sum()), len(names)
    return made


def of_links(entity: Any, a: Any, b: Any, n: int) -> tuple[Any, Any, Any]:
    """By entity: right pairs, wrong ones (half for each side), and those that were missed."""
    same = entity[a] == entity[b]
    right = np.bincount(entity[a[same]], minlength=n).astype(float)
    wrong = sum(np.bincount(entity[end[~same]], minlength=n) for end in (a, b)) / 2
    return right, wrong, two(np.bincount(entity, minlength=n)) - right


def of_clusters(entity: Any, cluster: Any, n: int) -> tuple[Any, Any, Any]:
    """The same of all pairs within clusters."""
    cells = pd.DataFrame({"e": entity, "c": cluster}).value_counts().reset_index()
    right = np.bincount(cells["e"], weights=two(cells["count"].to_numpy()), minlength=n)
    size = np.bincount(cluster)
    strangers = cells["count"] * (size[cells["c"]] - cells["count"]) / 2
    wrong = np.bincount(cells["e"], weights=strangers, minlength=n)
    return right, wrong, two(np.bincount(entity, minlength=n)) - right


def two(n: Any) -> Any:
    """Pairs of n."""
    return n * (n - 1) / 2


def summary(right: Any, wrong: Any, missed: Any) -> dict[str, float]:
    """Each measure and its interval; the first row is the data's, the others the bootstrap's."""
    out: dict[str, float] = {}
    with np.errstate(invalid="ignore"):
        made = {
            "precision": right / (right + wrong),
            "recall": right / (right + missed),
            "F1": 2 * right / (2 * right + wrong + missed),
        }
    for name, values in made.items():
        out[name] = float(values[0])
        if len(values) > 1:
            out[f"{name} low"], out[f"{name} high"] = np.nanquantile(values[1:], [0.025, 0.975])
    return out


def equal(frame: pd.DataFrame, *, numbers: bool) -> Links:
    """Links between records with the same number, or the same names and date of birth."""
    rules = [["given_name", "surname", "date_of_birth"]] + ([["soc_sec_id"]] if numbers else [])
    found = []
    for rule in rules:
        held = frame.dropna(subset=rule)[["rec_id", *rule]]
        both = held.merge(held, on=rule, suffixes=("_l", "_r"))
        found.append(both[both["rec_id_l"] < both["rec_id_r"]][["rec_id_l", "rec_id_r"]])
    return Links.weak(
        pd.concat(found).assign(p=1.0),
        a_type="rec_id",
        a_value="rec_id_l",
        b_type="rec_id",
        b_value="rec_id_r",
        probability="p",
    )


def rows(folder: Path) -> Iterator[list[str]]:
    """A row for each set, with and without the number."""
    for numbers in (True, False):
        for k in (1, 2, 3, 4):
            frame = febrl(folder, k)
            named = FEBRL if numbers else {**FEBRL, "numbers": ()}
            began = perf_counter()
            links = link_records(frame.drop(columns="true_entity"), **named)
            took = perf_counter() - began
            what = f"FEBRL {k}" + ("" if numbers else ", without the number")
            yield [what, *cells(scores(frame, links)), f"{took:.0f} s"]
            yield ["... what is equal", *cells(scores(frame, equal(frame, numbers=numbers))), ""]


def cells(found: pd.DataFrame) -> list[str]:
    """The numbers of one row, with their intervals."""
    out = []
    for what in ("pairs", "clusters"):
        row = found.loc[what]
        out += [
            f"{row[name]:.4f} ({row[f'{name} low']:.4f} to {row[f'{name} high']:.4f})"
            for name in ("precision", "recall", "F1")
        ]
    exact, n = int(found["exact"].iloc[0]), int(found["entities"].iloc[0])
    span = binomtest(exact, n).proportion_ci(0.95)
    return [*out, f"{exact:,} of {n:,} ({span.low:.4f} to {span.high:.4f})"]


def page(found: list[list[str]]) -> str:
    """What stands between the markers of the page."""
    ends = ("precision", "recall", "F1")
    columns = ["", *(f"{name} of {what}" for what in ("pairs", "clusters") for name in ends)]
    columns += ["entities exactly right", "time"]
    lines = [START, "", f"| {' | '.join(columns)} |", f"|---|{'---:|' * (len(columns) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in found), "", STOP])


def main() -> None:
    """Print the table, or write it to the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=os.environ.get("ONEFOLD_DATA"))
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    asked = parser.parse_args()
    if asked.data is None or not (Path(asked.data) / "febrl").exists():
        print("FEBRL: no folder with febrl/ given (--data, ONEFOLD_DATA); left out")
        return
    text = page(list(rows(Path(asked.data))))
    print(text)
    if asked.write:
        held = PAGE.read_text(encoding="utf-8")
        before, after = held.split(START)[0], held.split(STOP)[1]
        PAGE.write_text(before + text + after, encoding="utf-8")


if __name__ == "__main__":
    main()
