"""Who fits a portrait: customers told by the published claims alone.

Each supported claim is a question with a yes or a no; what is not known says nothing:

    score(customer) = sum over claims of  ln(share / elsewhere)              if yes
                                          ln((1 - share) / (1 - elsewhere))  if no

with shares shrunk by half a customer of either answer. A trait is read once, however many claims
ask it, and of a trait with many labels only what a customer has is looked at.
"""

from collections.abc import Sequence

import numpy as np

from onefold._types import Array, Floats, Ints
from onefold.conditions import Compare
from onefold.errors import UnknownName
from onefold.personas.claims import Claim, holds
from onefold.profiles import TraitTable
from onefold.traits import Wide

__all__ = ["Weighed", "scores", "weighed"]

# Of one trait and one comparison: labels, questions, and weights (questions, personas) of yes, no.
Block = tuple[str, Sequence[Compare], Floats, Floats]
Weighed = tuple[int, Sequence[Block]]


def weighed(cards: Sequence[Sequence[Claim]]) -> Weighed:
    """The supported claims of each persona as blocks of questions with their weights."""
    asked: dict[str, dict[Compare, list[tuple[int, Claim]]]] = {}
    for persona, claims in enumerate(cards):
        for claim in claims:
            if claim.supported:
                group = asked.setdefault(claim.condition.name, {})
                group.setdefault(claim.condition, []).append((persona, claim))
    blocks: list[Block] = []
    for name, questions in asked.items():
        yes, no = np.zeros((2, len(questions), len(cards)))
        for i, held in enumerate(questions.values()):
            for persona, claim in held:
                yes[i, persona], no[i, persona] = _weights(claim)
        blocks.append((name, tuple(questions), yes, no))
    return len(cards), blocks


def scores(table: TraitTable, by: Weighed) -> Floats:
    """How well each row fits each persona (n, personas): a sum of log-likelihood ratios."""
    personas, blocks = by
    out = np.zeros((len(table), personas))
    for name, questions, yes, no in blocks:
        try:
            reading = table.reading(name)
        except UnknownName:  # a fact that was never stated of this one person
            if len(table.history.ledger) > 1:
                raise
            continue
        if isinstance(reading, Wide):
            _add_wide(out, reading, questions, yes, no)
        elif reading.ndim == 1:
            _add_columns(out, [reading] * len(questions), questions, yes, no)
        else:
            columns = [table.column(name, q.label) for q in questions]
            _add_columns(out, columns, questions, yes, no)
    return out


def _weights(claim: Claim) -> tuple[float, float]:
    here = (claim.k + 0.5) / (claim.n + 1)
    there = (claim.k_elsewhere + 0.5) / (claim.n_elsewhere + 1)
    return float(np.log(here / there)), float(np.log((1 - here) / (1 - there)))


def _add_columns(
    out: Floats, columns: Sequence[Array], questions: Sequence[Compare], yes: Floats, no: Floats
) -> None:
    for i, (column, question) in enumerate(zip(columns, questions, strict=True)):
        text = isinstance(question.value, str)
        if text != (column.dtype == object):
            continue  # a person of whom nothing of this type is known
        known = np.asarray(column != None) if text else ~np.isnan(column)  # noqa: E711
        agrees = holds(question, column)
        out += np.where(agrees[:, None], yes[i], np.where(known[:, None], no[i], 0.0))


def _add_wide(
    out: Floats, wide: Wide, questions: Sequence[Compare], yes: Floats, no: Floats
) -> None:
    """First as if every label were 0, then the difference that the stored numbers make."""
    zero = np.array([bool(holds(q, np.zeros(1))[0]) for q in questions])
    out += wide.known[:, None] * np.where(zero[:, None], yes, no).sum(axis=0)
    codes = _codes(wide, questions)
    slot = np.full(len(wide.labels), -1, dtype=np.int64)
    left = np.flatnonzero(codes >= 0)
    if not len(left):
        return
    owner = np.repeat(np.arange(len(wide)), np.diff(wide.offsets))
    while len(left):  # once, but for labels of which several questions are asked
        _, first = np.unique(codes[left], return_index=True)
        now = left[first]
        slot[:] = -1
        slot[codes[now]] = now
        asked = slot[wide.codes]
        cells = np.flatnonzero(asked >= 0)
        which = asked[cells]
        agrees = _agrees(questions, wide.values[cells], which)
        changed = np.flatnonzero(agrees != zero[which])
        which, rows = which[changed], owner[cells[changed]]
        step = np.where(zero[:, None], no - yes, yes - no)
        for persona in range(out.shape[1]):  # a handful
            if step[:, persona].any():
                weights = step[which, persona]
                out[:, persona] += np.bincount(rows, weights, minlength=len(out))
        left = np.setdiff1d(left, now)


def _codes(wide: Wide, questions: Sequence[Compare]) -> Ints:
    """The code of each question's label, -1 where no row has it; labels are sorted."""
    asked = np.array([q.label or "" for q in questions], dtype=object)
    if not len(wide.labels):
        return np.full(len(asked), -1, dtype=np.int64)
    index = {label: i for i, label in enumerate(wide.labels.tolist())}
    return np.array([index.get(label, -1) for label in asked.tolist()], dtype=np.int64)


def _agrees(questions: Sequence[Compare], values: Floats, which: Ints) -> Array:
    """Whether question `which[i]` holds for `values[i]`, all questions of one kind at once."""
    out = np.zeros(len(values), dtype=bool)
    kinds = np.array([q.op for q in questions])
    for how in set(kinds.tolist()):
        mine = np.flatnonzero(kinds[which] == how)
        bounds = np.array(
            [q.value if isinstance(q.value, tuple) else (q.value, q.value) for q in questions]
        )
        low, high = bounds[which[mine], 0].astype(float), bounds[which[mine], 1].astype(float)
        x = values[mine]
        if how == "between":
            out[mine] = (x >= low) & (x <= high)
        else:
            made = {"==": x == low, "<=": x <= low, ">=": x >= low, ">": x > low}
            out[mine] = made[how]
    return out
