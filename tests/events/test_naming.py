"""What quality says of identifiers."""

import pandas as pd

from onefold.events import Event, EventLog

AT = "2024-03-01"


def test_measures_of_identifiers() -> None:
    events = [
        Event("ann", "view", AT, identifiers={"email": "a@x.org"}),
        Event(None, "view", AT, identifiers={"email": ("a@x.org", "b@x.org"), "cookie": "c1"}),
        Event(None, "view", AT, identifiers={"cookie": "null"}),
        Event("bob", "view", AT),
    ]
    told = pd.DataFrame({"mail": ["c@x.org", None], "n": [1, 2]})
    facts = EventLog.from_facts(told, time=AT, facts=["n"], identifiers={"email": "mail"})
    quality = (EventLog.from_events(events) + facts).quality()
    assert quality["missing customer"] == 0
    assert quality["one identifier"] == 3
    assert quality["several identifiers"] == 2
    assert quality["distinct email"] == 3
    assert quality["distinct cookie"] == 2
    assert quality["suspicious email"] == 0
    assert quality["suspicious cookie"] == 1
    table = quality.to_pandas().set_index("measure")
    assert "'null'" in table.loc["suspicious cookie", "meaning"]
    assert table.loc["several identifiers", "share"] == 2 / 6
    assert not any(name.startswith("one c") for name in table.index)  # of six rows none is many


def test_rows_of_nobody() -> None:
    frame = pd.DataFrame({"at": pd.to_datetime([AT] * 3, utc=True), "mail": ["a", "", None]})
    log = EventLog.from_frame(frame, time="at", event="view", identifiers=["mail"])
    assert log.quality()["missing customer"] == 2
    assert log.quality()["identical rows"] == 0
    assert (log + log).quality()["identical rows"] == 1


def test_the_same_value_twice_on_a_row_is_one() -> None:
    frame = pd.DataFrame({"at": pd.to_datetime([AT], utc=True), "a": ["x"], "b": ["x"], "c": ["y"]})
    given = {"email": ["a", "b"]}
    log = EventLog.from_frame(frame, time="at", event="view", identifiers=given)
    assert log.quality()["one identifier"] == 1
    given = {"email": ["a", "c", "b"]}
    log = EventLog.from_frame(frame, time="at", event="view", identifiers=given)
    assert log.quality()["several identifiers"] == 1
    assert log.quality()["distinct email"] == 2


def _shop(n: int) -> EventLog:
    """A log of n rows, 6 % of them of one till, and each address on 5 %."""
    tills = ["till"] * (6 * n // 100) + [f"c{i}" for i in range(94 * n // 100)]
    frame = pd.DataFrame({"at": pd.to_datetime([AT] * n, utc=True), "cid": tills})
    frame["mail"] = [f"m{20 * i // n}@web.de" for i in range(n)]
    return EventLog.from_frame(frame, time="at", event="view", identifiers=["cid", "mail"])


def test_one_value_on_many_rows() -> None:
    quality = _shop(1000).quality()
    assert quality["one cid"] == 60
    assert "'till'" in repr(quality)
    assert "one mail" not in set(quality.to_pandas()["measure"])


def test_a_log_without_identifiers_has_no_such_measures() -> None:
    log = EventLog.from_events([Event("ann", "view", AT)])
    plain = set(log.quality().to_pandas()["measure"])
    assert "one identifier" not in plain
    none = EventLog.from_events([Event(None, "view", AT, identifiers={"cookie": "c"})]).before(AT)
    assert set(none.quality().to_pandas()["measure"]) == plain


def test_a_small_log_alarms_nobody() -> None:
    events = [Event("ann", "view", AT, identifiers={"email": "ben@web.de", "phone": "007 8"})]
    quality = EventLog.from_events(events * 23).quality()
    assert quality["suspicious email"] == quality["suspicious phone"] == 0
    small = _shop(100).quality().to_pandas()
    assert not any(name.startswith("one c") for name in small["measure"])
    assert (small.loc[small["measure"].str.startswith("suspicious"), "value"] == 0).all()
