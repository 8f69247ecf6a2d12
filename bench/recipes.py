"""Compares the recipes over seeds, and class weights on images of very uneven classes. Writes docs/recipes.md.

    python bench/recipes.py [--seeds 10] [--strong-seeds 10] [--data fashion3] [--out runs/recipes]

Trains each recipe on the same splits, one seed after the other (about an hour and a half on two CPU cores). Finished runs
are not trained again; an interrupted run is resumed. Needs a Python with scipy. Nothing else should run on the machine: the
times are those of the training steps.
"""

import argparse
import csv
import json
import math
import pathlib
import shutil
import statistics
import subprocess
import zipfile

from scipy.stats import t

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "recipes.md"
IMAGES = ROOT / "core/src/main/resources/io/github/resdensenet/data/fashion3.zip"
RECIPES = ["default", "fast", "strong"]
IMBALANCE_SEEDS = range(5)


def train(run: pathlib.Path, *options: str) -> dict:
    if not (run / "metrics.json").exists():
        place = ["--resume", str(run)] if run.exists() else [*options, "--out", str(run)]
        subprocess.run([ROOT / "resdensenet", "train", *place], check=True, stdout=subprocess.DEVNULL)
    with open(run / "history.csv", encoding="utf-8") as file:
        seconds = sum(float(row["seconds"]) for row in csv.DictReader(file))
    test = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["test"]
    recall = statistics.mean(c["recall"] for c in test["per_class"])
    return {"accuracy": 100 * test["accuracy"], "seconds": seconds, "recall": 100 * recall}


def interval(d: list[float]) -> str:
    half = t.ppf(0.975, len(d) - 1) * statistics.stdev(d) / math.sqrt(len(d))
    return f"{statistics.mean(d):+.2f} ({statistics.mean(d) - half:+.2f} to {statistics.mean(d) + half:+.2f})"


def recipes(out: pathlib.Path, data: list[str], seeds: int, strong_seeds: int) -> list[str]:
    results = {name: [] for name in RECIPES}
    for seed in range(seeds):
        for name in RECIPES[: 3 if seed < strong_seeds else 2]:
            options = ["--recipe", name, "--seed", str(seed), *data]
            results[name].append(train(out / f"{name}-{seed}", *options))
            print(name, seed, results[name][-1], flush=True)
    lines = ["| recipe | seeds | test accuracy, mean (standard deviation), % | difference from `default`, points, 95% interval"
             " | training time, median, s | time / `default`'s |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    base = results["default"]
    for name in RECIPES:
        accuracy = [r["accuracy"] for r in results[name]]
        seconds = statistics.median(r["seconds"] for r in results[name])
        ratio = statistics.median(r["seconds"] / b["seconds"] for r, b in zip(results[name], base))
        difference = interval([a - b["accuracy"] for a, b in zip(accuracy, base)])
        lines.append(f"| `{name}` | {len(accuracy)} | {statistics.mean(accuracy):.1f} ({statistics.stdev(accuracy):.1f})"
                     f" | {'' if name == 'default' else difference} | {seconds:.0f} | {ratio:.2f} |")
    return lines


def uneven(out: pathlib.Path) -> pathlib.Path:
    """An image folder of the built-in images with a tenth of the shirts and of the coats."""
    folder = out / "uneven"
    if not folder.exists():
        part = out / "uneven.part"
        shutil.rmtree(part, ignore_errors=True)
        with zipfile.ZipFile(IMAGES) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith("/"):
                    continue
                label = pathlib.PurePosixPath(name).parent.name
                number = sum(1 for _ in (part / label).glob("*")) if (part / label).exists() else 0
                most = 60 if label != "pullover" else 600
                if number < most:
                    (part / label).mkdir(parents=True, exist_ok=True)
                    (part / label / pathlib.PurePosixPath(name).name).write_bytes(archive.read(name))
        part.rename(folder)
    return folder


def imbalance(out: pathlib.Path) -> list[str]:
    folder = uneven(out)
    counts = ", ".join(f"{c.name} {sum(1 for _ in c.glob('*'))}" for c in sorted(folder.iterdir()))
    ways = {"no class weights": [], "class weights": ["--set", "train.classWeights=balanced"]}
    results = {way: [train(out / f"uneven-{way.replace(' ', '-')}-{seed}", "--data", str(folder), "--image-size", "64",
                           "--seed", str(seed), *options) for seed in IMBALANCE_SEEDS] for way, options in ways.items()}
    lines = [f"Images: {counts}. Seeds: {len(IMBALANCE_SEEDS)}.", "",
             "| | macro recall, mean, % | difference in macro recall, points, 95% interval | accuracy, mean, % |",
             "| --- | ---: | ---: | ---: |"]
    for way, of in results.items():
        recall = [r["recall"] for r in of]
        difference = interval([a - b["recall"] for a, b in zip(recall, results["no class weights"], strict=True)])
        lines.append(f"| {way} | {statistics.mean(recall):.1f} | {'' if way == 'no class weights' else difference}"
                     f" | {statistics.mean(r['accuracy'] for r in of):.1f} |")
    return lines


def cpu() -> str:
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if "model name" in line]
    return f"{len(names)} cores of an {names[0]}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--strong-seeds", type=int, default=10, help="seeds of the recipe strong, at most --seeds")
    parser.add_argument("--data", default="fashion3")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "runs" / "recipes")
    options = parser.parse_args()
    data = [] if options.data == "fashion3" else ["--data", options.data]
    table = recipes(options.out, data, options.seeds, options.strong_seeds)
    if options.data != "fashion3":
        print("\n".join(table))
        return
    lines = ["# Recipes", "",
             f"`python bench/recipes.py --seeds {options.seeds} --strong-seeds {options.strong_seeds}` trains each [recipe](guide/training.md#recipes) with the same seeds on the built-in images (64 pixels) and writes this"
             f" page. Machine: {cpu()}. The test set of a seed is the same for all recipes; differences and time ratios use the seeds that both recipes have. The"
             " time is that of the training steps.", "",
             *table, "",
             "`fast` and `strong` use bf16 if the processor supports it; this one does. `default` uses fp32. The script needs a Python with scipy.", "",
             "## Uneven classes", "",
             "The default recipe was trained without and with `train.classWeights=balanced` on a subset of the built-in images. The test set is"
             " as uneven as the training set: always predicting pullover would give 83% accuracy and 33% macro recall.", "",
             *imbalance(options.out), ""]
    PAGE.write_text("\n".join(lines), encoding="utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
