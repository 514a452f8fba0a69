"""Settings of the whole suite: reproducible examples in CI, plots without a screen."""

import os

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("MPLBACKEND", "Agg")

settings.register_profile("default", deadline=None)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Names of cases that are the same in every process: the type, where a value has no name."""
    if isinstance(val, (str, int, float, bool, bytes, type(None))):
        return None
    return getattr(val, "__name__", None) or type(val).__name__
