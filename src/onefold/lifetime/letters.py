"""How a fit is shown, and what is doubtful about it: the same for purchases and for spend.

param  estimate  standard error
-----  --------  --------------
r         0.243          0.0126
"""

from typing import Any

from onefold._display import html_table, number, text_table
from onefold.lifetime.warned import warn


def as_text(fit: Any, head: str) -> str:
    """A fit as text: a line, its letters, and what is doubtful."""
    return "\n".join([head, text_table(*_table(fit)), *_doubts(fit)])


def as_html(fit: Any, head: str) -> str:
    """The same as a page's table."""
    return html_table(*_table(fit), caption=head, below="\n".join(_doubts(fit)))


def warn_of(fit: Any, call: str, stopped: str) -> None:
    """Warn where no maximum was found, in the words given, or the data don't tell a parameter."""
    if not fit.converged:
        warn(f"{call}: {stopped}")
    if fit.untold:
        warn(
            f"{call}: the data don't tell {', '.join(fit.untold)}: the likelihood is flat, or goes "
            "on rising towards 0 or infinity. What the model expects may still be sound; these "
            "parameters and their standard errors are not."
        )


def _table(fit: Any) -> tuple[list[list[str]], list[str]]:
    errors = fit.standard_errors
    rows = [[name, number(v), number(errors[name])] for name, v in fit.params.items()]
    return rows, ["param", "estimate", "standard error"]


def _doubts(fit: Any) -> list[str]:
    said = [] if fit.converged else ["The search did not find the maximum."]
    return said + ([f"The data don't tell {', '.join(fit.untold)}."] if fit.untold else [])
