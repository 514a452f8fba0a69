"""What one profile costs does not hang on how many others there are."""

import importlib.util
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "one_profile.py"
OTHERS = 500_000  # in less than a minute; the benchmark itself takes a million


@pytest.mark.slow
def test_one_profile_beside_few_and_many_others() -> None:
    if not BENCHMARK.exists():
        pytest.skip("the benchmarks are not here")
    spec = importlib.util.spec_from_file_location("one_profile", BENCHMARK)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pairs, few, many, same = module.measure(OTHERS, rounds=300)
    assert same
    assert len(few.profiles) == 1000
    assert len(many.profiles) == OTHERS
    assert module.ratio(pairs) < 1.5
