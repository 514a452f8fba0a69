"""The tour: `python -m onefold` goes the whole way once, on real data.

Events, one profile, segments, two personas, the ladder, the back-off, and a ranking with its
explanation; on The Complete Journey where the extra `demo` is installed, else on simulated
customers. It prints, and writes files only where `--save` names a folder.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import onefold
from onefold.errors import MissingExtra

WIDTH = 78


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tour; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m onefold", description=__doc__.split("\n")[0])
    parser.add_argument("--households", type=_some, help="take only so many households")
    parser.add_argument("--simulate", action="store_true", help="use simulated customers")
    parser.add_argument("--save", type=Path, help="folder for plots and persona cards")
    options = parser.parse_args(argv)
    if options.save is not None and find_spec("matplotlib") is None:
        parser.error('--save draws with matplotlib; install it with: pip install "onefold[plot]"')
    from tqdm import tqdm

    with tqdm(total=8, file=sys.stderr, desc="tour", unit="step", disable=None) as bar:

        def step(name: str, make: Callable[[], Any]) -> Any:
            bar.set_description(name)
            made = make()
            bar.update()
            return made

        show = _shown(bar)
        data, as_of, horizon, why = step(
            "reading", lambda: _data(options.households, options.simulate)
        )
        _events(data, why, show)
        quality = step("looking at the quality", data.log.quality)
        show(str(quality))
        profiles = step("folding", lambda: onefold.fold(data.log, catalog=data.catalog))
        _one_profile(profiles, show)
        segmentation = step("segmenting", lambda: onefold.segment(profiles, onefold.RFM()))
        show("\n3. Segments: recency, frequency, monetary", heading=True)
        show(str(segmentation.assignment))
        personas = step("portraying", lambda: onefold.portray(segmentation))
        _personas(personas, show)
        ladder = step(
            "climbing the ladder",
            lambda: onefold.ladder(profiles, as_of=as_of, horizon=horizon, rng=2017),
        )
        show("\n5. The ladder: what is each picture of a customer worth?", heading=True)
        show(str(ladder))
        show("\n6. The back-off: how far each level is trusted, by what is known", heading=True)
        show(str(ladder.scorer.backoff))
        step("ranking", lambda: _ranking(profiles, data.catalog, ladder, as_of, show))
        step("saving", lambda: _save(options.save, ladder, personas, show))
    return 0


def _some(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r}; it takes a whole number from 1 on")
    return int(text)


def _shown(bar: Any) -> Callable[..., None]:
    def show(text: str, *, heading: bool = False) -> None:
        bar.write(text + ("\n" + "-" * WIDTH if heading else ""), file=sys.stdout)

    return show


def _data(households: int | None, simulate: bool) -> tuple[Any, str, str, str]:
    if not simulate:
        try:
            data = onefold.datasets.complete_journey(households)
        except MissingExtra as error:
            return *_simulated(), f"Simulated customers, for want of real ones. {error}"
        return data, "2017-11-01", "14D", "The Complete Journey: a year of a US grocer."
    return *_simulated(), "Simulated customers, as asked."


def _simulated() -> tuple[Any, str, str]:
    return onefold.datasets.simulate(1000, rng=2017), "2025-11-01", "30D"


def _events(data: Any, why: str, show: Callable[..., None]) -> None:
    show("\n1. Events", heading=True)
    show(why)
    show(str(data.log))
    for what, count in getattr(data, "left_out", {}).items():
        show(f"left out: {count:>12,}  {what}")


def _one_profile(profiles: Any, show: Callable[..., None]) -> None:
    show("\n2. One profile, and the same a click later", heading=True)
    counts = profiles.table["frequency"].copy()
    facts = profiles.history.facts
    if facts:  # somebody of whom facts are known, with a middling number of purchases
        told = [value is not None and value == value for value in profiles.table[facts[0]]]
        counts[[not known for known in told]] = -1
    order = counts.argsort(kind="stable")
    profile = profiles[profiles.ids[int(order[len(counts) - (counts >= 0).sum() // 2 - 1])]]
    show(str(profile))
    click = onefold.Event(profile.id, "purchase", profile.as_of, item=profile["latest"])
    later = profile.after(click)
    show(f"one purchase later: frequency {profile['frequency']:g} -> {later['frequency']:g}")


def _personas(personas: Any, show: Callable[..., None]) -> None:
    show("\n4. Two personas, every sentence backed by customers", heading=True)
    shown = sorted(personas, key=lambda persona: -persona.size)[:2]
    for persona in shown:
        show(str(persona))


def _ranking(
    profiles: Any, catalog: Any, ladder: Any, as_of: str, show: Callable[..., None]
) -> None:
    show("\n7. A ranking, and why", heading=True)
    past = profiles.at(as_of)
    profile = past[past.ids[len(past) // 2]]
    ranking = ladder.scorer.rank(profile, n=5)
    for place, item in enumerate(ranking.of(0), start=1):
        known = catalog[item] if item in catalog else {}  # noqa: SIM401 (a Catalog has no get)
        show(f"{place}. {item:<10} {known.get('text') or known.get('category') or ''}")
    show(str(ladder.scorer.explain(profile, ranking.of(0)[0])))
    fresh = ladder.scorer.rank(profile, n=5, repeats=False)
    show(f"never bought before: {', '.join(fresh.of(0))}")


def _save(folder: Path | None, ladder: Any, personas: Any, show: Callable[..., None]) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, shown in (("personas", personas), ("ladder", ladder)):
        page = _page(f"onefold: {name}", shown._repr_html_())
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    ladder.plot().figure.savefig(folder / "ladder.png", dpi=150)
    ladder.scorer.backoff.plot().figure.savefig(folder / "backoff.png", dpi=150)
    show(f"\nsaved in {folder}: personas.html, ladder.html, ladder.png, backoff.png")


def _page(title: str, body: str) -> str:
    """A page of its own, for browsers, around what is shown in a notebook."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n</head>\n"
        '<body style="margin:24px;font:14px/1.45 system-ui,-apple-system,sans-serif">\n'
        f"{body}\n</body>\n</html>\n"
    )


if __name__ == "__main__":
    raise SystemExit(main())
