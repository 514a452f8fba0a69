"""What ``import onefold`` costs beside ``import pandas``.

Fresh processes take turns: one imports pandas, the next imports pandas and onefold, so that a
busy moment of the machine hits both. Each measures itself; the median over the rounds counts.

    extra = median over rounds of (pandas and onefold) - (pandas)

Run it as ``python benchmarks/import_time.py [--rounds 15]``.
"""

import argparse
import statistics
import subprocess
import sys

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


def alternate(rounds: int) -> list[tuple[float, float]]:
    """Milliseconds of pandas alone and of pandas with onefold, in turns."""
    pairs = [(milliseconds("pandas"), milliseconds("pandas, onefold")) for _ in range(rounds + 1)]
    return pairs[1:]  # the first round only warms the disk's cache


def main() -> None:
    parser = argparse.ArgumentParser(description="Time of `import onefold` beside pandas.")
    parser.add_argument("--rounds", type=int, default=15, help="pairs of processes")
    rounds = parser.parse_args().rounds
    pairs = alternate(rounds)
    alone = statistics.median(a for a, _ in pairs)
    both = statistics.median(b for _, b in pairs)
    extra = statistics.median(b - a for a, b in pairs)
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"import pandas            {alone:7.1f} ms   (median of {rounds} fresh processes)")
    print(f"import pandas, onefold   {both:7.1f} ms")
    print(f"extra                    {extra:7.1f} ms   ratio {ratio:.3f}   (medians of the pairs)")


if __name__ == "__main__":
    main()
