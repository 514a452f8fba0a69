"""Snowplow's enriched events: the TSV of 131 columns, and the JSON that its SDKs make of it.

Both become one record with named fields; what the enrichments found out is read before the raw
user agent is. A self-describing event is known by its name:

    event "unstruct", event_name "site_search"  ->  kind "search"
"""

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any, final

import attrs

from onefold.readers.build import BLANK
from onefold.readers.fixed import Fixed
from onefold.readers.gathering import Found, gathered
from onefold.readers.orders import Product, Stated, ordered, sign
from onefold.readers.read import Read
from onefold.readers.settings import NO_TIME, Chosen, Kinds, Settings, settings
from onefold.readers.snowplow_tsv import EVENT, Shredder
from onefold.readers.sources import (
    Line,
    Ready,
    Record,
    documents,
    records_of,
    texts,
)
from onefold.readers.values import Refused, instant, listed, mapping, path_of, text

ACTION = "snowplow_ecommerce_action"

SNOWPLOW_KINDS: Kinds = Fixed(
    {
        f"{ACTION}.transaction": "purchase",
        f"{ACTION}.refund": "return",
        f"{ACTION}.product_view": "view",
        f"{ACTION}.add_to_cart": "cart",
        f"{ACTION}.list_click": "click",
        f"{ACTION}.promo_click": "click",
        "transaction_item": "purchase",
        "add_to_cart": "cart",
        "site_search": "search",
        "link_click": "click",
        "ad_click": "click",
        "page_view": "page",
        "screen_view": "screen",
        "page_ping": None,
    }
)
"""Snowplow's names of events and the kinds that they are here; page pings are left out."""

KNOWN = "contexts_com_snowplowanalytics_snowplow_"
SHOP = KNOWN + "ecommerce_"
CHANNELS = {"web": "web", "mob": "mobile", "app": "mobile", "srv": "server", "pc": "desktop"}
LISTS = {f"{ACTION}.list_view", f"{ACTION}.promo_view"}  # shown, not chosen
MONEY = {f"{ACTION}.transaction": 1, f"{ACTION}.refund": -1, "transaction_item": 1}
NOTHING: dict[str, Any] = {}
DEVICES = ("appleIdfv", "appleIdfa", "androidIdfa")  # in the order in which they are preferred


def snowplow(
    source: Any,
    *,
    kinds: Kinds | None = SNOWPLOW_KINDS,
    properties: Chosen = (),
    anonymous: bool = True,
    currency: str | None = None,
    system: str | None = "snowplow",
    identities: bool = False,
) -> Read:
    """Read Snowplow's enriched events: TSV lines, or the JSON that its analytics SDKs make.

    The customer is `user_id`, else the anonymous id: `domain_userid`, the user of the mobile
    session, or `network_userid`. The time is `derived_tstamp`, else `collector_tstamp`, from which
    on the event is known. The kind is `event_name`; of a structured event `se_action`, and of an
    action of the e-commerce plug-in its type too, such as "snowplow_ecommerce_action.transaction".
    Such an action becomes one event a product entity, whose price is after its own discount; where
    these do not add up to the revenue yet, `discount_amount` is spread over them. The old
    `transaction_item` is a purchase's line, and the old `transaction`, which says the total again,
    has no value. The basket is the order, else `domain_sessionid`; the clock is `os_timezone`'s,
    else `geo_timezone`'s.

    Args:
        source: A path (gzipped or not), a list of paths, an iterable of lines or dictionaries, a
            Parquet file, or a frame with these columns.
        kinds: Kinds by the names of events; None as a kind leaves such events out, None as the
            mapping keeps all names.
        properties: Further properties of events: paths such as "geo_country" or
            "contexts_com_acme_plan_1.0.name", or a mapping from a property's name to its path.
        anonymous: Whether events without a user id are kept, under the anonymous one.
        currency: Currency of the log; left out, the one that most amounts are in. Amounts in
            another one are rejected, those that name none are taken to be in it.
        system: The system whose ids of events these are.
        identities: Keep all identifiers, for `onefold.resolve`, instead of one customer: `user_id`,
            `domain_userid` and `network_userid` as "cookie", the user of the mobile session and the
            id of the device for its vendor, else for advertising, as "device". The address of the
            network is none.

    Returns:
        The log, and what became of each event.

    Raises:
        ArgumentError: If an argument is wrong, no record looks like an enriched event,
            or every one is rejected.
        FileError: If there is no such file.

    Examples:
        >>> import onefold as of
        >>> from onefold import readers
        >>> read = readers.snowplow(readers.example("snowplow"))
        >>> read.accepted, sum(read.skipped.values()), len(read.rejected)
        (5, 1, 3)
        >>> of.fold(read.log)["ann"]["monetary"]
        24.7
    """
    call = "readers.snowplow"
    chosen = settings(
        call,
        kinds=kinds,
        properties=properties,
        anonymous=anonymous,
        currency=currency,
        system=system,
        identities=identities,
    )
    return gathered(
        records_of(source, enriched, call),
        Enriched(chosen),
        call=call,
        looks="An event is a line of 131 columns, or an object with event_id and collector_tstamp",
        currency=chosen.currency,
        chosen=chosen.chosen,
        notes=chosen.notes,
        sure=isinstance(source, Ready) and source.sure,
    )


def enriched(name: str | None, lines: Iterator[Line]) -> Iterator[Record]:
    """The events in lines: JSON where the first says so, else TSV."""
    first = next(lines, None)
    if first is None:
        return
    lines = itertools.chain([first], lines)
    held = first[1]
    start = held.lstrip()[:1] if isinstance(held, (str, bytes)) else ""
    yield from (documents if start in ("{", b"{", "[", b"[") else texts)(name, lines)


@final
@attrs.frozen(eq=False)
class Enriched:
    """What an enriched event means."""

    settings: Settings
    shredder: Shredder = attrs.field(init=False, factory=Shredder)

    def __call__(self, document: Any) -> Found:
        """Events of one line or object."""
        if isinstance(document, str):
            document = self.shredder.shred(document)
        if not isinstance(document, dict):
            raise Refused("not an object", foreign=True)
        if document.get("event_id") is None and document.get("collector_tstamp") is None:
            raise Refused("neither event_id nor collector_tstamp", foreign=True)
        name, told = self._named(document)
        kind = self.settings.kind(name)
        event = self._event(document) | {"kind": kind}
        direction = sign(kind) or MONEY.get(str(name), 0)
        if name is not None and name.startswith(ACTION):
            return self._action(document, event, name, direction), []
        own, total, code = _told(document, told)
        order = text(document.get("tr_orderid") or document.get("ti_orderid"), "order id")
        event["basket"] = order or event["basket"]
        event["currency"] = _code(code)
        stated, note = Stated(total), self.settings.note
        return ordered(event, (), own=own, sign=direction, order=stated, note=note), []

    def _action(
        self, document: dict[str, Any], event: dict[str, Any], name: str, direction: int
    ) -> list[dict[str, Any]]:
        """An action of the e-commerce plug-in, with its product entities."""
        order = _entity(document, SHOP + "transaction_1")
        refund = _entity(document, SHOP + "refund_1")
        about = refund if direction < 0 and refund else order
        event["basket"] = text(about.get("transaction_id"), "order id") or event["basket"]
        held = [] if name in LISTS else listed(document.get(SHOP + "product_1"), "products")
        entities = [mapping(one, "a product") for one in held]
        lines = [Product(p.get("id"), p.get("price"), p.get("quantity")) for p in entities]
        total = about.get("refund_amount") if about is refund else about.get("revenue")
        code = about.get("currency") or next((p.get("currency") for p in entities), None)
        event["currency"] = _code(code)
        stated = Stated(
            total,
            discount=None if about is refund else about.get("discount_amount"),
            extras=(about.get("shipping"), about.get("tax")),
        )
        own, note = Product(None, None, None), self.settings.note
        return ordered(event, lines, own=own, sign=direction, order=stated, note=note)

    def _event(self, document: dict[str, Any]) -> dict[str, Any]:
        get, label = document.get, self.settings.label
        session = _entity(document, KNOWN + "client_session_1")
        user = text(get("user_id"), "user_id")
        anonymous = (
            text(get("domain_userid"), "domain_userid")
            or text(session.get("userId"), "userId of the session")
            or text(get("network_userid"), "network_userid")
        )
        whose = self.settings.whose(user, anonymous, lambda: self._names(document, session))
        received = instant(get("collector_tstamp"), "collector_tstamp", dt.UTC)
        time = instant(get("derived_tstamp"), "derived_tstamp", dt.UTC)
        time = received if time is None else time
        if time is None:
            raise Refused(NO_TIME)
        platform = label(get("platform"), "platform")
        device, system, browser = self._technology(document)
        return {
            **BLANK,
            **whose,
            "time": time,
            "received": received,
            "channel": None if platform is None else CHANNELS.get(platform, platform),
            "basket": text(get("domain_sessionid"), "domain_sessionid")
            or text(session.get("sessionId"), "sessionId"),
            "zone": self.settings.zone(get("os_timezone") or get("geo_timezone")),
            "id": text(get("event_id"), "event_id"),
            "source": self.settings.system,
            "device": device,
            "platform": system,
            "browser": browser,
            "page": path_of(label(get("page_urlpath") or get("page_url"), "page")),
            "medium": label(get("mkt_medium"), "medium"),
            "chosen": self.settings.picked(document),
        }

    def _names(self, document: dict[str, Any], session: Any) -> dict[str, str | None]:
        """All names besides the user's id."""
        mobile = _entity(document, KNOWN + "mobile_context_1")
        ids = [self.settings.name(mobile.get(key), key) for key in DEVICES]
        return {
            "cookie": text(document.get("domain_userid"), "domain_userid"),
            "cookie:2": text(document.get("network_userid"), "network_userid"),
            "device": text(session.get("userId"), "userId of the session"),
            "device:2": next((one for one in ids if one is not None), None),
        }

    def _technology(self, document: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
        """Device, operating system and browser: by the enrichments, else by the user agent."""
        label, get = self.settings.label, document.get
        agent = _entity(document, KNOWN + "ua_parser_context_1")
        analysed = _entity(document, "contexts_nl_basjes_yauaa_context_1")
        mobile = _entity(document, KNOWN + "mobile_context_1")
        device = (
            get("dvce_type")
            or analysed.get("deviceClass")
            or mobile.get("deviceModel")
            or agent.get("deviceFamily")
        )
        system = (
            get("os_family")
            or analysed.get("operatingSystemName")
            or mobile.get("osType")
            or agent.get("osFamily")
        )
        browser = get("br_family") or analysed.get("agentName") or agent.get("useragentFamily")
        if not (device or system or browser):
            return self.settings.agent(get("useragent"))
        return label(device, "device"), label(system, "platform"), label(browser, "browser")

    def _named(self, document: dict[str, Any]) -> tuple[str | None, Any]:
        """The name of an event, and what a self-describing one tells."""
        event = text(document.get("event"), "event")
        name = text(document.get("event_name"), "event_name")
        if event == "struct":
            return text(document.get("se_action"), "se_action") or name, NOTHING
        if event != "unstruct" or name is None:
            return event or name, NOTHING
        vendor, version = (text(document.get(f"event_{k}"), k) for k in ("vendor", "version"))
        key = self.shredder.key(EVENT, f"iglu:{vendor}/{name}/jsonschema/{version}")
        told = mapping(document.get(key or ""), "the self-describing event")
        if name == ACTION:
            kind = text(told.get("type"), "type of the action")
            return None if kind is None else f"{ACTION}.{kind}", told
        return name, told


def _told(document: dict[str, Any], told: Any) -> tuple[Product, Any, Any]:
    """What an event other than the plug-in's says of a product: itself, a total, a currency."""
    get = document.get
    if get("event") in ("transaction_item", "transaction"):
        own = Product(get("ti_sku"), get("ti_price"), get("ti_quantity"))
        return own, get("tr_total"), get("ti_currency") or get("tr_currency")
    return (
        Product(told.get("sku"), told.get("unitPrice"), told.get("quantity")),
        None,
        told.get("currency"),
    )


def _entity(document: dict[str, Any], key: str) -> Any:
    """The first entity of a schema, an empty one where there is none."""
    held = document.get(key)
    if isinstance(held, list) and held and isinstance(held[0], dict):
        return held[0]
    return NOTHING


def _code(value: Any) -> str | None:
    code = text(value, "currency")
    return None if code is None else code.upper()
