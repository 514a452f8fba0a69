"""Snowplow's enriched TSV, brought into the form of the JSON that its SDKs make of it.

131 columns without names; empty ones are dropped. Three of them hold JSON in which every part
names its schema, and become fields named after it:

    iglu:com.acme/signUp/jsonschema/1-0-2  ->  unstruct_event_com_acme_sign_up_1
"""

import re
from itertools import compress
from typing import Any, final

import attrs

from onefold.readers.sources import parsed
from onefold.readers.values import Refused

NAMES = """
    app_id platform etl_tstamp collector_tstamp dvce_created_tstamp event event_id txn_id
    name_tracker v_tracker v_collector v_etl user_id user_ipaddress user_fingerprint domain_userid
    domain_sessionidx network_userid geo_country geo_region geo_city geo_zipcode geo_latitude
    geo_longitude geo_region_name ip_isp ip_organization ip_domain ip_netspeed page_url page_title
    page_referrer page_urlscheme page_urlhost page_urlport page_urlpath page_urlquery
    page_urlfragment refr_urlscheme refr_urlhost refr_urlport refr_urlpath refr_urlquery
    refr_urlfragment refr_medium refr_source refr_term mkt_medium mkt_source mkt_term mkt_content
    mkt_campaign contexts se_category se_action se_label se_property se_value unstruct_event
    tr_orderid tr_affiliation tr_total tr_tax tr_shipping tr_city tr_state tr_country ti_orderid
    ti_sku ti_name ti_category ti_price ti_quantity pp_xoffset_min pp_xoffset_max pp_yoffset_min
    pp_yoffset_max useragent br_name br_family br_version br_type br_renderengine br_lang
    br_features_pdf br_features_flash br_features_java br_features_director br_features_quicktime
    br_features_realplayer br_features_windowsmedia br_features_gears br_features_silverlight
    br_cookies br_colordepth br_viewwidth br_viewheight os_name os_family os_manufacturer
    os_timezone dvce_type dvce_ismobile dvce_screenwidth dvce_screenheight doc_charset doc_width
    doc_height tr_currency tr_total_base tr_tax_base tr_shipping_base ti_currency ti_price_base
    base_currency geo_timezone mkt_clickid mkt_network etl_tags dvce_sent_tstamp
    refr_domain_userid refr_device_tstamp derived_contexts domain_sessionid derived_tstamp
    event_vendor event_name event_format event_version event_fingerprint true_tstamp
"""
FIELDS = tuple(NAMES.split())
SCHEMA = re.compile(r"iglu:([\w.-]+)/([\w.-]+)/[^/]+/(\d+)-\d+-\d+")
CAMEL = re.compile(r"([^A-Z_])([A-Z])")
EVENT, CONTEXTS = "unstruct_event", "contexts"


@final
@attrs.frozen(eq=False)
class Shredder:
    """Takes lines apart, and remembers the names of the schemas it has met."""

    _keys: dict[tuple[str, str], str | None] = attrs.field(init=False, factory=dict)

    def shred(self, line: str) -> dict[str, Any]:
        """The fields of one line."""
        cells = line.split("\t")
        if len(cells) != len(FIELDS):
            raise Refused(f"not {len(FIELDS)} columns", foreign=True)
        if tuple(cells[:2]) == FIELDS[:2]:
            raise Refused("names of the columns", skipped=True)
        out: dict[str, Any] = dict(zip(compress(FIELDS, cells), filter(None, cells), strict=True))
        for name in (CONTEXTS, "derived_contexts"):
            if name in out:
                told = _data(out.pop(name))
                if not isinstance(told, list):
                    raise Refused(f"broken JSON in {name}")
                for one in told:
                    key, data = self._part(CONTEXTS, one)
                    out.setdefault(key, []).append(data)
        if EVENT in out:
            key, data = self._part(EVENT, _data(out.pop(EVENT)))
            out[key] = data
        return out

    def key(self, prefix: str, schema: str) -> str | None:
        """The name of a schema's field, None where it names no schema."""
        if (prefix, schema) not in self._keys:
            self._keys[prefix, schema] = _field(prefix, schema)
        return self._keys[prefix, schema]

    def _part(self, prefix: str, part: Any) -> tuple[str, Any]:
        schema = part.get("schema") if isinstance(part, dict) else None
        key = self.key(prefix, schema) if isinstance(schema, str) else None
        if key is None:
            raise Refused(f"broken JSON in {prefix}")
        return key, part.get("data")


def _data(held: str) -> Any:
    whole = parsed(held)
    return whole.get("data") if isinstance(whole, dict) else None


def _field(prefix: str, schema: str) -> str | None:
    found = SCHEMA.fullmatch(schema)
    if found is None:
        return None
    vendor, name, model = found.groups()
    snake = CAMEL.sub(r"\1_\2", name)
    words = f"{vendor}_{snake}".replace(".", "_").replace("-", "_").lower()
    return f"{prefix}_{words}_{model}"
