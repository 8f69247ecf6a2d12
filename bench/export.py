"""Checks exported models in other programs, and writes the section "Measurements" of docs/export.md.

usage: export.py --images DIR [--count 500] [--kills 200] [--runs DIR]
Needs a Python with numpy, onnx, onnxruntime and Pillow, and uses torch, Node.js, Chromium and DJL's jars if they are
there; otherwise, the row says that it was skipped. --images is a folder of photographs. --runs keeps the trained runs.
"""
import argparse
import csv
import datetime
import functools
import http.server
import json
import math
import os
import pathlib
import platform
import random
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import numpy
import onnx
import onnxruntime
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "export.md"
PEER = ROOT / "bench" / "peer"
SUFFIXES = (".jpg", ".jpeg", ".png")
MOST_PIXELS = 4_000_000
SIZES = (32, 64, 96)
NETWORKS = [("resdensenet", fusion) for fusion in ("both", "concat", "add", "none", "stacked")] + [
    ("densenet121", "both"), ("resnet50v2", "both")]


def program(*arguments, **options):
    done = subprocess.run([ROOT / "resdensenet", *map(str, arguments)], capture_output=True, text=True, **options)
    return done.stdout + done.stderr


def photographs(folder, count):
    """Images that Pillow reads, in an order that does not depend on their folders."""
    files = sorted((f for f in folder.rglob("*") if f.suffix.lower() in SUFFIXES), key=lambda f: (f.name, str(f)))
    random.Random(0).shuffle(files)
    found = []
    for file in files:
        if len(found) == count:
            break
        try:
            image = Image.open(file)
            if image.width * image.height <= MOST_PIXELS and image.mode in ("RGB", "L"):
                found.append((file, numpy.asarray(image.convert("RGB"))))
        except Exception:
            continue
    return found


class Runs:
    """Trains each run once."""

    def __init__(self, folder):
        self.folder = folder

    def get(self, model="resdensenet", fusion="both", size=64, epochs=1, seed=0):
        run = self.folder / f"{model}-{fusion}-{size}-{epochs}-{seed}"
        if not run.exists():
            options = ["--set", f"model.fusion={fusion}"] if model == "resdensenet" else []
            program("train", "--model", model, "--image-size", size, "--epochs", epochs, "--seed", seed, *options,
                    "--out", run, check=True)
        return run

    def onnx(self, run, *options):
        file = run / ("-".join(["model", *(o.strip("-") for o in options)]) + ".onnx")
        text = program("export", run, "--format", "onnx", *options, "--out", file, check=True)
        numbers = re.search(r"same for (\d+) of (\d+) images; largest differences: logits (\S+) \(relative\), "
                            r"probabilities (\S+)\.\n", text)
        return file, float(numbers.group(3)), float(numbers.group(4))


def predictions(run, files):
    """What `predict` says about each file, with logits; files that it does not read are missing."""
    found = {}
    for start in range(0, len(files), 200):
        text = program("predict", run, "--json", "--raw", *files[start:start + 200])
        calibrated = program("predict", run, "--json", *files[start:start + 200])
        for kind, lines in (("raw", text), ("calibrated", calibrated)):
            for line in lines.splitlines():
                answer = json.loads(line) if line.startswith("{") else {"error": line}
                if "error" not in answer:
                    found.setdefault(pathlib.Path(answer["file"]), {})[kind] = answer
    return found


def classes(run):
    return json.loads((run / "checkpoints/best/manifest.json").read_text())["classes"]


def expected(answer, names):
    """Logits and calibrated probabilities, in the order of the classes."""
    return ([answer["raw"]["logits"][name] for name in names],
            [answer["calibrated"]["probabilities"][name] for name in names])


def tensor(pixels, size):
    """Resized by Pillow, and normalised as torchvision does."""
    resized = numpy.asarray(Image.fromarray(pixels).resize((size, size), Image.BILINEAR), numpy.float32)
    mean = numpy.array([0.485, 0.456, 0.406], numpy.float32)
    std = numpy.array([0.229, 0.224, 0.225], numpy.float32)
    return ((resized / numpy.float32(255) - mean) / std).transpose(2, 0, 1)


def session(file, threads=2):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(file if isinstance(file, bytes) else str(file), options,
                                        providers=["CPUExecutionProvider"])


def relative(logits, truth):
    """The largest difference, relative to the largest logit if that is above 1."""
    return numpy.abs(logits - truth).max() / max(1, numpy.abs(truth).max())


def batches(items):
    sizes, start, turn = (1, 2, 7), 0, 0
    while start < len(items):
        yield items[start:start + sizes[turn % 3]]
        start += sizes[turn % 3]
        turn += 1


def check_networks(runs, images):
    """E1 and E3: tensor input."""
    failed = unequal = cases = 0
    java, python, probability = 0.0, (0.0, ""), (0.0, "")
    for model, fusion in NETWORKS:
        for size in SIZES:
            run = runs.get(model, fusion, size)
            names = classes(run)
            file, logits, _ = runs.onnx(run, "--input", "tensor")
            java = max(java, logits)
            proto = onnx.load(file)
            onnx.checker.check_model(proto, full_check=True)
            failed += (proto.ir_version, proto.opset_import[0].version) != (8, 18)
            truth = predictions(run, [f for f, _ in images])
            loaded = session(file)
            known = [(f, p) for f, p in images if f in truth]
            for batch in batches(known):
                got = loaded.run(["logits", "probabilities"],
                                 {"pixel_values": numpy.stack([tensor(p, size) for _, p in batch])})
                for (f, _), row, chances in zip(batch, *got):
                    want, calibrated = expected(truth[f], names)
                    error, difference = relative(row, numpy.array(want)), numpy.abs(chances - calibrated).max()
                    python = max(python, (error, f"{model} {fusion} {size}"))
                    probability = max(probability, (difference, f"{model} {fusion} {size}"))
                    unequal += difference > 1e-6
                    failed += error > 1e-5
                    cases += 1
    yield ("E1", f"7 networks (ResDenseNet with each `model.fusion`, DenseNet121, ResNet50V2), {len(SIZES)} image sizes, batches of 1, 2 and 7: "
           "logits of ONNX Runtime "
           f"{onnxruntime.__version__} (Python) and 1.29 (Java, validation images) differ from `predict`'s by at most 1e-5 of the larger of 1 and "
           "the largest logit; `onnx.checker` "
           "with `full_check`; opset 18, IR version 8", cases, failed,
           f"relative difference of a logit {python[0]:.1e} ({python[1]}; Python), {java:.1e} (Java)")
    yield ("E3", "as E1: calibrated probabilities differ by at most 1e-6", cases, unequal,
           f"difference {probability[0]:.1e} ({probability[1]})")


def check_pixels(runs, images):
    """E2: pixel input, images of any size."""
    run = runs.get()
    names = classes(run)
    file, *_ = runs.onnx(run)
    proto = onnx.load(file)
    resized = next(n.output[0] for n in proto.graph.node if n.name == "vertical.pixels")
    proto.graph.output.append(onnx.helper.make_tensor_value_info(resized, onnx.TensorProto.DOUBLE, None))
    loaded = session(proto.SerializeToString())
    truth = predictions(run, [f for f, _ in images])
    cases = wrong = pixels = unequal = level = 0
    worst = 0.0
    for f, p in images:
        if f not in truth:
            continue
        chances, small = loaded.run(["probabilities", resized], {"pixels": p[None]})
        want = numpy.asarray(Image.fromarray(p).resize((64, 64), Image.BILINEAR), numpy.float64).transpose(2, 0, 1)
        off = numpy.abs(small[0] - want)
        level, unequal, pixels = max(level, off.max()), unequal + (off > 0).sum(), pixels + off.size
        calibrated = expected(truth[f], names)[1]
        worst = max(worst, numpy.abs(chances[0] - calibrated).max())
        wrong += numpy.argmax(chances[0]) != numpy.argmax(calibrated)
        cases += 1
    failed = int(level > 1 or unequal > pixels / 1000 or worst > 2e-3) + max(0, int(wrong) - 1)
    yield ("E2", "pixel input, photographs of any size decoded by Pillow: predicted class, resized pixels, probabilities",
           cases, failed, f"{wrong} other classes; {unequal} of {pixels:,} resized values differ; "
           f"probabilities differ by at most {worst:.1e}")


def sample(images, size, count=100):
    return numpy.stack([tensor(p, size) for _, p in images[:count]])


def check_torchscript(runs, images, folder):
    """E5: PyTorch and DJL."""
    run, size = runs.get(), 64
    file = folder / "model.torchscript"
    program("export", run, "--format", "torchscript", "--out", file, check=True)
    inputs = sample(images, size)
    truth = session(runs.onnx(run, "--input", "tensor")[0]).run(["logits"], {"pixel_values": inputs})[0]
    try:
        import torch
        with torch.no_grad():
            logits = torch.jit.load(str(file))(torch.from_numpy(inputs)).numpy()
        errors = [relative(a, b) for a, b in zip(logits, truth)]
        yield ("E5-torch", f"TorchScript in PyTorch {torch.__version__}: logits", len(errors),
               sum(e > 1e-5 for e in errors), f"relative difference {max(errors):.1e}")
    except ImportError:
        yield "E5-torch", "TorchScript in PyTorch", 0, 0, "skipped: no torch"
    path = folder / "djl.path"
    done = subprocess.run([ROOT / "mvnw", "-q", "-ntp", "-f", PEER / "djl/pom.xml", "dependency:build-classpath",
                           f"-Dmdep.outputFile={path}"], capture_output=True)
    if done.returncode:
        yield "E5-djl", "TorchScript in DJL 0.36", 0, 0, "skipped: DJL's jars cannot be downloaded"
        return
    inputs.tofile(folder / "tensors.bin")
    done = subprocess.run(["java", "-cp", path.read_text(), PEER / "djl/Djl.java", file, folder / "tensors.bin", str(size)],
                          capture_output=True, text=True, check=True)
    logits = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    errors = [relative(numpy.array(a), b) for a, b in zip(logits, truth)]
    yield ("E5-djl", "TorchScript in DJL 0.36 (PyTorch 2.7.1): logits", len(errors),
           sum(e > 1e-5 for e in errors) + len(truth) - len(errors), f"relative difference {max(errors):.1e}")


def node_packages(folder):
    """Installs the packages that the JavaScript examples use."""
    if not shutil.which("npm"):
        return False
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    done = subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent",
                           "@huggingface/transformers@4.3.1", "playwright-core@1"], cwd=folder, capture_output=True)
    return done.returncode == 0


def check_transformers(runs, images, folder, node):
    """E6: transformers.js."""
    if not node:
        yield "E6", "`hf` folder in transformers.js", 0, 0, "skipped: no npm"
        return
    run, size = runs.get(), 64
    models = folder / "models"
    models.mkdir()
    program("export", run, "--format", "hf", "--out", models / "photos", check=True)
    inputs = sample(images, size)
    inputs.tofile(folder / "tensors.bin")
    script = shutil.copy(PEER / "transformers.mjs", folder)
    done = subprocess.run(["node", script, models, "photos", folder / "tensors.bin", str(size)],
                          capture_output=True, text=True, check=True, cwd=folder)
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    truth = session(models / "photos/onnx/model.onnx").run(["logits"], {"pixel_values": inputs})[0]
    names = classes(run)
    failed = len(truth) - len(answers) + sum(a["label"] != names[numpy.argmax(t)] for a, t in zip(answers, truth))
    worst = max(relative(numpy.array(a["logits"]), t) for a, t in zip(answers, truth))
    yield ("E6", "`hf` folder in transformers.js 4.3.1, given tensors that are already resized: label and logits equal ONNX Runtime's", len(truth), failed,
           f"relative difference of a logit {worst:.1e}")


def example(language, word):
    """The program on the page in a language, with a word in its code."""
    blocks = re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return next(code for found, code in blocks if found == language and word in code)


def check_examples(runs, images, folder, node):
    """The programs on the page against `predict`."""
    run = runs.get()
    names = classes(run)
    file, *_ = runs.onnx(run)
    files = [f for f, _ in images[:12]] + sorted(pathlib.Path.home().glob(".cache/resdensenet/fashion3/*/*.png"))[:3]
    truth = predictions(run, files)
    files = [f for f in files if f in truth]
    jar = next(pathlib.Path.home().glob(".m2/repository/com/microsoft/onnxruntime/onnxruntime/*/onnxruntime-*.jar"))
    (folder / "predict.py").write_text(example("python", "onnxruntime"))
    (folder / "PredictOnnx.java").write_text(example("java", "PredictOnnx"))
    commands = {"Python": [sys.executable, "predict.py"], "Java": ["java", "-cp", jar, "PredictOnnx.java"]}
    if node:
        (folder / "predict.mjs").write_text(example("javascript", "onnxruntime-node"))
        commands["Node.js"] = ["node", "predict.mjs"]
    for name, command in commands.items():
        worst = 0.0
        for f in files:
            done = subprocess.run([*command, file, f], capture_output=True, text=True, check=True, cwd=folder)
            worst = max(worst, numpy.abs(numpy.array(json.loads(done.stdout)) - expected(truth[f], names)[1]).max())
        yield (f"example-{name}", f"the {name} program of this page: probabilities", len(files), int(worst > 0.01),
               f"difference {worst:.1e}")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not node or not chromium:
        yield "example-browser", "the browser program of this page", 0, 0, "skipped: no npm or Chromium"
        return
    site = folder / "site"
    site.mkdir()
    (site / "index.html").write_text("<body></body>" + example("html", "onnxruntime-web"))
    shutil.copytree(folder / "node_modules/onnxruntime-web/dist", site / "onnxruntime-web")
    shutil.copy(file, site / "best.onnx")
    handler = functools.partial(Quiet, directory=site)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / "browse.mjs").write_text("""
        import { chromium } from "playwright-core";
        const [path, url] = process.argv.slice(2);
        const browser = await chromium.launch({ executablePath: path, args: ["--no-sandbox"] });
        const page = await browser.newPage();
        await page.goto(url);
        await page.waitForFunction(() => document.body.textContent.startsWith("["), null, { timeout: 60000 });
        console.log(await page.evaluate(() => document.body.textContent));
        await browser.close();""")
    worst = 0.0
    for f in files[-4:]:
        shutil.copy(f, site / "photo.png")
        done = subprocess.run(["node", "browse.mjs", chromium, f"http://127.0.0.1:{server.server_port}/index.html"],
                              capture_output=True, text=True, check=True, cwd=folder)
        worst = max(worst, numpy.abs(numpy.array(json.loads(done.stdout)) - expected(truth[f], names)[1]).max())
    server.shutdown()
    yield ("example-browser", "the browser program of this page, in Chromium: probabilities", len(files[-4:]),
           int(worst > 0.01), f"difference {worst:.1e}")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def check_kills(runs, folder, kills):
    """E7: killed processes and a full disk."""
    run = runs.get()
    moments, failed, replaced, complete = random.Random(0), 0, 0, b""
    file, bundle = folder / "killed.onnx", folder / "killed"
    for i in range(kills):
        folder_turn = i % 4 == 3
        target = bundle if folder_turn else file
        command = [ROOT / "resdensenet", "export", run, "--format", "hf" if folder_turn else "onnx", "--out", target]
        if i < 4:  # how long a whole export takes
            start = time.monotonic()
            subprocess.run(command, check=True, capture_output=True)
            span = time.monotonic() - start
            complete = complete if folder_turn else file.read_bytes()
        if folder_turn:
            shutil.rmtree(bundle, ignore_errors=True)
        else:
            file.write_bytes(b"old")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(moments.uniform(0.3 * span, 1.1 * span))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if folder_turn:
            failed += bundle.exists() and len([f for f in bundle.rglob("*") if f.is_file()]) != 3
            replaced += bundle.exists()
        else:
            failed += file.read_bytes() not in (b"old", complete)
            replaced += file.read_bytes() == complete
    file.write_bytes(b"old")
    full = program("export", run, "--format", "onnx", "--out", file,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)))
    failed += file.read_bytes() != b"old" or str(file) not in full
    shutil.rmtree(bundle, ignore_errors=True)
    program("export", run, "--format", "onnx", "--out", file, check=True)
    left = [f.name for f in folder.glob(".killed.onnx*")]
    failed += len(left)
    yield ("E7", "exports killed at random moments, and a write that fails for lack of room: files are complete (old or new), "
           "folders are complete or absent; the next export deletes temporary files", kills + 1, failed, f"{replaced} exports had finished before they were killed")


def mcnemar(lost, gained):
    n = lost + gained
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(min(lost, gained) + 1)) / 2 ** n)


def check_accuracy(runs):
    """E8: int8 against fp32 on the test sets of three seeds."""
    lost = gained = total = 0
    before, after, share = [], [], []
    for seed in (1, 2, 3):
        run = runs.get(epochs=10, seed=seed)
        names, root = classes(run), pathlib.Path.home() / ".cache/resdensenet/fashion3"
        rows = [row for row in csv.DictReader((run / "split.csv").open()) if row["split"] == "test"]
        inputs = numpy.stack([tensor(numpy.asarray(Image.open(root / row["path"]).convert("RGB")), 64) for row in rows])
        labels = numpy.array([names.index(row["class"]) for row in rows])
        right, sizes = [], []
        for options in ((), ("--precision", "int8")):
            file, *_ = runs.onnx(run, "--input", "tensor", *options)
            sizes.append(file.stat().st_size)
            right.append(session(file).run(["logits"], {"pixel_values": inputs})[0].argmax(1) == labels)
        lost, gained, total = lost + (right[0] & ~right[1]).sum(), gained + (~right[0] & right[1]).sum(), total + len(rows)
        before.append(100 * right[0].mean())
        after.append(100 * right[1].mean())
        share.append(sizes[1] / sizes[0])
    p = mcnemar(int(lost), int(gained))
    drop = statistics.mean(before) - statistics.mean(after)
    yield ("E8", "int8 against fp32 on the test sets of 3 seeds: at most 0.5 points lost, McNemar's p above 0.05, file at "
           "most 30%", total, int(drop > 0.5 or p <= 0.05 or max(share) > 0.3),
           f"accuracy {statistics.mean(before):.2f}% and {statistics.mean(after):.2f}%; {lost} lost, {gained} gained, "
           f"p = {p:.2f}; file {100 * max(share):.1f}%")


def speed(runs, rounds=5):
    """Times fp32 and int8 in turn."""
    yield "| Model | Pixels | Batch | fp32, ms | int8, ms | Ratio | Range |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | --- |"
    # ResNet50V2 has learned too little after one epoch to be quantised.
    for model, size, epochs in (("resdensenet", 224, 1), ("densenet121", 224, 1), ("resnet50v2", 64, 3)):
        run = runs.get(model, size=size, epochs=epochs)
        loaded = [session(runs.onnx(run, "--input", "tensor", *o)[0]) for o in ((), ("--precision", "int8"))]
        for batch in (1, 8):
            inputs = numpy.random.default_rng(0).standard_normal((batch, 3, size, size), dtype=numpy.float32)
            best, ratios = [math.inf, math.inf], []
            for _ in range(rounds):
                now = []
                for i, s in enumerate(loaded):
                    times = []
                    for step in range(-2, 16 // batch + 3):
                        start = time.perf_counter()
                        s.run(["probabilities"], {"pixel_values": inputs})
                        times += [1e3 * (time.perf_counter() - start)] if step >= 0 else []
                    now.append(min(times))
                    best[i] = min(best[i], now[i])
                ratios.append(now[0] / now[1])
            yield (f"| {model} | {size} | {batch} | {best[0]:.1f} | {best[1]:.1f} | **{best[0] / best[1]:.2f}** | "
                   f"{min(ratios):.2f} to {max(ratios):.2f} |")


def processor():
    info = pathlib.Path("/proc/cpuinfo")
    text = info.read_text() if info.exists() else ""
    name = re.search(r"model name\s*: (.*)", text)
    vnni = "with" if re.search(r"\b(avx512_vnni|avx_vnni)\b", text) else "without"
    return f"{name.group(1) if name else platform.processor()} {vnni} 8-bit dot products (VNNI)"


def table(rows):
    yield "| Row | Check | Cases | Failed | Worst case or details |"
    yield "| --- | --- | ---: | ---: | --- |"
    for id, text, cases, failed, details in rows:
        yield f"| {id} | {text} | {cases:,} | {failed} | {details} |"


def publish(page, lines):
    """Replaces the section "Measurements", the last one of a page."""
    text = page.read_text()
    heading = "## Measurements\n"
    page.write_text(text[:text.index(heading)] + heading + "\n" + "\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--runs", type=pathlib.Path)
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        runs = Runs((a.runs or folder / "runs").resolve())
        runs.folder.mkdir(exist_ok=True)
        images = photographs(a.images.resolve(), a.count + a.count // 4)
        readable = predictions(runs.get(), [f for f, _ in images])
        images = [(f, p) for f, p in images if f in readable][:a.count]
        node = node_packages(folder)
        rows = []
        for check in (check_pixels(runs, images), check_torchscript(runs, images, folder),
                      check_transformers(runs, images, folder, node), check_examples(runs, images, folder, node),
                      check_accuracy(runs), check_kills(runs, folder, a.kills), check_networks(runs, images)):
            for row in check:
                print(*row, sep=" | ", flush=True)
                rows.append(row)
        lines = [f"Written by `python bench/export.py --images DIR` on {processor()}, {datetime.date.today()}, with "
                 f"{len(images)} images", "of public test collections.", "",
                 *table(sorted(rows))]
        lines += ["", f"Inference of random images in ONNX Runtime {onnxruntime.__version__} with 2 threads, smallest time of 5 rounds",
                  "in turn:", "", *speed(runs)]
    publish(PAGE, lines)


if __name__ == "__main__":
    main()
