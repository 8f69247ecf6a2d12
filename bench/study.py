"""The study of docs/study.md: does joining feature maps by concatenation and addition give more accurate models?

    python bench/study.py pilot    trains the pilot and prints the power calculation of docs/study/plan.md
    python bench/study.py run      trains and evaluates everything in the plan that docs/study/results.csv lacks
    python bench/study.py page     writes docs/study.md and its pictures from docs/study/results.csv

`run` needs Debian's package dataset-fashion-mnist, takes about 14 hours on two processors and says how long is left. It can be
stopped at any time: each finished run is a line of results.csv, and an unfinished one is resumed. `--parts fusions` runs one part
only, `--jobs N` sets how many runs are trained at a time, each on one thread. Needs a Python with numpy, Pillow, scipy and
matplotlib.
"""

import argparse
import concurrent.futures
import csv
import dataclasses
import json
import math
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time

import fashion_mnist
from scipy.stats import nct, t

ROOT = pathlib.Path(__file__).resolve().parent.parent
STUDY = ROOT / "docs" / "study"
RESULTS = STUDY / "results.csv"
PILOT = STUDY / "pilot.csv"
FASHION_MNIST = pathlib.Path("/usr/share/datasets/fashion-mnist")
FUSIONS = ["both", "concat", "add", "none", "stacked"]
MODELS = ["resdensenet", "densenet121", "resnet50v2"]
# Of 1,500 images per class: 1,200 for training, 200 for validation, 100 that the study does not use.
SPLIT = ["--set", "data.split.train=0.8", "--set", "data.split.val=0.133333", "--set", "data.split.test=0.066667"]
PER_CLASS = {100: 1500, 30: 450, 10: 150}
PILOT_PER_CLASS = 1000
MARGIN = 0.5  # points of accuracy
LEVEL = 0.05
FIELDS = ["part", "percent", "model", "fusion", "recipe", "seed", "fold", "correct", "n", "macro_f1", "nll", "ece",
          "val_accuracy", "best_epoch", "epochs", "version"]


@dataclasses.dataclass(frozen=True, order=True)
class Run:
    """One training run. fold is -1 where the test images are those of Fashion-MNIST."""

    part: str
    percent: int
    model: str
    fusion: str
    recipe: str
    seed: int
    fold: int = -1

    @property
    def name(self) -> str:
        fold = f"-fold-{self.fold}" if self.fold >= 0 else ""
        return f"{self.part}-{self.percent}-{self.model}-{self.fusion}-{self.recipe}-{self.seed}{fold}"

    @property
    def weight(self) -> float:
        """Rough cost, relative to ResDenseNet with all training images."""
        model = {"resdensenet": 1, "densenet121": 3, "resnet50v2": 4}[self.model]
        return model * (0.35 if self.fold >= 0 else self.percent / 100 + 0.1)


def planned(seeds: dict[str, int]) -> list[Run]:
    """All runs of the plan, in the order in which they are trained: seed by seed within a part."""
    runs = []
    for seed in range(seeds["fusions"]):
        runs += [Run("fashion-mnist", 100, "resdensenet", f, "common", seed) for f in FUSIONS]
    for percent in (10, 30):
        for seed in range(seeds["curves"]):
            runs += [Run("fashion-mnist", percent, "resdensenet", f, "common", seed) for f in FUSIONS]
    for seed in range(seeds["models"]):
        runs += [Run("fashion-mnist", 100, m, "both", "common", seed) for m in MODELS[1:]]
    for seed in range(seeds["own"]):
        runs += [Run("fashion-mnist", 100, m, "both", "default", seed) for m in MODELS[1:]]
    for seed in range(seeds["model-curves"]):
        runs += [Run("fashion-mnist", percent, m, "both", "common", seed) for percent in (10, 30) for m in MODELS[1:]]
    for seed in range(seeds["crossval"]):
        runs += [Run("fashion3", 100, "resdensenet", f, "common", seed, fold) for f in FUSIONS for fold in range(5)]
    for seed in range(seeds["crossval-models"]):
        runs += [Run("fashion3", 100, m, "both", "common", seed, fold) for m in MODELS[1:] for fold in range(5)]
    return runs


# The numbers of seeds in docs/study/plan.md.
SEEDS = {"fusions": 16, "curves": 8, "models": 16, "own": 6, "model-curves": 6, "crossval": 5, "crossval-models": 3}


# ---------------------------------------------------------------- runs

def images(out: pathlib.Path, percent: int) -> pathlib.Path:
    folder = out / f"images-{percent}"
    fashion_mnist.make(folder, FASHION_MNIST, PER_CLASS[percent])
    return folder


def pilot_images(out: pathlib.Path) -> pathlib.Path:
    """Images of the training set that no run of the study is trained on; they stand for test images in the pilot."""
    folder = out / "images-pilot"
    if not folder.exists():
        part = out / "images-pilot.part"
        shutil.rmtree(part, ignore_errors=True)
        fashion_mnist.write(FASHION_MNIST, "train", part, PER_CLASS[100] + PILOT_PER_CLASS, skip=PER_CLASS[100])
        part.rename(folder)
    return folder


def program(*arguments) -> str:
    done = subprocess.run([ROOT / "resdensenet", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"resdensenet {' '.join(map(str, arguments))}: {done.stderr[-2000:]}")
    return done.stdout


def version() -> str:
    return subprocess.run(["git", "-C", ROOT, "describe", "--always"], capture_output=True, text=True,
                          check=True).stdout.strip()


def train_and_evaluate(run: Run, out: pathlib.Path, pilot: bool) -> dict:
    """Trains a run and evaluates its best checkpoint. Returns a line of the results."""
    folder = out / run.name
    options = ["--model", run.model, "--recipe", run.recipe, "--seed", run.seed]
    if run.fusion != "both":
        options += ["--set", f"model.fusion={run.fusion}"]
    if run.fold >= 0:
        options += ["--image-size", 64, "--set", "data.folds=5", "--set", f"data.fold={run.fold}"]
    else:
        options += ["--data", out / f"images-{run.percent}" / "train", "--image-size", 32, "--batch-size", 64, *SPLIT]
    place = ["--resume", folder] if folder.exists() else [*options, "--out", folder]
    program("train", *place, "--threads", 1)
    test = ["--split", "test"] if run.fold >= 0 else [
        "--data", pilot_images(out) if pilot else out / "images-100" / "test"]
    judged = json.loads(program("evaluate", folder, "--json", *test).splitlines()[-1])
    with open(folder / "history.csv", encoding="utf-8") as file:
        epochs = list(csv.DictReader(file))
    best = max(epochs, key=lambda e: float(e["val_acc"]))  # the first of equal ones, as in training
    row = dataclasses.asdict(run) | {
        "correct": round(judged["accuracy"] * judged["n"]), "n": judged["n"], "macro_f1": judged["macro_f1"],
        "nll": judged["nll"], "ece": judged["ece"], "val_accuracy": best["val_acc"], "best_epoch": best["epoch"],
        "epochs": len(epochs), "version": version()}
    return row


def read(file: pathlib.Path) -> list[dict]:
    if not file.exists():
        return []
    with open(file, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def key(row: dict) -> Run:
    return Run(row["part"], int(row["percent"]), row["model"], row["fusion"], row["recipe"], int(row["seed"]), int(row["fold"]))


def train_all(runs: list[Run], file: pathlib.Path, out: pathlib.Path, jobs: int, pilot: bool) -> None:
    done = {key(row) for row in read(file)}
    left = [run for run in runs if run not in done]
    out.mkdir(parents=True, exist_ok=True)
    for percent in sorted({run.percent for run in left if run.fold < 0} | {100}):
        images(out, percent)
    pilot_images(out)
    lock = threading.Lock()
    start = time.monotonic()
    total = sum(run.weight for run in left)
    finished = 0.0

    def one(run: Run) -> None:
        nonlocal finished
        row = train_and_evaluate(run, out, pilot)
        with lock:
            new = not file.exists()
            with open(file, "a", encoding="utf-8", newline="") as lines:
                writer = csv.DictWriter(lines, FIELDS, lineterminator="\n")
                if new:
                    writer.writeheader()
                writer.writerow(row)
            shutil.rmtree(out / run.name)  # 80 MB and more; the line has all that the study needs
            finished += run.weight
            rest = (time.monotonic() - start) / finished * (total - finished)
            print(f"{run.name}: {100 * row['correct'] / row['n']:.2f}%, {rest / 3600:.1f} hours left", flush=True)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for future in [pool.submit(one, run) for run in left]:
            try:
                future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


# ---------------------------------------------------------------- power

def tost_power(n: int, sd: float, level: float) -> float:
    """Power of the paired equivalence test where the true difference is 0, by numerical integration over the sd."""
    from scipy.integrate import quad
    from scipy.stats import chi2, norm
    critical = t.isf(level, n - 1)

    def at(u: float) -> float:
        observed = sd * math.sqrt(u / (n - 1))
        room = MARGIN - critical * observed / math.sqrt(n)
        return chi2.pdf(u, n - 1) * (2 * norm.cdf(room * math.sqrt(n) / sd) - 1) if room > 0 else 0.0

    return quad(at, 0, chi2.isf(1e-9, n - 1), limit=200)[0]


def difference_power(n: int, sd: float, level: float) -> float:
    """Power of the two-sided paired t-test where the true difference is MARGIN."""
    critical = t.isf(level / 2, n - 1)
    shift = MARGIN / sd * math.sqrt(n)
    return nct.sf(critical, n - 1, shift) + nct.cdf(-critical, n - 1, shift)


def seeds_for(power, sd: float, level: float, aim: float = 0.8, most: int = 1000) -> int:
    return next((n for n in range(3, most) if power(n, sd, level) >= aim), most)


# The pilot uses other seeds than the study.
PILOT_SEEDS = range(1000, 1004)


def pilot(out: pathlib.Path, jobs: int) -> None:
    seeds = PILOT_SEEDS
    fusions = ["both", "concat", "add"]
    runs = [Run("fashion-mnist", 100, "resdensenet", f, "common", seed) for seed in seeds for f in fusions]
    train_all(runs, PILOT, out, jobs, True)
    accuracy = {(row["fusion"], int(row["seed"])): 100 * int(row["correct"]) / int(row["n"]) for row in read(PILOT)}
    variances = []
    for a, b in (("both", "concat"), ("both", "add"), ("concat", "add")):
        d = [accuracy[a, seed] - accuracy[b, seed] for seed in seeds]
        variances.append(statistics.variance(d))
        print(f"{a} minus {b}: standard deviation over {len(d)} seeds {statistics.stdev(d):.3f} points")
    sd = math.sqrt(statistics.mean(variances))
    print(f"pooled standard deviation of a paired difference: {sd:.3f} points")
    for tests in (1, 4, 10):
        print(f"{tests} tests: {seeds_for(tost_power, sd, LEVEL / tests)} seeds for equivalence within {MARGIN} points where"
              f" the models are equal, {seeds_for(difference_power, sd, LEVEL / tests)} to find a difference of {MARGIN} points")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["pilot", "run", "page"])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--parts", default="", help="a regular expression of the names of runs, for example fashion3")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "runs" / "study")
    options = parser.parse_args()
    if options.what == "pilot":
        pilot(options.out, options.jobs)
    elif options.what == "run":
        train_all([r for r in planned(SEEDS) if re.search(options.parts, r.name)], RESULTS, options.out, options.jobs, False)


if __name__ == "__main__":
    main()
