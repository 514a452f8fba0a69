"""What ``import onefold`` costs beside ``import pandas``.

Fresh processes take turns: one imports pandas, the next imports pandas and onefold, so that a
busy moment of the machine hits both. Each measures itself; the median over the rounds counts.

    extra = median over rounds of (pandas and onefold) - (pandas)

Run it as ``python benchmarks/import_time.py [--rounds 15] [--write]``.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
START, STOP = "<!-- import: begin -->", "<!-- import: end -->"
CODE = """
from time import perf_counter
start = perf_counter()
import {modules}
print(1000 * (perf_counter() - start))
"""


def milliseconds(modules: str) -> float:
    """Time of one import in a fresh process, as that process measures it."""
    command = [sys.executable, "-c", CODE.format(modules=modules)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


CASES = ("pandas", "pandas, onefold", "pandas, onefold.profiles")


def alternate(rounds: int) -> list[tuple[float, ...]]:
    """Milliseconds of pandas alone, with onefold, and with what `fold` needs, in turns."""
    turns = [tuple(milliseconds(case) for case in CASES) for _ in range(rounds + 1)]
    return turns[1:]  # the first round only warms the disk's cache


def page(pairs: list[tuple[float, ...]]) -> str:
    """What stands between the markers of the page."""
    rows = {
        "`import pandas`": [a for a, _, _ in pairs],
        "`import pandas, onefold`": [b for _, b, _ in pairs],
        "extra, turn by turn": [b - a for a, b, _ in pairs],
        "extra with the first use of `onefold.fold`": [c - a for a, _, c in pairs],
    }
    lines = [
        START,
        (
            f"{len(pairs)} turns of new processes, on a shared machine of {os.cpu_count()} cores. "
            f"Python {platform.python_version()}."
        ),
        "",
        "| | milliseconds: median | least to most |",
        "|---|---:|---:|",
    ]
    for name, times in rows.items():
        lines.append(
            f"| {name} | {statistics.median(times):.0f} | {min(times):.0f} to {max(times):.0f} |"
        )
    return "\n".join([*lines, STOP])


def main() -> None:
    parser = argparse.ArgumentParser(description="Time of `import onefold` beside pandas.")
    parser.add_argument("--rounds", type=int, default=15, help="pairs of processes")
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    asked = parser.parse_args()
    rounds = asked.rounds
    pairs = alternate(rounds)
    alone = statistics.median(a for a, _, _ in pairs)
    both = statistics.median(b for _, b, _ in pairs)
    extra = statistics.median(b - a for a, b, _ in pairs)
    ratio = statistics.median(b / a for a, b, _ in pairs)
    used = statistics.median(c - a for a, _, c in pairs)
    print(f"import pandas            {alone:7.1f} ms   (median of {rounds} fresh processes)")
    print(f"import pandas, onefold   {both:7.1f} ms")
    print(f"extra                    {extra:7.1f} ms   ratio {ratio:.3f}   (medians of the pairs)")
    print(f"extra with fold          {used:7.1f} ms   (what the first use of onefold.fold loads)")
    if asked.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(START)[0], text.split(STOP)[1]
        PAGE.write_text(before + page(pairs) + after, encoding="utf-8")


if __name__ == "__main__":
    main()
