"""What one profile costs does not hang on how many others there are."""

import importlib.util
import statistics
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "one_profile.py"


@pytest.mark.slow
def test_one_profile_beside_few_and_many_others() -> None:
    if not BENCHMARK.exists():
        pytest.skip("the benchmarks are not here")
    spec = importlib.util.spec_from_file_location("one_profile", BENCHMARK)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pairs, few, many, same = module.measure(200_000, rounds=100)
    assert same
    assert len(many.profiles) == 200 * len(few.profiles)
    assert statistics.median(b for _, b in pairs) < 2 * statistics.median(a for a, _ in pairs)
