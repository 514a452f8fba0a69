"""User agents: what a browser says of itself, taken apart by ua-parser where it is installed.

A log has few different ones, so each is looked at once:

    "Mozilla/5.0 (iPhone; ...) ... Safari/601.1"  ->  device iPhone, platform iOS, Mobile Safari
"""

import re
from collections.abc import Callable
from typing import Any

from onefold.readers.values import LONGEST

Said = tuple[str | None, str | None, str | None]  # device, platform, browser
Agent = Callable[[Any], Said]

NOTHING: Said = (None, None, None)
ABSENT = "user agent not read: pip install 'onefold[web]'"
ROBOT = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|fetch|monitor|curl/|wget/|python-|java/|go-http|headless|"
    r"libwww|httpclient|scan",
    re.IGNORECASE,
)


def agents(note: Callable[[str], None]) -> Agent:
    """A reader of user agents that remembers those it has seen."""
    parse = _parser()
    seen: dict[str, Said] = {}

    def read(agent: Any) -> Said:
        if not isinstance(agent, str):
            return NOTHING
        said = seen.get(agent)
        if said is None:
            if len(agent) > LONGEST or not _is_plain(agent):
                return NOTHING
            if parse is None:
                note(ABSENT)
                return NOTHING
            said = seen[agent] = _said(parse, agent)
        return said

    return read


def is_robot(agent: str | None) -> bool:
    """Whether a user agent says that it is a machine."""
    return agent is not None and ROBOT.search(agent) is not None


def _is_plain(agent: str) -> bool:
    """Whether there is anything but blanks, in valid Unicode."""
    try:
        return bool(agent.strip() and agent.encode())
    except UnicodeEncodeError:
        return False


def _said(parse: Callable[[str], Any], agent: str) -> Said:
    found = parse(agent)
    device, system, browser = (
        None if part is None else str(part.family)
        for part in (found.device, found.os, found.user_agent)
    )
    return device, system, browser


def _parser() -> Callable[[str], Any] | None:
    try:
        from ua_parser import parse
    except ImportError:
        return None
    return parse
