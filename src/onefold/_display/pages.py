"""Whole pages from a template: what is `Html` goes in as it is, all other text is escaped.

    page("<b>{{ name }}</b>", name="<i>") == "<b>&lt;i&gt;</b>"

Control characters and marks that turn the direction of writing are made visible, as in tables.
"""

from functools import cache
from typing import Any

from onefold._display.words import Html, printable

__all__ = ["page"]


def page(template: str, **held: Any) -> Html:
    """Fill a jinja2 template; a name that it asks for and does not get is an error.

    Example:
        >>> page("<p>{{ who }}</p>", who="Ann & <b>")
        '<p>Ann &amp; &lt;b&gt;</p>'
    """
    return Html(_compiled(template).render(**held))


@cache
def _compiled(template: str) -> Any:
    from jinja2 import Environment, StrictUndefined

    made = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.finalize = lambda x: printable(x) if type(x) is str else x
    return made.from_string(template)
