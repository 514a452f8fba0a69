"""``import onefold`` is light: what is heavy is loaded by the first call that needs it.

loaded(import pandas, onefold) - loaded(import pandas)  has none of HEAVY
"""

import json
import subprocess
import sys

HEAVY = {"scipy", "jinja2", "matplotlib", "polars", "duckdb", "sklearn", "narwhals", "tqdm"}
CODE = """
import json, sys
import pandas
before = set(sys.modules)
import onefold
print(json.dumps([sorted(before), sorted(set(sys.modules) - before)]))
"""


def loaded() -> tuple[set[str], set[str]]:
    """Top-level packages that pandas loads, and those that onefold adds."""
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=120
    )
    before, after = json.loads(done.stdout)
    return {m.partition(".")[0] for m in before}, {m.partition(".")[0] for m in after}


def test_import_loads_nothing_heavy() -> None:
    by_pandas, by_onefold = loaded()
    assert "onefold" in by_onefold
    assert not (by_onefold - by_pandas) & HEAVY
