"""How long `tidings` takes to start, beside the bare interpreter in the same run. Seconds, median of the runs."""

import argparse
import json
import statistics
import subprocess
import sys
import time


def _seconds(command: list[str], runs: int) -> float:
    taken = []
    for _ in range(runs):
        begun = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def run(runs: int = 5) -> dict[str, object]:
    python = _seconds([sys.executable, "-c", "pass"], runs)
    help_page = _seconds([sys.executable, "-m", "bot", "--help"], runs)
    modules = "import bot.app"
    service = _seconds([sys.executable, "-c", modules], runs)
    return {
        "benchmark": "start",
        "runs": runs,
        "python_s": round(python, 3),
        "help_s": round(help_page, 3),
        "service_imports_s": round(service, 3),
        "help_over_python": round(help_page / python, 1),
        "service_over_python": round(service / python, 1),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    print(json.dumps(run(parser.parse_args().runs)))
