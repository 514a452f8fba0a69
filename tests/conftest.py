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
# For further runs of the same tests, on the wheel and on the lower bounds.
settings.register_profile("again", settings.get_profile("ci"), max_examples=20)
profile = "ci" if os.environ.get("CI") else "default"
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", profile))


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Names of cases that are the same in every process: the type, where a value has no name."""
    if isinstance(val, (str, int, float, bool, bytes, type(None))):
        return None
    return getattr(val, "__name__", None) or type(val).__name__
