"""User agents: taken apart, remembered, and left alone where nothing can be said."""

import sys
from typing import Any

import pytest

from onefold.readers.agents import NOTHING, agents, is_robot

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_3 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.3 Mobile/15E148 Safari/604.1"
)


def test_parts() -> None:
    pytest.importorskip("ua_parser")
    notes: list[str] = []
    read = agents(notes.append)
    assert read(PHONE) == read(PHONE) == ("iPhone", "iOS", "Mobile Safari")
    assert read("something else") == NOTHING
    assert not notes


@pytest.mark.parametrize("agent", [None, "", "  ", 5, {}, "x" * 1_000_000, "Foo\ud800/1.0"])
def test_no_agent(agent: Any) -> None:
    assert agents(pytest.fail)(agent) == NOTHING


def test_without_the_parser_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ua_parser", None)
    notes: list[str] = []
    assert agents(notes.append)(PHONE) == NOTHING
    assert notes == ["user agent not read: pip install 'onefold[web]'"]


@pytest.mark.parametrize(
    ("agent", "robot"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1)", True),
        ("curl/8.5.0", True),
        ("python-requests/2.31", True),
        (PHONE, False),
        ("Cubot phone browser", False),
        (None, False),
    ],
)
def test_robots(agent: str | None, robot: bool) -> None:
    assert is_robot(agent) is robot
