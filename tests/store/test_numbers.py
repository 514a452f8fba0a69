"""Numbers of rows are never given twice, whoever has counted and whatever was erased."""

import onefold as of


def event(day, who):
    name = {"email": f"{who}@x.org"}
    return of.Event(None, "view", f"2024-03-{day:02d}", id=f"{who}{day}", identifiers=name)


def test_no_number_is_given_again_after_compacting(url, opened) -> None:
    store = opened(url, key="k")
    store.observe(event(1, "ann"))
    store.observe_all([event(day, "ben") for day in range(2, 5)])
    now = store.position()
    store.checkpoint("model", now)
    assert now.seq == 4
    store.forget(("email", "ben@x.org"))
    assert store.compact().rows > 0
    assert store.position().seq == now.seq
    for day, who in ((5, "cid"), (6, "dan")):
        store.observe(event(day, who))
    assert store.position().seq == 6
    assert len(store.log(after=now)) == 2
    assert store.checkpoints()["behind"].tolist() == [2]
    store.observe_all([event(7, "eve")])
    store.observe(event(8, "fay"))
    assert len(store.log(after=now)) == 4
    assert not store.rebuild()


def test_numbers_in_the_middle_are_not_given_again(url, opened) -> None:
    """Bulk counts on where the sequence of PostgreSQL would not look."""
    store = opened(url, key="k")
    store.observe(event(1, "ann"))
    store.observe_all([event(2, "ben"), event(3, "cid")])
    store.forget(("email", "ben@x.org"))
    store.compact()
    now = store.position()
    store.observe(event(4, "ann"))
    assert len(store.log(after=now)) == 1
    assert store.position().seq > now.seq


def test_a_position_from_before_an_erasure_is_stale_when_it_is_kept(url, opened) -> None:
    """Nothing tells any more whether rows of who went had been read by then."""
    store = opened(url, key="k")
    store.observe_all([event(1, "ann"), event(2, "ben")])
    before = store.position()
    store.forget(("email", "ben@x.org"))
    store.checkpoint("early", before)
    store.checkpoint("late", store.position())
    assert dict(store.checkpoints()[["name", "stale"]].to_numpy().tolist()) == {
        "early": True,
        "late": False,
    }
