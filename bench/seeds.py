"""Trains the article's recipe with ten seeds, with both engines and both precisions, and compares with the article's program.

    python bench/seeds.py            trains into runs/seeds (an hour on two CPU cores; finished runs are not trained again)

Needs a Python with scipy. ARTICLE has the accuracies of the article's program: seeds 0 to 4, PyTorch 2.13, same images. The
results are in docs/learning.md.
"""

import csv
import math
import pathlib
import statistics
import subprocess

from scipy.stats import t

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUNS = ROOT / "runs" / "seeds"
SEEDS = range(10)
ARTICLE = [82.9, 87.4, 83.2, 84.4, 82.6]
WAYS = {
    "fused": ["--engine", "fused"],
    "bf16": ["--engine", "fused", "--precision", "bf16"],
    "reference": ["--engine", "reference"],
}


def accuracy(way: str, seed: int) -> float:
    """The best test accuracy of the ten epochs, in percent."""
    run = RUNS / f"{way}-{seed}"
    if not (run / "metrics.json").exists():
        place = ["--resume", run] if run.exists() else [
            "--recipe", "seed", "--image-size", "64", "--seed", str(seed), *WAYS[way], "--out", run]
        subprocess.run([ROOT / "resdensenet", "train", *place], check=True, stdout=subprocess.DEVNULL)
    with open(run / "history.csv", encoding="utf-8") as file:
        return 100 * max(float(row["test_acc"]) for row in csv.DictReader(file))


def paired(a: list[float], b: list[float]) -> str:
    d = [x - y for x, y in zip(a, b, strict=True)]
    half = t.ppf(0.975, len(d) - 1) * statistics.stdev(d) / math.sqrt(len(d))
    return f"{statistics.mean(d):.2f}, 95% interval {statistics.mean(d) - half:.2f} to {statistics.mean(d) + half:.2f}"


def welch(a: list[float], b: list[float]) -> str:
    d = statistics.mean(a) - statistics.mean(b)
    va, vb = statistics.variance(a) / len(a), statistics.variance(b) / len(b)
    df = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    half = t.ppf(0.975, df) * math.sqrt(va + vb)
    return f"{d:.2f}, 95% interval {d - half:.2f} to {d + half:.2f}"


def main() -> None:
    results = {way: [accuracy(way, seed) for seed in SEEDS] for way in WAYS}
    for way, values in {"article": ARTICLE, **results}.items():
        accuracies = " ".join(f"{value:.1f}" for value in values)
        print(f"{way}: {accuracies}, mean {statistics.mean(values):.1f}, standard deviation {statistics.stdev(values):.1f}")
    print("fused - article:", welch(results["fused"], ARTICLE))
    print("fused - reference, paired:", paired(results["fused"], results["reference"]))
    print("bf16 - fused in fp32, paired:", paired(results["bf16"], results["fused"]))


if __name__ == "__main__":
    main()
