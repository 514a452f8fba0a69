"""What ``import onefold`` costs beside ``import pandas``.

Fresh processes take turns: one imports pandas, the next imports pandas and onefold, so that a
busy moment of the machine hits both. Each measures itself; the median of the rounds counts.

    extra = median(pandas and onefold) - median(pandas)

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


def alternate(rounds: int) -> tuple[float, float]:
    """Median milliseconds of pandas alone and of pandas with onefold, in turns."""
    alone, both = [], []
    for step in range(rounds + 1):
        pair = milliseconds("pandas"), milliseconds("pandas, onefold")
        if step > 0:  # the first round only warms the disk's cache
            alone.append(pair[0])
            both.append(pair[1])
    return statistics.median(alone), statistics.median(both)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time of `import onefold` beside pandas.")
    parser.add_argument("--rounds", type=int, default=15, help="pairs of processes")
    rounds = parser.parse_args().rounds
    alone, both = alternate(rounds)
    print(f"import pandas            {alone:7.1f} ms   (median of {rounds} fresh processes)")
    print(f"import pandas, onefold   {both:7.1f} ms")
    print(f"extra                    {both - alone:7.1f} ms   ratio {both / alone:.3f}")


if __name__ == "__main__":
    main()
