"""GA4's export to BigQuery: one row an event, with nested parameters, user properties and items.

    event_params: [{"key": "currency", "value": {"string_value": "EUR"}}, ...]
    purchase with two items  ->  two events "purchase" in the basket of its transaction_id

Rows come as JSON lines, where BigQuery writes whole numbers as text, as Parquet or as a frame.
"""

import hashlib
import json
from typing import Any, final

import attrs

from onefold.readers.build import BLANK
from onefold.readers.fixed import Fixed
from onefold.readers.gathering import Fact, Found, gathered
from onefold.readers.orders import Product, Stated, ordered, sign
from onefold.readers.read import Read
from onefold.readers.settings import (
    NO_KIND,
    NO_TIME,
    Chosen,
    Kinds,
    Settings,
    at,
    first_value,
    settings,
)
from onefold.readers.sources import Ready, documents, records_of
from onefold.readers.values import Refused, absent, mapping, path_of, text, unix

GA4_KINDS: Kinds = Fixed(
    {
        "purchase": "purchase",
        "refund": "return",
        "view_item": "view",
        "add_to_cart": "cart",
        "search": "search",
        "view_search_results": "search",
        "select_item": "click",
        "select_promotion": "click",
        "click": "click",
        "page_view": "page",
        "screen_view": "screen",
        "user_engagement": None,
        "session_start": None,
        "first_visit": None,
        "first_open": None,
    }
)
"""GA4's names of events and the kinds that they are here; what it counts by itself is left out."""

MONEY = {"purchase": 1, "refund": -1}
LISTS = {"view_item_list", "view_promotion"}  # shown, not chosen
CHANNELS = {"WEB": "web", "IOS": "mobile", "ANDROID": "mobile"}
WANTED = {
    "currency",
    "transaction_id",
    "ga_session_id",
    "page_location",
    "firebase_screen",
    "medium",
    "value",
    "shipping",
    "tax",
}
BATCH = ("batch_page_id", "batch_ordering_id", "batch_event_index")
COLUMNS = {
    "event_name",
    "event_timestamp",
    "event_params",
    "event_bundle_sequence_id",
    "user_id",
    "user_pseudo_id",
    "user_properties",
    "device",
    "platform",
    "collected_traffic_source",
    "ecommerce",
    "items",
    *BATCH,
}
NOT_SET = ("(not set)", "(not provided)", "")
FIXED = {  # clocks that are not whole hours from UTC, and a zone that has been so all along
    16_200: "Asia/Kabul",
    19_800: "Asia/Kolkata",
    20_700: "Asia/Kathmandu",
    23_400: "Asia/Yangon",
    31_500: "Australia/Eucla",
    34_200: "Australia/Darwin",
    -34_200: "Pacific/Marquesas",
}


def ga4(
    source: Any,
    *,
    kinds: Kinds | None = GA4_KINDS,
    properties: Chosen = (),
    anonymous: bool = True,
    currency: str | None = None,
    system: str | None = "ga4",
    identities: bool = False,
) -> Read:
    """Read GA4's export to BigQuery: rows of `events_*` as JSON lines, Parquet or a frame.

    The customer is `user_id`, else `user_pseudo_id`; the time is `event_timestamp`; when an event
    was received the export does not say. An event with `items` becomes one event an item; the
    value of a purchase's line is price times quantity in the currency that the parameter
    `currency` names, its basket `transaction_id`. Prices are after discounts, so that none is taken
    off; `notes` counts orders whose lines do not add up to their value. The basket of other events
    is the session.
    `user_properties` become facts from the time on when they were set. The export has no ids of
    events, so one is made of `user_pseudo_id`, `event_timestamp`, `event_name`,
    `event_bundle_sequence_id`, `batch_page_id`, `batch_ordering_id` and `batch_event_index`; where
    the last three are missing, a hash of the parameters and the items takes their place. So a row
    that lies in two tables counts once.

    Args:
        source: A path of JSON lines (gzipped or not) or Parquet, a list of paths, an iterable of
            lines or dictionaries, or a frame.
        kinds: Kinds by the names of events; None as a kind leaves such events out, None as the
            mapping keeps all names.
        properties: Further properties of events: paths such as "geo.country" or
            "event_params.plan", or a mapping from a property's name to its path.
        anonymous: Whether events without a user id are kept, under the anonymous one.
        currency: Currency of the log; left out, the one that most amounts are in. Amounts in
            another one are rejected, those that name none are taken to be in it.
        system: The system whose ids of events these are.
        identities: Keep all identifiers, for `onefold.resolve`, instead of one customer: `user_id`,
            `user_pseudo_id` as "cookie", and the vendor's and the advertising id as "device".

    Returns:
        The log, and what became of each row.

    Raises:
        ArgumentError: If an argument is wrong, no record looks like such a row,
            or every one is rejected.
        FileError: If there is no such file.

    Examples:
        >>> import onefold as of
        >>> from onefold import readers
        >>> read = readers.ga4(readers.example("ga4"))
        >>> read.accepted, sum(read.skipped.values()), len(read.rejected)
        (6, 1, 3)
        >>> ann = of.fold(read.log)["ann"]
        >>> ann["monetary"], ann["tier"]
        (24.7, 'gold')
    """
    call = "readers.ga4"
    chosen = settings(
        call,
        kinds=kinds,
        properties=properties,
        anonymous=anonymous,
        currency=currency,
        system=system,
        identities=identities,
    )
    columns = COLUMNS | {path[0] for path in chosen.chosen.values()}
    return gathered(
        records_of(source, documents, call, columns=columns),
        Exported(chosen),
        call=call,
        looks="A row is an object with event_name, event_timestamp and user_pseudo_id",
        currency=chosen.currency,
        chosen=chosen.chosen,
        notes=chosen.notes,
        sure=isinstance(source, Ready) and source.sure,
    )


@final
@attrs.frozen(eq=False)
class Exported:
    """What a row means: its items and facts."""

    settings: Settings

    def __call__(self, document: Any) -> Found:
        """Events and facts of one row."""
        if not isinstance(document, dict):
            raise Refused("not an object", foreign=True)
        if "event_name" not in document and "event_timestamp" not in document:
            raise Refused("neither event_name nor event_timestamp", foreign=True)
        name = text(document.get("event_name"), "event_name")
        if name is None:
            raise Refused(NO_KIND)
        if isinstance(document.get("event_params"), dict):
            document = document | {
                "event_params": _listed(document["event_params"], "event_params")
            }
        params = _params(document.get("event_params"))
        event = self._event(document, params, name)
        facts = self._facts(document, event)
        kind = self.settings.kinds.get(name, name)
        if kind is None and facts:
            return [], facts
        event["kind"] = kind = self.settings.kind(name)
        direction = sign(kind) or MONEY.get(name, 0)
        shop = mapping(document.get("ecommerce"), "ecommerce")
        order = _set(shop.get("transaction_id")) or _set(params.get("transaction_id"))
        event["basket"] = text(order, "transaction_id") or event["basket"]
        code = text(params.get("currency"), "currency")
        event["currency"] = None if code is None else code.upper()
        total = shop.get("refund_value" if direction < 0 else "purchase_revenue")
        value = params.get("value") if direction else None
        sums = [one for one in (total, value) if not absent(one)] or [None]
        extras = (params.get("shipping"), params.get("tax"))
        stated = Stated(sums[0], tuple(sums[1:]), extras=extras)
        items = [] if name in LISTS else _listed(document.get("items"), "items")
        lines = [_product(mapping(one, "an item"), direction) for one in items]
        own, note = Product(None, None, None), self.settings.note
        return ordered(event, lines, own=own, sign=direction, order=stated, note=note), facts

    def _event(self, document: dict[str, Any], params: dict[str, Any], name: str) -> dict[str, Any]:
        label = self.settings.label
        user = text(_set(document.get("user_id")), "user_id")
        anonymous = text(document.get("user_pseudo_id"), "user_pseudo_id")
        device = mapping(document.get("device"), "device")
        whose = self.settings.whose(user, anonymous, lambda: self._names(anonymous, device))
        time = unix(document.get("event_timestamp"), "event_timestamp", 1)
        if time is None:
            raise Refused(NO_TIME)
        web = mapping(device.get("web_info"), "web_info")
        platform = label(document.get("platform"), "platform")
        session = text(params.get("ga_session_id"), "ga_session_id")
        medium = at(document, ("collected_traffic_source", "manual_medium"))
        return {
            **BLANK,
            **whose,
            "time": time,
            "channel": None if platform is None else CHANNELS.get(platform, platform),
            "basket": None if session is None else f"{anonymous or user}.{session}",
            "zone": self._zone(device.get("time_zone_offset_seconds")),
            "id": _key(document, anonymous or user, time, name),
            "source": self.settings.system,
            "device": label(device.get("category"), "device"),
            "platform": label(device.get("operating_system"), "platform"),
            "browser": label(web.get("browser") or device.get("browser"), "browser"),
            "page": path_of(
                label(params.get("page_location") or params.get("firebase_screen"), "page")
            ),
            "medium": label(medium or params.get("medium"), "medium"),
            "chosen": self.settings.picked(document),
        }

    def _names(self, cookie: str | None, device: Any) -> dict[str, str | None]:
        """All names besides the user's id."""
        return {
            "cookie": cookie,
            "device": self.settings.name(_set(device.get("vendor_id")), "vendor_id"),
            "device:2": self.settings.name(_set(device.get("advertising_id")), "advertising_id"),
        }

    def _facts(self, document: dict[str, Any], event: dict[str, Any]) -> list[Fact]:
        """User properties, from when they were set."""
        out: list[Fact] = []
        for one in _listed(document.get("user_properties"), "user_properties"):
            value = mapping(mapping(one, "a user property").get("value"), "a user property")
            key = text(one.get("key"), "name of a user property")
            if key is None:
                continue
            when = unix(value.get("set_timestamp_micros"), "set_timestamp_micros", 1)
            when = event["time"] if when is None else when
            for name, held in self.settings.facts({key: first_value(value)}):
                out.append((self.settings.who(event), when, None, name, held))
        return out

    def _zone(self, offset: Any) -> str | None:
        """A zone whose clock is so many seconds ahead of UTC."""
        seconds = unix(offset, "time_zone_offset_seconds", 1)
        if seconds is None:
            return None
        hours, rest = divmod(seconds, 3600)
        if rest == 0 and -12 <= hours <= 14:
            return f"Etc/GMT{-hours:+d}"  # whose signs are those of the ancient mariners
        if seconds not in FIXED:
            self.settings.note("time zone offset of no fixed zone: no local clock")
        return FIXED.get(seconds)


def _key(document: dict[str, Any], who: str | None, time: int, name: str) -> str:
    """An id of what tells a row from others."""
    batch = [text(document.get(part), part) for part in ("event_bundle_sequence_id", *BATCH)]
    if any(part is None for part in batch[1:]):
        held = [document.get("event_params"), document.get("items")]
        try:
            told = json.dumps(held, sort_keys=True, default=str).encode()
        except (TypeError, ValueError, RecursionError):
            raise Refused("parameters or items can't be read") from None
        batch.append(hashlib.blake2b(told, digest_size=8).hexdigest())
    return "|".join(str(part) for part in (who, time, name, *batch))


def _params(held: Any) -> dict[str, Any]:
    """The parameters that are read here, by their keys."""
    out = {}
    for one in _listed(held, "event_params"):
        if isinstance(one, dict):
            key = one.get("key")
            if isinstance(key, str) and key in WANTED:
                out[key] = first_value(mapping(one.get("value"), "a parameter's value"))
    return out


def _listed(held: Any, what: str) -> list[Any]:
    """A list, also where BigQuery's Parquet wraps one: {'list': [{'element': ...}]}."""
    if isinstance(held, dict) and isinstance(held.get("list"), list):
        held = [one.get("element") if isinstance(one, dict) else one for one in held["list"]]
    if not isinstance(held, (list, tuple)):
        if absent(held):
            return []
        raise Refused(f"{what} is not a list")
    return list(held)


def _product(item: Any, direction: int) -> Product:
    key = _set(item.get("item_id"))
    return Product(
        _set(item.get("item_name")) if key is None else key,
        item.get("price"),
        item.get("quantity"),
        item.get("item_refund" if direction < 0 else "item_revenue"),
    )


def _set(value: Any) -> Any:
    """A value, None where it says that there is none."""
    if isinstance(value, str):
        return None if value in NOT_SET else value
    return None if absent(value) else value
