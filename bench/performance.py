"""Compares speed and memory with PyTorch and ONNX Runtime on this machine, and writes docs/performance.md.

usage: performance.py [--rounds 5] [--threads 2] [--folder IMAGES] [--out docs/performance.md]
Needs a Python with torch, torchvision, onnx, onnxruntime and onnxscript. Nothing else should run on the machine.

Every comparison runs both programs in turn, round after round. The ratio is the baseline's smallest time divided by ours: the
minimum ignores rounds in which the machine was busy with something else.
"""
import argparse
import datetime
import json
import pathlib
import platform
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BESIDE_ROUNDS = 3
MEMORY_CORES = 4  # cores that can use the whole bandwidth of the memory, an assumption


def run(command):
    done = subprocess.run([str(c) for c in command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=True)
    return json.loads([line for line in done.stdout.splitlines() if line.startswith("{")][-1])


def ours(*options):
    return ["./resdensenet", "bench", *options]


def peer(script, *options):
    return [sys.executable, f"bench/peer/{script}.py", *options]


def avx2(command):
    """The same command, with oneDNN and ATen limited to AVX2."""
    return ["env", "ONEDNN_MAX_CPU_ISA=AVX2", "ATEN_CPU_CAPABILITY=avx2", *command]


def pairs(threads, folder):
    t = ["--threads", threads]
    fp32 = ours(*t)
    best = peer("step", "channels_last", *t)
    real = ours("--data", folder or "fashion3", "--image-size", 224, "--steps", 40, *t)
    images = folder or pathlib.Path.home() / ".cache/resdensenet/fashion3"
    return [
        ("fp32 step against PyTorch eager", "train_ms", fp32, peer("step", *t)),
        ("fp32 step against PyTorch channels_last", "train_ms", fp32, best),
        ("bf16 step against PyTorch channels_last, bf16 autocast", "train_ms", ours("--precision", "bf16", *t),
         peer("step", "channels_last", "bf16", *t)),
        ("training with data loading, fp32, against the article's loop", "train_ms", real, peer("training", images, *t)),
        ("training with data loading, bf16, against the article's loop in fp32", "train_ms", [*real, "--precision", "bf16"],
         peer("training", images, *t)),
        ("peak memory of training with data loading, MiB", "peak_rss_mb", real, peer("training", images, *t)),
        ("inference of 8, fp32, against PyTorch channels_last", "infer_ms", fp32, best),
        ("inference of 8, fp32, against ONNX Runtime", "infer_ms", fp32, peer("onnx_runtime", *t)),
        ("inference of 1, fp32, against ONNX Runtime", "infer_ms", ours("--batch-size", 1, *t),
         peer("onnx_runtime", "--batch", 1, *t)),
        ("fp32 step, both limited to AVX2, against PyTorch channels_last", "train_ms", avx2(fp32), avx2(best)),
        ("inference of 8, fp32, both limited to AVX2, against PyTorch channels_last", "infer_ms", avx2(fp32), avx2(best)),
    ]


def measure(rounds, comparisons):
    """Yields the rows of the table. A pair of commands that several rows share runs once per round."""
    results = {(str(our), str(their)): [] for _, _, our, their in comparisons}
    for r in range(rounds):
        for _, _, our, their in comparisons:
            done = results[str(our), str(their)]
            if len(done) == r:
                done.append((run(our), run(their)))
    for name, metric, our, their in comparisons:
        done = results[str(our), str(their)]
        keys = [metric] if metric.endswith("_mb") else [metric + "_min", metric + "_median"]
        best = [(min(o[k] for o, _ in done), min(p[k] for _, p in done)) for k in keys]
        ratios = sorted(p[keys[0]] / o[keys[0]] for o, p in done)
        yield (name, best[0][0], best[0][1], best[0][1] / best[0][0], ratios[0], ratios[-1],
               best[-1][1] / best[-1][0], done[0][1].get("peer", ""))


def beside(rounds, threads):
    """The table of steps beside busy processes: medians, since there is no quiet moment."""
    yield "| precision | busy processes | ours, quiet | ours, beside | beside / quiet | PyTorch, beside | ratio | range |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
    for precision, options in (("fp32", ["channels_last"]), ("bf16", ["channels_last", "bf16"])):
        for n in (1, 2):
            t = ["--threads", threads, "--beside", n]
            done = [(run(ours("--precision", precision, *t)), run(peer("step", *options, *t))) for _ in range(rounds)]
            quiet = statistics.median(o["train_ms_median"] for o, _ in done)
            mine = statistics.median(o["train_beside_ms_median"] for o, _ in done)
            theirs = statistics.median(p["train_beside_ms_median"] for _, p in done)
            ratios = sorted(p["train_beside_ms_median"] / o["train_beside_ms_median"] for o, p in done)
            yield (f"| {precision} | {n} | {quiet:.1f} | {mine:.1f} | {mine / quiet:.2f} | {theirs:.1f} | "
                   f"**{theirs / mine:.2f}** | {ratios[0]:.2f} to {ratios[-1]:.2f} |")


def shards(threads):
    """The table of step times by shards and threads."""
    yield "| shards | ms per step, 1 thread | " + f"ms per step, {threads} threads |"
    yield "| ---: | ---: | ---: |"
    for v in (1, 2, 4, 8):
        times = [run(ours("--set", f"train.shards={v}", "--threads", t, "--steps", 10))["train_ms_min"] for t in (1, threads)]
        yield f"| {v} | {times[0]:.1f} | {times[1]:.1f} |"


def cores():
    """A model of more cores than this machine has, from the parts of a step on one thread."""
    profile = run(ours("--batch-size", 64, "--set", "train.shards=64", "--threads", 1, "--steps", 2, "--warmup", 1,
                       "--profile"))["profile_ms"]
    serial = profile.pop("exchange")
    memory = profile.pop("weights") + profile.pop("gradient sums")
    compute = sum(profile.values())
    yield f"On one thread, a step of 64 images in 64 shards takes {compute:.0f} ms for work that can be divided among cores, {memory:.0f} ms for"
    yield f"preparing weights and adding up gradients, which is limited by memory, and {serial:.0f} ms for work that cannot be divided."
    yield f"**Model, not measured**: divide the first by the number of cores, the second by at most {MEMORY_CORES} (an assumption), the third not at all."
    yield ""
    yield "| cores | ms per step (model) | speed-up | efficiency |"
    yield "| ---: | ---: | ---: | ---: |"
    total = compute + memory + serial
    for n in (1, 8, 16, 64):
        ms = compute / n + memory / min(n, MEMORY_CORES) + serial
        yield f"| {n} | {ms:.0f} | {total / ms:.1f} | {100 * total / ms / n:.0f}% |"


def growth(threads):
    yield "Each row is one short run, so rows with the same setting differ. Compare times within a table only."
    yield ""
    yield "| images per step | pixels | threads | ms per step | ns per pixel |"
    yield "| ---: | ---: | ---: | ---: | ---: |"
    settings = [(b, 224, threads) for b in (1, 2, 4, 8, 16, 32, 64)]
    settings += [(8, s, threads) for s in (64, 96, 128, 160, 224, 320, 512)] + [(8, 224, 1)]
    for batch, size, t in settings:
        result = run(ours("--batch-size", batch, "--image-size", size, "--threads", t, "--steps", 8, "--warmup", 2))
        ms = result["train_ms_min"]
        yield f"| {batch} | {size} | {t} | {ms:.1f} | {1e6 * ms / (batch * size * size):.0f} |"


def processor():
    """The processor's name, with family and model on Linux, since one name covers several generations."""
    info = pathlib.Path("/proc/cpuinfo")
    fields = dict(line.split(":", 1) for line in info.read_text().splitlines() if ":" in line) if info.exists() else {}
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    name = fields.get("model name", platform.processor())
    if "cpu family" not in fields:
        return name
    family = f"family {fields['cpu family']} model {fields['model']}"
    return f"{name} (Zen 4: {family})" if family == "family 25 model 17" else f"{name}, {family}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder")
    parser.add_argument("--out", default=str(ROOT / "docs" / "performance.md"))
    a = parser.parse_args()
    doctor = run(["./resdensenet", "doctor", "--json"])
    rows = list(measure(a.rounds, pairs(a.threads, a.folder)))
    peers = ", ".join(sorted({row[-1].split(" channels_last")[0].split(",")[0].split(" eager")[0] for row in rows}))
    lines = [
        "# Performance",
        "",
        "Written by `python bench/performance.py`. Run it on your own machine. It needs a Python with torch, torchvision, onnx,",
        "onnxruntime and onnxscript; the program itself needs no Python.",
        "",
        f"- Machine: {processor()}, {a.threads} threads, {datetime.date.today()}.",
        f"- This project: {doctor['engine']}; Java {doctor['java']}.",
        f"- Baselines: {peers}.",
        "- Model: ResDenseNet, 3 classes, 224 x 224 pixels, batches of 8 unless stated otherwise.",
        f"- Method: {a.rounds} rounds of both programs in turn. The ratio is baseline / ours, from the smallest times: above 1, this",
        "  project is faster or uses less memory. The range is over the rounds.",
        "- \"Training with data loading\" includes reading and augmenting images; the article's loop is its training loop in PyTorch. The",
        "  other rows use random images.",
        "- Each program has a median time per round. The last column divides the baseline's smallest median by ours; the range does not",
        "  apply to it.",
        "- Times are in milliseconds per step (training) or per batch (inference).",
        "",
        "| what | ours | baseline | ratio | range | ratio of medians |",
        "| --- | ---: | ---: | ---: | --- | ---: |",
    ]
    for name, mine, theirs, ratio, low, high, median, _ in rows:
        lines.append(f"| {name} | {mine:.1f} | {theirs:.1f} | **{ratio:.2f}** | {low:.2f} to {high:.2f} | {median:.2f} |")
    lines += ["", "## Steps under CPU load", "",
              "Each busy process keeps one core busy. The baseline is PyTorch with channels_last; the bf16 rows use autocast.",
              '"Quiet" is the time without the busy processes, "beside" the time with them. Times are medians over steps and'
              f" {BESIDE_ROUNDS} rounds.", "", *beside(BESIDE_ROUNDS, a.threads)]
    lines += ["", "## Step time by batch size, image size and threads", "", *growth(a.threads), ""]
    lines += ["## Shards", "", "224 pixels, batch 8. The fused engine divides each batch into `train.shards` shards. Their number changes the last bits of",
              "the weights; the number of threads does not.", "",
              *shards(a.threads), "", "## More cores", "", *cores(), ""]
    out = pathlib.Path(a.out)
    out.parent.mkdir(exist_ok=True)
    out.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
