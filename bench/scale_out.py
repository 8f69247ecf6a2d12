"""Trains with several processes, on this machine, and writes docs/scale-out.md.

usage: scale_out.py [--brief] [--network] [--spark] [--only NAME...] [--torchrun PATH] [--out docs/scale-out.md]
--brief trains fewer models and kills fewer processes. --network also measures a link of 1 Gbit/s and 1 ms between two
network namespaces: it needs root, Linux, iproute2 and a Python with torch. --spark also trains and scores on a Spark cluster of
this machine. --torchrun names PyTorch's launcher. --only measures some parts and replaces their rows in the page.
"""
import argparse
import csv
import datetime
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
COMMAND = str(ROOT / "resdensenet")
TIMES = {"seconds", "images_per_second"}
WORK = pathlib.Path(tempfile.mkdtemp(prefix="scale-out-"))


def say(text):
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


def command(out, *options):
    return [COMMAND, "train", "--out", str(out), *map(str, options)]


def train(name, *options, environment=None):
    """Trains into a new folder and returns it."""
    out = WORK / name
    shutil.rmtree(out, ignore_errors=True)
    done = subprocess.run(command(out, *options), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        raise RuntimeError(f"{name}: {done.stdout[-500:]}")
    return out


def history(run):
    with open(run / "history.csv", encoding="utf-8") as file:
        return [{k: v for k, v in row.items() if k not in TIMES} for row in csv.DictReader(file)]


def outcome(run):
    """Digests of the last checkpoint, and the history without times."""
    files = [run / "checkpoints/last" / name for name in ("weights.safetensors", "optimizer.safetensors")]
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files] + [history(run)]


def rate(run):
    with open(run / "history.csv", encoding="utf-8") as file:
        return float(list(csv.DictReader(file))[-1]["images_per_second"])


def doctor():
    done = subprocess.run([COMMAND, "doctor", "--json"], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def same_bytes(brief):
    models = ["resdensenet"] if brief else ["resdensenet", "densenet121", "resnet50v2"]
    bf16 = "avx512" in doctor()["engine"]
    for model in models:
        for precision in ["fp32", "bf16"] if bf16 else ["fp32"]:
            settings = ["--model", model, "--precision", precision, "--epochs", 2, "--threads", 1]
            runs = {n: outcome(train(f"x1-{n}", *settings, "--nproc", n)) for n in (1, 2, 4)}
            equal = all(run == runs[1] for run in runs.values())
            say(f"X1 {model} {precision}: {equal}")
            yield f"| X1 | {model}, {precision}: 1, 2 and 4 processes, 2 epochs | {'identical' if equal else '**differ**'} |"


def killed(points):
    """Kills all processes at a random moment, and resumes with 1, 4 and 2 processes in turn."""
    settings = ["--epochs", 2, "--threads", 1, "--set", "train.checkpointMinutes=0.02"]
    start = time.time()
    expected = outcome(train("x4", *settings, "--nproc", 2))
    length = time.time() - start
    rng = random.Random(1)
    equal = 0
    for i in range(points):
        out = WORK / "x4-killed"
        shutil.rmtree(out, ignore_errors=True)
        process = subprocess.Popen(command(out, *settings, "--nproc", 2), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        while not out.exists():
            time.sleep(0.05)
        time.sleep(rng.uniform(0, 0.7 * length))
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(1)
        subprocess.run([COMMAND, "train", "--resume", str(out), "--nproc", str((1, 4, 2)[i % 3])], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        equal += outcome(out) == expected
        say(f"X4 {equal} of {i + 1}")
    yield f"| X4 | launcher killed at a random moment, resumed with 1, 4 or 2 processes | {equal} of {points} identical |"


def throughput(rounds):
    ratios = []
    for i in range(rounds):
        one = rate(train("x7-one", "--epochs", 1, "--image-size", 224, "--threads", 2))
        two = rate(train("x7-two", "--epochs", 1, "--image-size", 224, "--threads", 1, "--nproc", 2))
        ratios.append(two / one)
        say(f"X7 {two:.1f} / {one:.1f} images/s")
    yield (f"| X7 | speed of 2 processes with 1 thread each, relative to 1 process with 2 threads (images/s, 224 pixels), median and range of {rounds} | "
           f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}) |")


def environments(torchrun):
    settings = ["--epochs", 2, "--threads", 1]
    expected = outcome(train("x8", *settings))
    if torchrun:
        out = WORK / "x8-torchrun"
        shutil.rmtree(out, ignore_errors=True)
        subprocess.run([torchrun, "--no-python", "--nproc-per-node", "2", "--master-addr", "127.0.0.1", "--master-port",
                        "29511", *command(out, *settings, "--rendezvous", "env")], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        yield f"| X8 | torchrun, 2 processes | {'identical' if outcome(out) == expected else '**differ**'} |"
    other = subprocess.Popen(command(WORK / "unused", *settings, "--rendezvous", "env"), stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, env={**os.environ, **kubeflow(1)})
    out = train("x8-kubeflow", *settings, "--rendezvous", "env", environment=kubeflow(0))
    other.wait()
    yield f"| X8 | Kubeflow's variables, 2 processes | {'identical' if outcome(out) == expected else '**differ**'} |"


def kubeflow(rank):
    return {"PET_NODE_RANK": str(rank), "PET_NNODES": "2", "PET_NPROC_PER_NODE": "auto", "PET_MASTER_ADDR": "127.0.0.1",
            "PET_MASTER_PORT": "29512"}


def sockets():
    """Looks for network sockets of the processes while they train."""
    out = WORK / "x11"
    shutil.rmtree(out, ignore_errors=True)
    process = subprocess.Popen(command(out, "--epochs", "1", "--nproc", "2"), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    while not out.exists():
        time.sleep(0.05)
    time.sleep(5)
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], stdout=subprocess.PIPE, text=True).stdout
    network = {line.split()[9] for name in ("tcp", "tcp6", "udp", "udp6")
               for line in pathlib.Path("/proc/net", name).read_text().splitlines()[1:]}
    count = 0
    for pid in [str(process.pid), *children.split()]:
        for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            count += os.readlink(descriptor).strip("socket:[]") in network
    process.wait()
    yield f"| X11 | TCP and UDP sockets of the launcher and its {len(children.split())} processes during training | {count} |"


def shell(text):
    subprocess.run(text, shell=True, check=True)


def network(rounds):
    """Two namespaces with a link of 1 Gbit/s and a round trip of 1 ms, one process with one thread in each."""
    shell("ip netns add so0; ip netns add so1; ip link add so0 type veth peer name so1")
    try:
        for i in (0, 1):
            shell(f"ip link set so{i} netns so{i}; ip -n so{i} addr add 10.77.0.{i + 1}/24 dev so{i}; "
                  f"ip -n so{i} link set so{i} up; ip -n so{i} link set lo up; "
                  f"ip netns exec so{i} tc qdisc add dev so{i} root netem delay 0.5ms rate 1gbit")
        results = {"ours": [], "peer": []}
        for r in range(rounds):
            settings = ["--epochs", 1, "--image-size", 224, "--threads", 1, "--set", "train.batchNorm=local"]
            alone = rate(train("x6-alone", *settings, "--nproc", 2))
            out = WORK / "x6"
            shutil.rmtree(out, ignore_errors=True)
            linked(command(out, *settings, "--rendezvous", "env"))
            results["ours"].append(alone / rate(out) - 1)
            peer = [sys.executable, str(ROOT / "bench/peer/ddp.py")]
            both = [subprocess.Popen(peer, stdout=subprocess.PIPE, text=True,
                                     env={**os.environ, "RANK": "0", "WORLD_SIZE": "1"}) for _ in (0, 1)]
            quiet = max(json.loads(p.communicate()[0].splitlines()[-1])["train_ms_median"] for p in both)
            ddp = json.loads(linked(peer).splitlines()[-1])["train_ms_median"]
            results["peer"].append(ddp / quiet - 1)
            say(f"X6 {results}")
        for name, label in (("ours", "this project, train.batchNorm local"), ("peer", "PyTorch DDP, Gloo, default buckets")):
            values = results[name]
            yield (f"| X6 | {label}: time that the link adds to a step, median of {rounds} | "
                   f"{100 * statistics.median(values):.1f}% ({100 * min(values):.1f}% to {100 * max(values):.1f}%) |")
    finally:
        shell("ip netns del so0; ip netns del so1")


def linked(program):
    """Runs a program as rank 0 and rank 1 at the two ends of the link, and returns what rank 0 prints."""
    ends = [subprocess.Popen(["ip", "netns", "exec", f"so{rank}", *program], stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "10.77.0.1",
                                  "MASTER_PORT": "29513", "GLOO_SOCKET_IFNAME": f"so{rank}"}) for rank in (0, 1)]
    out = ends[0].communicate()[0]
    ends[1].communicate()
    return out


def executors():
    """The processes of the Spark executors."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if b"CoarseGrainedExecutorBackend" in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                pass  # it has ended
    return sorted(found)


def spark_training(points):
    """Trains on Spark, undisturbed and with an executor killed at a random moment."""
    settings = ["--epochs", 2, "--threads", 1, "--set", "train.checkpointMinutes=0.02"]
    expected = outcome(train("x9", *settings))
    out = WORK / "x9-spark"
    start = time.time()
    subprocess.run([COMMAND, "spark-train", "--tasks", "2", *command(out, *settings)[2:]], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    length = time.time() - start
    yield f"| X9 | 2 Spark tasks against 1 process, 2 epochs | {'identical' if outcome(out) == expected else '**differ**'} |"
    rng = random.Random(2)
    equal, longest = 0, 0
    for i in range(points):
        out = WORK / "t2"
        shutil.rmtree(out, ignore_errors=True)
        start = time.time()
        process = subprocess.Popen([COMMAND, "spark-train", "--tasks", "2", "--timeout-s", "20",
                                    *command(out, *settings)[2:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not out.exists():
            time.sleep(0.05)
        time.sleep(rng.uniform(0, 0.4 * length))
        os.kill(executors()[i % 2], signal.SIGKILL)
        killed = time.time()
        failed = process.wait() != 0
        equal += not failed and outcome(out) == expected
        longest = max(longest, time.time() - killed)
        say(f"T2 {equal} of {i + 1}, {longest:.0f} s")
    yield (f"| T2 | Spark executor killed at a random moment of training | {equal} of {points} identical, done at most "
           f"{longest:.0f} s after the kill (undisturbed training: {length:.0f} s) |")


def spark_scoring(count):
    """Scores images while an executor is killed twice, and compares speed and results with predict."""
    run = train("x10-run", "--epochs", 1)
    source = sorted((pathlib.Path.home() / ".cache/resdensenet/fashion3").rglob("*.png"))
    images = WORK / "x10-images"
    (images / "few").mkdir(parents=True)
    (images / "many").mkdir()
    for name, number in (("few", count // 100), ("many", count)):
        for i in range(number):
            data = source[i % len(source)].read_bytes()
            (images / name / f"image {i:06}.png").write_bytes(data[:40] if i % 100 == 50 else data)
    jobs = ROOT / "spark/target/spark-home/work"
    shutil.rmtree(jobs, ignore_errors=True)

    def score(name, out):
        return [COMMAND, "spark-score", str(run), str(images / name), "--out", str(WORK / out), "--format", "json"]

    def timed(arguments):
        start = time.time()
        subprocess.run(arguments, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.time() - start

    process = subprocess.Popen(score("many", "x10"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for number in (count // 1000, count // 300):  # of about count / 100 tasks
        while len(list(jobs.glob("*/*/stderr"))) == 0 or sum(
                log.read_text(errors="replace").count("Finished task") for log in jobs.glob("*/*/stderr")) < number:
            time.sleep(0.2)
        os.kill(executors()[0], signal.SIGKILL)
        say(f"X10 killed after {number} tasks")
    process.wait()
    loads = [log.read_text(errors="replace").count("Loaded model") for log in jobs.glob("*/*/stderr")]
    rows = {}
    lines = 0
    for part in (WORK / "x10").glob("*.json"):
        for line in part.read_text().splitlines():
            row = json.loads(line)
            rows[pathlib.Path(row["path"].removeprefix("file:")).name] = row["prediction"]
            lines += 1
    predicted = subprocess.run([COMMAND, "predict", str(run), str(images / "many"), "--json"], stdout=subprocess.PIPE,
                               text=True).stdout
    equal = errors = 0
    for line in predicted.splitlines():
        answer = json.loads(line)
        row = rows[pathlib.Path(answer["file"]).name]
        if "error" in answer:
            errors += "error" in row
        else:
            equal += row["probabilities"] == answer["probabilities"] and row["class"] == answer["class"]
    yield (f"| X10 | Spark scoring of {count} images, {count // 100} of them corrupt, executor killed twice | {lines} rows of "
           f"{len(rows)} images; {equal} predictions equal to those of `predict`, {errors} errors; models loaded per "
           f"executor: {min(loads) if min(loads) == max(loads) else f'{min(loads)} to {max(loads)}'} |")
    ratios = []
    for i in range(3):
        cluster = (count - count // 100) / (timed(score("many", f"many{i}")) - timed(score("few", f"few{i}"))) / 2
        one = ["taskset", "-c", "0", COMMAND, "predict", str(run)]
        local = (count - count // 100) / (timed([*one, str(images / "many")]) - timed([*one, str(images / "few")]))
        ratios.append(cluster / local)
        say(f"X10 {cluster:.1f} / {local:.1f} images/s per core")
    yield (f"| X10 | speed of Spark scoring with 2 executors, per core, relative to `predict` on one core (images/s), median and range of 3 | "
           f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |")


def order(row):
    name = row.split("|")[1].strip()
    return name[0] != "X", int(name[1:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--brief", action="store_true")
    parser.add_argument("--network", action="store_true")
    parser.add_argument("--spark", action="store_true")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--torchrun", default=shutil.which("torchrun"))
    parser.add_argument("--out", default=str(ROOT / "docs" / "scale-out.md"))
    a = parser.parse_args()
    parts = {
        "environments": lambda: environments(a.torchrun),
        "sockets": sockets,
        "throughput": lambda: throughput(3 if a.brief else 5),
        "bytes": lambda: same_bytes(a.brief),
        "killed": lambda: killed(3 if a.brief else 30),
        "network": lambda: network(3) if a.network else (),
        "spark-training": lambda: spark_training(2 if a.brief else 20) if a.spark else (),
        "spark-scoring": lambda: spark_scoring(2_000 if a.brief else 20_000) if a.spark else (),
    }
    rows = []
    for name, part in parts.items():
        if not a.only or name in a.only:
            rows += part()
    if a.only:  # rows are "| id | what | result |"
        measured = list(rows)
        replaced = {row.split("|")[1] for row in rows}
        page = pathlib.Path(a.out).read_text(encoding="utf-8")
        old = [line for line in page.splitlines() if line.startswith("| ")][2:]
        rows += [row for row in old if row.split("|")[1] not in replaced]
    machine = doctor()
    rows.sort(key=order)
    flags = " ".join(flag for flag, on in (("--brief", a.brief), ("--network", a.network), ("--spark", a.spark)) if on)
    here = f"{machine['cpu'].split(',')[0]}, {machine['threads']} threads, {datetime.date.today()}"
    if a.only:
        ids = ", ".join(sorted({row.split("|")[1].strip() for row in measured}, key=lambda name: order(f"|{name}|")))
        name = f"- Row{'s' if ',' in ids else ''} {ids}:"
        sources = [line for line in page.splitlines()
                   if line.startswith(("- All other rows:", "- Row ", "- Rows ")) and not line.startswith(name)]
        sources.insert(0, f"{name} `python bench/scale_out.py {flags} --only {' '.join(a.only)}`; {here}.")
    else:
        sources = [f"- All other rows: `python bench/scale_out.py {flags}`; {here}."]
    text = "\n".join([
        "# Scale-out", "",
        "Measurements of training with [several processes](guide/several-processes.md) and with [Spark](guide/spark.md).", "",
        *sources,
        "- Data: the built-in images, at 64 pixels unless stated otherwise. \"Identical\" means: the same bytes of weights and optimiser",
        "  moments as one uninterrupted process, and the same history except times.",
        f"- Engine: {machine['engine']}. The names of the rows are those of the script.", "",
        "| row | what | result |", "| --- | --- | --- |", *rows, ""])
    pathlib.Path(a.out).write_text(text, encoding="utf-8")
    print(text)
    shutil.rmtree(WORK, ignore_errors=True)


main()
