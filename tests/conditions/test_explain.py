from onefold import Event, EventLog, fold
from onefold.conditions import trait


def test_parts_and_values():
    log = EventLog.from_events([Event("ann", "purchase", "2024-03-01", item="tea")])
    ann = fold(log, as_of="2024-03-13 12:00")["ann"]
    condition = ~(trait("recency") <= 30) | (trait("latest") == "te\na") & trait("gap").known()
    told = condition.explain(ann)
    assert told.answer is False
    assert [p.answer for p in told.parts] == [False, False]
    assert repr(told).splitlines() == [
        "false    not (recency is at most 30) or (latest is 'te\\na' and gap is known)",
        "  false    not (recency is at most 30)",
        "    true     recency is at most 30 (found 12.5)",
        "  false    latest is 'te\\na' and gap is known",
        "    false    latest is 'te\\na' (found 'tea')",
        "    false    gap is known (no data)",
    ]
