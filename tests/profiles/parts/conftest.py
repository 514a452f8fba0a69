"""A folder of parts to break."""

from pathlib import Path

import pandas as pd
import pytest

import onefold as of
from onefold.events import EventLog
from tests.profiles.parts.some import people


@pytest.fixture
def made(tmp_path: Path) -> Path:
    told = pd.DataFrame({"who": ["c1", "c2"], "plan": ["x", "y"], "kids": [1, 2]})
    facts = EventLog.from_facts(told, customer="who", time="2024-01-01", facts=["plan", "kids"])
    logs = [people(9, properties={"p": "q"}, id="1", received="2024-04-01"), facts]
    of.Partitions.fold(logs, tmp_path / "parts", parts=2)
    return tmp_path / "parts"
