"""Measures inference in 8 bits and in bf16: speed, memory and accuracy. Writes docs/quantization.md.

usage: quantization.py [--rounds 5] [--seeds 5] [--threads 2] [--runs runs/quantization] [--source DIR] [--only loading]
Needs a Python with numpy, Pillow, scipy, torch, onnx, onnxruntime and onnxscript, and Debian's package
dataset-fashion-mnist (--source is its folder). Trains two models per seed; finished runs are not trained again. About 40
minutes on two CPU cores. Nothing else should run on the machine.
"""
import argparse
import csv
import datetime
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import time

from scipy.stats import binomtest, t

import fashion_mnist
from performance import processor

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "quantization.md"
PRECISIONS = ("fp32", "bf16", "int8")
MODELS = {"resdensenet": "ResDenseNet", "densenet121": "DenseNet121", "resnet50v2": "ResNet50V2"}
FASHION3 = ROOT / "core/src/main/resources/io/github/resdensenet/data/fashion3.zip"


def program(*arguments):
    done = subprocess.run([ROOT / "resdensenet", *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def last_json(command):
    done = subprocess.run([str(c) for c in command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=True)
    return json.loads([line for line in done.stdout.splitlines() if line.startswith("{")][-1])


def train(run, *options):
    if not (run / "metrics.json").exists():
        program("train", *(["--resume", run] if run.exists() else [*options, "--out", run]))
    if not (run / "quantization.json").exists():
        print(program("quantize", run), flush=True)


def large(runs, model):
    """A run of the model for 224 pixels, and its network as ONNX."""
    run, file = runs / f"{model}-224", runs / f"{model}-224.onnx"
    if not file.exists():
        small = runs / f"{model}-64"
        train(small, "--model", model, "--epochs", 1, "--precision", "bf16")
        program("export", small, "--format", "pth")
        program("import", small / "best.pth", "--model", model, "--classes", "coat,pullover,shirt", "--out", run)
        program("export", run, "--format", "onnx", "--input", "tensor", "--out", file)
    return run, file


def speed(runs, rounds, threads):
    def ours(model, precision, batch):
        return ["./resdensenet", "bench", "--model", model, "--precision", precision, "--batch-size", batch,
                "--threads", threads]

    def ort(model, batch, *options):
        return [sys.executable, "bench/peer/onnx_runtime.py", "--file", large(runs, model)[1], "--batch", batch,
                "--threads", threads, *options]

    torch = [sys.executable, "bench/peer/step.py", "channels_last", "bf16", "--threads", threads]
    rows = [
        ("int8, batch 8, against ONNX Runtime fp32", ours("resdensenet", "int8", 8), ort("resdensenet", 8)),
        ("int8, batch 1, against ONNX Runtime fp32", ours("resdensenet", "int8", 1), ort("resdensenet", 1)),
        ("bf16, batch 8, against ONNX Runtime fp32", ours("resdensenet", "bf16", 8), ort("resdensenet", 8)),
        ("int8, batch 8, against ONNX Runtime int8", ours("resdensenet", "int8", 8), ort("resdensenet", 8, "--int8")),
        ("int8, batch 1, against ONNX Runtime int8", ours("resdensenet", "int8", 1), ort("resdensenet", 1, "--int8")),
        ("int8, batch 8, against PyTorch channels_last with bf16 autocast", ours("resdensenet", "int8", 8), torch),
        ("DenseNet121, int8, batch 8, against ONNX Runtime fp32", ours("densenet121", "int8", 8), ort("densenet121", 8)),
        ("DenseNet121, int8, batch 1, against ONNX Runtime fp32", ours("densenet121", "int8", 1), ort("densenet121", 1)),
        ("ResNet50V2, int8, batch 8, against ONNX Runtime fp32", ours("resnet50v2", "int8", 8), ort("resnet50v2", 8)),
        ("ResNet50V2, int8, batch 1, against ONNX Runtime fp32", ours("resnet50v2", "int8", 1), ort("resnet50v2", 1)),
    ]
    yield "| what | ours | baseline | ratio | range |"
    yield "| --- | ---: | ---: | ---: | --- |"
    for name, our, their in rows:
        pairs = [(last_json(our)["infer_ms_min"], last_json(their)["infer_ms_min"]) for _ in range(rounds)]
        ratios = sorted(b / a for a, b in pairs)
        best = [min(values) for values in zip(*pairs)]
        print(name, best, flush=True)
        yield f"| {name} | {best[0]:.1f} | {best[1]:.1f} | **{best[1] / best[0]:.2f}** | {ratios[0]:.2f} to {ratios[-1]:.2f} |"


def used(run, precision, image):
    """Seconds and peak memory in MiB of one command that loads a model and classifies one image."""
    start = time.monotonic()
    command = [str(ROOT / "resdensenet"), "predict", str(run), str(image), "--precision", precision]
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit("failed: " + " ".join(command))
    return time.monotonic() - start, usage.ru_maxrss / 1024


def loading(runs, rounds, source):
    fashion_mnist.make(runs / "fashion-mnist", source, 1500)
    image = next(iter(sorted((runs / "fashion-mnist/test/bag").iterdir())))
    small = runs / "resdensenet-64"
    train(small, "--model", "resdensenet", "--epochs", 1, "--precision", "bf16")
    results = {"fp32": [], "int8": []}
    used(small, "int8", image)  # the first start may write an archive of classes
    time.sleep(30)
    for _ in range(rounds):
        for precision, values in results.items():
            values.append(used(small, precision, image))
    yield "| precision | seconds, smallest | seconds, median | peak memory, MiB, median |"
    yield "| --- | ---: | ---: | ---: |"
    for precision, values in results.items():
        yield (f"| {precision} | {min(v[0] for v in values):.2f} | {statistics.median(v[0] for v in values):.2f} | "
               f"{statistics.median(v[1] for v in values):.0f} |")


def evaluated(run, precision, options):
    predictions = run / f"test-{precision}.csv"
    numbers = json.loads(program("evaluate", run, *options, "--precision", precision, "--json", "--predictions",
                                 predictions).splitlines()[-1])
    if precision != "fp32" and numbers["precision"] != precision:
        sys.exit(f"{precision} is not available here: {numbers['precision']}")
    with open(predictions, encoding="utf-8") as file:
        rows = [list(row.values()) for row in csv.DictReader(file)]
    return numbers, [row[1] == row[2] for row in rows]


def compared(name, run, options):
    """One row per precision: difference from fp32 in points, McNemar's counts and p, and the change of the ECE."""
    base, correct = evaluated(run, "fp32", options)
    rows = []
    for precision in PRECISIONS[1:]:
        numbers, other = evaluated(run, precision, options)
        lost = sum(a and not b for a, b in zip(correct, other))
        won = sum(b and not a for a, b in zip(correct, other))
        p = binomtest(lost, lost + won).pvalue if lost + won else 1.0
        rows.append({"data": name, "precision": precision, "n": len(correct), "fp32": 100 * base["accuracy"],
                     "accuracy": 100 * numbers["accuracy"], "lost": lost, "won": won, "p": p,
                     "ece": 100 * (numbers["ece"] - base["ece"])})
    return rows


def holm(rows):
    """Adds the p-values corrected for the number of tests by Holm's method."""
    largest = 0.0
    for i, row in enumerate(sorted(rows, key=lambda r: r["p"])):
        largest = max(largest, min(1.0, row["p"] * (len(rows) - i)))
        row["holm"] = largest


def mean(values, digits=2):
    half = t.ppf(0.975, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0
    m = statistics.mean(values)
    return f"{m:+.{digits}f} ({m - half:+.{digits}f} to {m + half:+.{digits}f})"


def accuracy(runs, seeds, source):
    images = runs / "fashion-mnist"
    fashion_mnist.make(images, source, 1500)
    rows = []
    for seed in range(seeds):
        run = runs / f"fashion3-{seed}"
        train(run, "--precision", "bf16", "--seed", seed)
        rows += compared("fashion3", run, ["--split", "test"])
        run = runs / f"fashion-mnist-{seed}"
        train(run, "--precision", "bf16", "--seed", seed, "--data", images / "train", "--image-size", 32, "--epochs", 5,
              "--set", "data.split.train=0.8", "--set", "data.split.val=0.133333", "--set", "data.split.test=0.066667")
        rows += compared("Fashion-MNIST", run, ["--data", images / "test"])
        print(rows[-4:], flush=True)
    holm(rows)
    yield "| images | seeds | precision | accuracy in fp32, mean, % | difference, points, mean and 95% interval | lowest difference of a seed, points | smallest corrected p | change of the expected calibration error (ECE), points, mean and 95% interval |"
    yield "| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |"
    for data in ("fashion3", "Fashion-MNIST"):
        for precision in PRECISIONS[1:]:
            of = [r for r in rows if r["data"] == data and r["precision"] == precision]
            differences = [r["accuracy"] - r["fp32"] for r in of]
            yield (f"| {data}, {of[0]['n']} test images | {len(of)} | {precision} | {statistics.mean(r['fp32'] for r in of):.2f} | "
                   f"{mean(differences)} | {min(differences):+.2f} | {min(r['holm'] for r in of):.2f} | "
                   f"{mean([r['ece'] for r in of])} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=pathlib.Path, default=ROOT / "runs" / "quantization")
    parser.add_argument("--source", type=pathlib.Path, default=pathlib.Path("/usr/share/datasets/fashion-mnist"))
    parser.add_argument("--only", choices=["loading"], help="measure this alone and write no page")
    a = parser.parse_args()
    a.runs.mkdir(parents=True, exist_ok=True)
    runs = a.runs.resolve()
    if a.only:
        print("\n".join(loading(runs, a.rounds, a.source)))
        return
    accuracies = list(accuracy(runs, a.seeds, a.source))
    speeds = list(speed(runs, a.rounds, a.threads))
    loads = list(loading(runs, a.rounds, a.source))
    text = PAGE.read_text(encoding="utf-8")
    top = text[:text.index("## Measurements")]
    lines = [
        "## Measurements",
        "",
        "Written by `python bench/quantization.py`, which says what it needs.",
        "",
        f"- Machine: {processor()}, {a.threads} threads, {datetime.date.today()}.",
        f"- Speed: {a.rounds} rounds of both programs in turn, 224 x 224 pixels, milliseconds per batch. The ratio is baseline /"
        " ours, from the smallest times: above 1, this project is faster. The range is over the rounds. Both programs compute"
        " ResDenseNet unless the row names another network.",
        "",
        *speeds,
        "",
        "### Loading",
        "",
        f"The command `resdensenet predict RUN IMAGE`: start, load the model at 64 pixels, classify one small image, {a.rounds}"
        " rounds in turn.",
        "",
        *loads,
        "",
        "### Accuracy",
        "",
        "fashion3 is the built-in data set with the default recipe at 64 pixels, trained in bf16. Fashion-MNIST has 10 classes; the"
        " networks were trained in bf16 on 12,000 images for 5 epochs at 32 pixels, and tested on its 10,000 test images. McNemar's exact test compares the same"
        " model with itself in fp32, for each seed; its p-values are corrected for all tests of the table by Holm's method.",
        "",
        *accuracies,
    ]
    PAGE.write_text(top + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
