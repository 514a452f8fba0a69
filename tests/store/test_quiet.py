"""Bundles of which it is plain whose they are: told without settling anything, and told rightly."""

from onefold import Event
from onefold.identity import IdentifierType, IdentityPolicy
from onefold.store import closure, writing
from onefold.store.store import Store


def event(n, kind="view", **names):
    held = {key: str(value) for key, value in names.items()}
    return Event(None, kind, f"2024-03-01T{n // 60:02d}:{n % 60:02d}", id=f"e{n}", identifiers=held)


def never(*_args, **_more):
    raise AssertionError("a component was settled")


def test_new_visitors_and_new_kinds_of_events_settle_nothing(monkeypatch) -> None:
    for module in (closure, writing):
        monkeypatch.setattr(module, "slice_of", never)
    rows = [event(n, cookie=f"c{n % 7}", user_id=f"u{n % 7}") for n in range(20)]
    with Store() as store:
        store.observe_all(rows, batch=100)
        store.observe_all([event(40 + n, "click", cookie=f"c{n}") for n in range(7)])
        assert store.observe(event(59, "cart", cookie="c1", user_id="u1")) is not None
        assert not store.rebuild()


def test_an_earlier_one_is_settled() -> None:
    with Store() as store:
        store.observe_all([event(50, cookie="c1", user_id="u1"), event(51, cookie="c2")])
        store.observe_all([event(3, "click", cookie="c1"), event(4, "click", cookie="c2")])
        assert not store.rebuild()


def test_a_link_that_is_new_is_settled() -> None:
    mail = IdentifierType("mail", rank=2, limit=1, max_owners=1)
    kinds = [IdentifierType("user_id", rank=1, limit=1), mail]
    policy = IdentityPolicy([*kinds, IdentifierType("cookie", rank=3, max_owners=1)])
    rows = [event(n, user_id=f"u{n}", mail="all") for n in range(3)]  # shared
    rows += [event(5, mail="all", cookie="c"), event(6, user_id="u9", cookie="c")]
    rows += [event(7, user_id="u9", mail="own")]
    for many in (True, False):
        with Store(policy=policy) as store:
            store.observe_all(rows)
            last = event(8, "click", mail="own", cookie="c")
            if many:
                store.observe_all([last])
            else:
                store.observe(last)
            assert not store.rebuild()


def test_where_one_is_in_two_bundles_both_are_settled() -> None:
    with Store() as store:
        store.observe_all(
            [event(1, cookie="c1", user_id="u1"), event(2, cookie="c1", user_id="u2")]
        )
        assert not store.rebuild()
