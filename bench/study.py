"""The study of docs/study.md: does joining feature maps by concatenation and addition give more accurate models?

    python bench/study.py pilot    trains the pilot and prints the power calculation of docs/study/plan.md
    python bench/study.py run      trains and evaluates everything in the plan that docs/study/results.csv lacks
    python bench/study.py costs    measures size and speed of the models into docs/study/costs.csv (idle machine, 5 minutes)
    python bench/study.py page     writes docs/study.md and its pictures from docs/study/results.csv

`run` needs Debian's package dataset-fashion-mnist, takes about 14 hours on two CPU cores and says how long is left. It can be
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
from scipy.integrate import quad
from scipy.stats import chi2, nct, norm, t

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
        "--data", out / "images-pilot" if pilot else out / "images-100" / "test"]
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
    if pilot:
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

def tost_power(n: int, sd: float, level: float, difference: float = 0.0) -> float:
    """Power of the paired equivalence test for a true difference, by numerical integration over the observed sd."""
    critical = t.isf(level, n - 1)

    def at(u: float) -> float:
        observed = sd * math.sqrt(u / (n - 1))
        room = MARGIN - critical * observed / math.sqrt(n)
        if room <= 0:
            return 0.0
        high, low = (x * math.sqrt(n) / sd for x in (room - difference, -room - difference))
        return chi2.pdf(u, n - 1) * (norm.cdf(high) - norm.cdf(low))

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


# ---------------------------------------------------------------- costs

COSTS = STUDY / "costs.csv"
COST_FIELDS = ["model", "fusion", "parameters", "macs", "train_ms", "infer_ms", "latency_ms", "cpu"]
TITLES = {"densenet121": "DenseNet121", "resnet50v2": "ResNet50V2"}


def cpu() -> str:
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if "model name" in line]
    return f"{len(names)} threads of {names[0]}"


def costs() -> None:
    """Measures size and speed of each model on an otherwise idle machine."""
    rows = []
    for model, fusion in [("resdensenet", f) for f in FUSIONS] + [(m, "both") for m in MODELS[1:]]:
        options = ["--model", model, "--image-size", 32] + (["--set", f"model.fusion={fusion}"] if fusion != "both" else [])
        size = json.loads(program("summary", *options, "--num-classes", 10, "--json").splitlines()[-1])
        many = json.loads(program("bench", *options, "--batch-size", 64).splitlines()[-1])
        one = json.loads(program("bench", *options, "--batch-size", 1).splitlines()[-1])
        rows.append({"model": model, "fusion": fusion, "parameters": size["params"], "macs": size["macs"],
                     "train_ms": round(many["train_ms_min"] / 64, 4), "infer_ms": round(many["infer_ms_min"] / 64, 4),
                     "latency_ms": round(one["infer_ms_min"], 4), "cpu": cpu()})
        print(rows[-1], flush=True)
    with open(COSTS, "w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COST_FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


# ---------------------------------------------------------------- analysis

@dataclasses.dataclass(frozen=True)
class Family:
    """A subject and the models that it is compared with; tests are corrected within a family."""

    title: str
    part: str
    percent: int
    recipe: str
    others: tuple[tuple[str, str], ...]  # model and fusion
    seeds: int
    folds: int = 1


def families() -> list[Family]:
    fusions = tuple(("resdensenet", f) for f in FUSIONS[1:])
    models = tuple((m, "both") for m in MODELS[1:])
    result = []
    for percent, count in ((100, "12,000"), (30, "3,600"), (10, "1,200")):
        whole = percent == 100
        result.append(Family(f"Fusions, {count} training images", "fashion-mnist", percent, "common", fusions,
                             SEEDS["fusions" if whole else "curves"]))
        result.append(Family(f"Models, {count} training images", "fashion-mnist", percent, "common", models,
                             SEEDS["models" if whole else "model-curves"]))
    result.append(Family("Models, own recipes, 12,000 training images", "fashion-mnist", 100, "default", models, SEEDS["own"]))
    result.append(Family("Fusions, built-in images", "fashion3", 100, "common", fusions, SEEDS["crossval"], 5))
    result.append(Family("Models, built-in images", "fashion3", 100, "common", models, SEEDS["crossval-models"], 5))
    return result


def title(model: str, fusion: str) -> str:
    return TITLES.get(model, f"`{fusion}`")


class Results:
    """Accuracies in percent, by training setting and seed."""

    def __init__(self, rows: list[dict]):
        self.rows = {key(row): row for row in rows}

    def accuracies(self, family: Family, model: str, fusion: str) -> list[float] | None:
        """One accuracy per seed, over all folds; None if a run is missing."""
        # The own recipe of ResDenseNet is the common one.
        recipe = "common" if model == "resdensenet" else family.recipe
        values = []
        for seed in range(family.seeds):
            folds = range(family.folds) if family.folds > 1 else [-1]
            runs = [Run(family.part, family.percent, model, fusion, recipe, seed, fold) for fold in folds]
            if any(run not in self.rows for run in runs):
                return None
            correct = sum(int(self.rows[run]["correct"]) for run in runs)
            values.append(100 * correct / sum(int(self.rows[run]["n"]) for run in runs))
        return values


def holm(p: list[float]) -> list[float]:
    order = sorted(range(len(p)), key=p.__getitem__)
    corrected, largest = [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(p) - rank) * p[i]))
        corrected[i] = largest
    return corrected


def p_values(d: list[float]) -> tuple[float, float]:
    """p of the paired t-test, and of the two one-sided tests for equivalence within MARGIN."""
    n = len(d)
    mean, error = statistics.mean(d), statistics.stdev(d) / math.sqrt(n)
    if error == 0:
        return float(mean == 0), float(abs(mean) >= MARGIN)
    return 2 * t.sf(abs(mean) / error, n - 1), t.sf((MARGIN - abs(mean)) / error, n - 1)


def half_width(values: list[float]) -> float:
    return t.isf(0.025, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))


def seeds_to_decide(mean: float, sd: float, tests: int) -> str:
    """Seeds with which one of the two tests has a power of 80%, if mean and sd are the true ones."""
    level = LEVEL / tests
    for n in range(3, 1001):
        shift = abs(mean) / sd * math.sqrt(n)
        if nct.sf(t.isf(level / 2, n - 1), n - 1, shift) >= 0.8 or tost_power(n, sd, level, mean) >= 0.8:
            return f"about {n} seeds would decide"
    return "more than 1,000 seeds would be needed"


@dataclasses.dataclass(frozen=True)
class Comparison:
    name: str
    accuracy: float
    difference: float
    half_width: float
    difference_p: float
    equivalence_p: float
    verdict: str


def compare(results: Results, family: Family) -> list[Comparison] | None:
    """Compares `both` with the other models of a family; None if a run is missing."""
    subject = results.accuracies(family, "resdensenet", "both")
    others = [results.accuracies(family, *other) for other in family.others]
    if subject is None or any(values is None for values in others):
        return None
    differences = [[a - b for a, b in zip(subject, values, strict=True)] for values in others]
    raw = [p_values(d) for d in differences]
    different = holm([p for p, _ in raw])
    equivalent = holm([p for _, p in raw])
    compared = []
    for i, other in enumerate(family.others):
        mean = statistics.mean(differences[i])
        better = f"{'better' if mean > 0 else 'worse'} by {abs(mean):.2f}"
        if equivalent[i] < LEVEL:
            verdict = f"equivalent within {MARGIN} points" + (f" ({better})" if different[i] < LEVEL else "")
        elif different[i] < LEVEL:
            verdict = better
        else:
            verdict = f"undecided; {seeds_to_decide(mean, statistics.stdev(differences[i]), len(others))}"
        compared.append(Comparison(title(*other), statistics.mean(others[i]), mean, half_width(differences[i]),
                                   different[i], equivalent[i], verdict))
    return compared


def probability(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def table(results: Results, family: Family, compared: list[Comparison]) -> list[str]:
    subject = results.accuracies(family, "resdensenet", "both")
    lines = [f"## {family.title}", "",
             f"{family.seeds} seeds. Mean test accuracy of `both`: {statistics.mean(subject):.2f}% (95% interval"
             f" {statistics.mean(subject) - half_width(subject):.2f} to {statistics.mean(subject) + half_width(subject):.2f}).", "",
             "| `both` against | its accuracy, % | difference, points (95% interval) | difference, p | equivalence, p | `both` is |",
             "| --- | ---: | ---: | ---: | ---: | --- |"]
    for c in compared:
        lines.append(f"| {c.name} | {c.accuracy:.2f} | {c.difference:+.2f} ({c.difference - c.half_width:+.2f} to"
                     f" {c.difference + c.half_width:+.2f}) | {probability(c.difference_p)} | {probability(c.equivalence_p)}"
                     f" | {c.verdict} |")
    return lines + [""]


# ---------------------------------------------------------------- pictures and page

INK = "#333333"
COLORS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7F7F7F"]


def plain(name: str) -> str:
    return name.replace("`", "")


def plots():
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    pyplot.rcParams.update({"font.size": 9, "axes.edgecolor": INK, "axes.spines.top": False, "axes.spines.right": False})
    return pyplot


def draw_differences(done: list[tuple[Family, list[Comparison]]], file: pathlib.Path) -> None:
    pyplot = plots()
    rows = [(family, c) for family, compared in done for c in compared]
    figure, axes = pyplot.subplots(figsize=(8, 1 + 0.27 * len(rows) + 0.25 * len(done)), layout="constrained")
    y, ticks, names = 0.0, [], []
    for family, compared in done:
        axes.annotate(family.title, (0, y), xycoords=("axes fraction", "data"), fontweight="bold", va="center")
        y += 0.9
        for c in compared:
            axes.errorbar(c.difference, y, xerr=c.half_width, fmt="o", color=COLORS[0], capsize=3, markersize=4)
            ticks.append(y)
            names.append(plain(c.name))
            y += 1
        y += 0.3
    axes.axvspan(-MARGIN, MARGIN, color="#009E73", alpha=0.12, label=f"equivalent within {MARGIN} points", linewidth=0)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(ticks, names)
    axes.set_ylim(y, -0.7)
    axes.set_xlabel("accuracy of ResDenseNet (both) minus accuracy of the other model, points, 95% interval")
    axes.legend(loc="lower right", frameon=False)
    figure.savefig(file, dpi=130)
    pyplot.close(figure)


def draw_curves(results: Results, file: pathlib.Path) -> bool:
    """Accuracy by number of training images. Returns whether there was anything to draw."""
    pyplot = plots()
    figure, axes = pyplot.subplots(figsize=(6.5, 4), layout="constrained")
    drawn = False
    kinds = [("resdensenet", f) for f in FUSIONS] + [(m, "both") for m in MODELS[1:]]
    for color, kind in zip(COLORS, kinds, strict=True):
        points = []
        for family in families():
            if family.part == "fashion-mnist" and family.recipe == "common":
                belongs = kind in family.others or (kind == ("resdensenet", "both") and "Fusions" in family.title)
                values = results.accuracies(family, *kind) if belongs else None
                if values:
                    points.append((family.percent * 120, statistics.mean(values), half_width(values)))
        points.sort()
        if len(points) > 1:
            drawn = True
            axes.errorbar(*zip(*[(x, y) for x, y, _ in points]), yerr=[e for *_, e in points], marker="o", markersize=4,
                          capsize=3, color=color, label=plain(title(*kind)))
    axes.set_xscale("log")
    axes.set_xticks([1200, 3600, 12000], ["1,200", "3,600", "12,000"])
    axes.minorticks_off()
    axes.set_xlabel("training images")
    axes.set_ylabel("test accuracy, %")
    if drawn:
        axes.legend(frameon=False)
        figure.savefig(file, dpi=130)
    pyplot.close(figure)
    return drawn


def draw_costs(results: Results, file: pathlib.Path) -> bool:
    """Accuracy by cost. Returns whether there was anything to draw."""
    from matplotlib import ticker
    pyplot = plots()
    points = []
    for row in read(COSTS):
        for family in families():
            kind = (row["model"], row["fusion"])
            if family.part == "fashion-mnist" and family.percent == 100 and family.recipe == "common" and (
                    kind in family.others or (kind == ("resdensenet", "both") and "Fusions" in family.title)):
                values = results.accuracies(family, *kind)
                if values:
                    points.append((row, plain(title(*kind)), statistics.mean(values), half_width(values)))
    if not points:
        return False
    figure, panels = pyplot.subplots(2, 2, figsize=(9, 6.5), layout="constrained", sharey=True)
    costs_by_panel = [("macs", 1e6, "multiply-accumulates per image, millions"), ("parameters", 1e6, "parameters, millions"),
                      ("train_ms", 1, "training, ms per image (batches of 64)"), ("latency_ms", 1, "latency of one image, ms")]
    for axes, (field, unit, label) in zip(panels.flat, costs_by_panel, strict=True):
        for color, (row, name, mean, error) in zip(COLORS, points):
            axes.errorbar(float(row[field]) / unit, mean, yerr=error, fmt="o", markersize=5, capsize=3, color=color, label=name)
        axes.set_xscale("log")
        for which in (axes.xaxis.set_major_formatter, axes.xaxis.set_minor_formatter):
            which(ticker.FormatStrFormatter("%g"))
        axes.tick_params(axis="x", which="minor", labelsize=7)
        axes.set_xlabel(label)
        axes.grid(alpha=0.25)
    for axes in panels[:, 0]:
        axes.set_ylabel("test accuracy, %")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(points), frameon=False)
    figure.savefig(file, dpi=130)
    pyplot.close(figure)
    return True


def answer(done: list[tuple[Family, list[Comparison]]]) -> list[str]:
    """The verdicts of the complete families as sentences."""
    lines = []
    for family, compared in done:
        lines.append(f"- {family.title}: ResDenseNet (`both`) is " + "; ".join(sentence(c) for c in compared) + ".")
    return lines


def sentence(c: Comparison) -> str:
    if c.verdict.startswith("equivalent"):
        return f"equivalent to {c.name} within {MARGIN} points"
    if c.verdict.startswith("undecided"):
        return f"undecided against {c.name} ({c.verdict.split('; ')[1]})"
    better, points = c.verdict.split(" by ")
    return f"{better} than {c.name} by {points} points"


def write_page() -> None:
    results = Results(read(RESULTS))
    done, missing = [], []
    for family in families():
        compared = compare(results, family)
        if compared is None:
            missing.append(family)
        else:
            done.append((family, compared))
    lines = ["# Does the article's idea hold?", "",
             "The article joins feature maps by concatenation inside a block and by addition around it. Does this give more accurate"
             " models than other ways of joining them, and than DenseNet121 and ResNet50V2? The images are those of Fashion-MNIST at"
             " 32 x 32 pixels, unless a title says otherwise. The fusions `both`, `concat`, `add`, `none` and `stacked` are explained in"
             " [Comparison](comparison.md#ways-to-combine-features); all have the same number of parameters within 1%.", "",
             "This page is written by `python bench/study.py page` from"
             f" [results.csv](study/results.csv), {len(results.rows):,} training runs so far. The question, the images, the numbers of seeds"
             " and the analysis were fixed before a model of the study was evaluated on the test images, see [the plan](study/plan.md).", "",
             "## Result", "", *answer(done), ""]
    if missing:
        lines += ["Not complete yet: " + "; ".join(family.title for family in missing) + ".", ""]
    if done:
        draw_differences(done, STUDY / "differences.png")
        lines += ["![Differences of accuracy with their intervals](study/differences.png)", ""]
    for family, compared in done:
        lines += table(results, family, compared)
    if draw_curves(results, STUDY / "data-size.png"):
        lines += ["## Accuracy by number of training images", "", "![Accuracy by number of training images](study/data-size.png)", ""]
    if draw_costs(results, STUDY / "costs.png"):
        lines += ["## Accuracy by cost", "", "![Accuracy by cost](study/costs.png)", "",
                  f"`python bench/study.py costs` measured [costs.csv](study/costs.csv): 32 x 32 pixels, {read(COSTS)[0]['cpu']}."
                  " Latency is the time of one image alone.", ""]
    lines += ["## How to read the tables", "",
              "- Difference: test accuracy of `both` minus that of the other model, paired by seed. The interval is a 95% interval"
              " of Student's t.",
              "- \"Difference, p\": paired t-test. \"Equivalence, p\": two one-sided tests with a margin of"
              f" {MARGIN} points. Both are corrected with Holm's method within a table.",
              "- \"Equivalent\" is a finding: a true difference of the margin or more is ruled out at the 5% level.", "",
              "## What the study does not show", "",
              "- The images are small: 32 and 64 pixels. With larger images, the later stages see larger feature maps.",
              "- The intervals say how results vary with training. All seeds share one set of test images, except in"
              " cross-validation (built-in images).",
              "- All models are trained with one recipe, or with those of the article's table. Longer training or other settings may"
              " favour another model.",
              "- ResDenseNet is the article's network, with one block per stage. It is small; other sizes were not tried.", "",
              "## Run it", "",
              "    python bench/study.py run      # trains the missing runs (about 14 hours on two CPU cores; can be interrupted)",
              "    python bench/study.py costs    # measures size and speed; needs an idle machine",
              "    python bench/study.py page", "",
              "You need Debian's package `dataset-fashion-mnist` and a Python with numpy, Pillow, scipy and matplotlib.", ""]
    (ROOT / "docs" / "study.md").write_text("\n".join(lines), encoding="utf-8")
    print(f"wrote docs/study.md; complete: {len(done)} of {len(done) + len(missing)} comparisons")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["pilot", "run", "costs", "page"])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--parts", default="", help="a regular expression of the names of runs, for example fashion3")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "runs" / "study")
    options = parser.parse_args()
    if options.what == "pilot":
        pilot(options.out, options.jobs)
    elif options.what == "run":
        train_all([r for r in planned(SEEDS) if re.search(options.parts, r.name)], RESULTS, options.out, options.jobs, False)
    elif options.what == "costs":
        costs()
    else:
        write_page()


if __name__ == "__main__":
    main()
