"""Runs the tests behind docs/trust.md and writes that page from the lines that they print. Takes more than an hour with --long.

usage: python bench/trust.py [--long] [--corpora DIR] [--json-suite DIR] [--keep FILE] [--moments N]
--long runs every test in full (-Pslow): 200 killed processes, 12,200 corrupt images; --corpora reads whole corpora.
--json-suite tries each file of a folder, such as test_parsing of nst/JSONTestSuite, as a run's manifest (D4-json).
--moments sets how many signals each command gets (C11; default: 2, with --long 20).
--keep writes the rows of each finished part into a file and does not run the parts that it has; use it to stop and resume.
"""
import argparse
import json
import pathlib
import platform
import random
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = ["ImageDecoderTest", "CorruptImagesTest", "PixelGoldenTest", "PredictionGoldenTest", "AuditTest", "GroupedSplitTest",
         "TrainingDataTest", "PthFileTest", "SafetensorsTest", "ResumeTest", "MessagesTest", "ExportTest", "KillTest"]
HOSTILE = "HostilePickleTest,HostileTextTest,WeightsTest#rejectsKeras*"
MEANING = {
    "C1": "malicious pickles and zip files: each rejected with an exception of its own type; heap allocation at most 64 MiB",
    "C2": "files written by PyTorch: tensors bit-identical to those of torch.load; unsupported ones rejected, and the error names the type",
    "C3-pth": "mutated .pth files: none is read with changed weights",
    "C3-safetensors": "mutated safetensors files: none is read with changed weights",
    "C4": "files that break a rule of the safetensors format: each rejected, naming the rule",
    "C5": "weights written and read again: bit-exact; written twice: identical files",
    "C5-python": "weights written by this project and read by torch.load: bit-exact",
    "C6": "processes killed at random moments of training: resumed to the weights and optimiser of the uninterrupted run",
    "C6-files": "processes killed while writing a file: the complete old or new file is there",
    "C8-fused": "training stopped after each batch, over 2 epochs, fused engine: resumed to identical weights and optimiser state",
    "C8-reference": "the same with the reference engine",
    "C9": "SIGTERM, Ctrl-C and SIGHUP: checkpoint saved, exit status 143, 130 and 129, resumed to identical weights and optimiser state",
    "C10": "newest checkpoint corrupt: training resumes from the previous one and says so",
    "C11": "SIGTERM and Ctrl-C at random moments of every command: exit within 10 s with status 143 or 130",
    "C12": "random pickle programs with shared values, in the three forms of .pth files: each read or rejected",
    "D1": "entries of a hostile image folder: each listed with its reason, in a stable order",
    "D2": "1, 10 and all images of a class corrupt: rejected with their paths, or skipped and counted",
    "D3": "duplicates in another format, size or compression, or mirrored: found",
    "D3-copies": "splits of sets with duplicates: all duplicates of an image are in one subset",
    "D3-groups": "splits of sets with groups: no group spans two subsets",
    "D4-manifests": "odd and damaged manifests: each read, or rejected with one line",
    "D4-recipes": "odd and damaged recipes: each read, or rejected with one line",
    "D4-json": "test files of nst/JSONTestSuite as the manifest of a run: one line, an error status, within 2 s",
    "D5": "test files opened as images, weights, recipes and manifests: no message names a Java class or an index",
    "E1": "exported models of three networks and five variants, float32: logits of ONNX Runtime and libtorch",
    "E2": "exported models with pixel input on images of any size: largest difference of a probability from predict",
    "E8": "the same networks quantised to 8 bits: largest difference of a probability",
    "I1": "corrupt images: each gives an image or an error with a reason",
    "I2": "PngSuite: correct pixels; all 14 corrupt files rejected",
    "I3": "one image in many formats, and EXIF orientations 1 to 8: pixels identical to Pillow's",
    "I4": "images through Resize, flip, jitter, ToTensor, Normalize: bytes identical to Pillow's, values equal to torchvision's",
    "I5": "decompression bombs: rejected from the header",
    "I10": "files of other projects' encoders: pixels identical to Pillow's",
    "P1": "probabilities computed from image files: largest difference from Python",
    "T1": "one of several processes killed or paused at a random moment: named, started again, identical weights",
    "T3": "a checkpoint cannot be written (limit of the file size): reported, and training resumes from the last good checkpoint",
    "T4": "steps of one training run: the number of live native objects does not grow",
    "T4-memory": "steps of one training run: resident memory grows by at most 2% in the last third",
    "T5-fused": "a weight or loss is NaN or infinite: training stops in that step and saves no such weights, fused engine",
    "T5-reference": "the same with the reference engine",
    "SAVE": "checkpoints saved while training at 224 pixels: training waits for at most 1% of its time",
    "SYSCALLS": "renames of a checkpoint: each after fsync of its files and before fsync of its folder",
}


def maven(tests, arguments):
    for file in ROOT.glob("*/target/trust/*.json"):
        file.unlink()
    command = ["./mvnw", "-ntp", "test", "-pl", "testkit,core,export,cli", "-am", f"-Dtest={tests}",
               "-Dsurefire.failIfNoSpecifiedTests=false", *arguments]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return [json.loads(file.read_text()) for file in ROOT.glob("*/target/trust/*.json")]


def build():
    subprocess.run([ROOT / "resdensenet", "--version"], check=True, stdout=subprocess.DEVNULL)


def saving(folder):
    """Trains two epochs at 224 pixels with the default settings and reads the cost of checkpoints from the log."""
    run = folder / "save"
    subprocess.run([ROOT / "resdensenet", "train", "--image-size", "224", "--epochs", "2", "--out", run],
                   check=True, capture_output=True)
    log = (run / "log.txt").read_text()
    saves, waited, percent, writing = re.search(
        r"Checkpoints: (\d+) saved; training waited ([\d.]+) s \(([\d.]+)%\), writing took ([\d.]+) s", log).groups()
    trained = float(waited) / float(percent) * 100 if float(percent) else 0
    return {"test": "SAVE", "n": int(saves), "failed": int(float(percent) > 1),
            "worst": f"training waited {percent}%; writing took {writing} s in the background of {trained:.0f} s of training"}


def memory(folder, epochs):
    """Resident memory while training on the built-in images, 133 steps per epoch: last third against second third."""
    process = subprocess.Popen([ROOT / "resdensenet", "train", "--epochs", str(epochs), "--out", folder / "memory"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    sizes = []
    while process.poll() is None:
        time.sleep(0.5)
        status = pathlib.Path(f"/proc/{process.pid}/status")
        if (folder / "memory" / "checkpoints").exists() and not (folder / "memory" / "best.pth").exists():
            found = re.search(r"VmRSS:\s+(\d+)", status.read_text() if status.exists() else "")
            sizes += [int(found.group(1))] if found else []
    third = len(sizes) // 3
    ratio = statistics.mean(sizes[2 * third:]) / statistics.mean(sizes[third:2 * third])
    return {"test": "T4-memory", "n": 133 * epochs, "failed": int(process.returncode != 0 or ratio > 1.02),
            "worst": f"last third / second third of the training {ratio:.3f}"}


def system_calls(folder):
    """Traces a short training with strace and checks the order of fsync and rename."""
    if not shutil.which("strace"):
        return {"test": "SYSCALLS", "n": 0, "failed": 0, "worst": "skipped: no strace"}
    trace, run = folder / "trace", folder / "traced"
    subprocess.run(["strace", "-f", "-y", "-e", "trace=fsync,fdatasync,rename,renameat,renameat2", "-o", trace,
                    ROOT / "resdensenet", "train", "--epochs", "1", "--image-size", "32", "--out", run],
                   check=True, capture_output=True)
    forced, renames, failed = set(), 0, 0
    waiting = None  # the folder that must be synced after the last rename
    for line in trace.read_text().splitlines():
        sync = re.search(r"f(?:data)?sync\(\d+<([^>]*)>", line)
        rename = re.search(r'rename(?:at2?)?\((?:[^,"]*, )?"([^"]*)", (?:[^,"]*, )?"([^"]*)"', line)
        if sync:
            forced.add(sync.group(1))
            waiting = None if waiting == sync.group(1) else waiting
        elif rename and rename.group(2).endswith(("checkpoints/last", "checkpoints/best")):
            new = rename.group(1)
            renames += 1
            names = ("weights.safetensors", "optimizer.safetensors", "manifest.json")
            whole = all(any(f.startswith(f"{new}/") and n in f for f in forced) for n in names)
            failed += 0 if whole and new in forced and waiting is None else 1
            waiting = str(pathlib.Path(rename.group(2)).parent)
            forced = {f for f in forced if not f.startswith(new)}
    failed += waiting is not None
    return {"test": "SYSCALLS", "n": renames, "failed": int(failed), "worst": ""}


def signals(folder, n):
    """Sends SIGTERM and SIGINT in turn to every command, at n random moments each."""
    moments, failures, worst = random.Random(0), [], (0.0, "")
    small = ["--image-size", "32", "--epochs", "2"]
    first, resumed, quantized = folder / "signals", folder / "resumed", folder / "quantized"
    subprocess.run([ROOT / "resdensenet", "train", *small, "--out", first], check=True, capture_output=True)
    for copy in (resumed, quantized):
        shutil.copytree(first, copy)
    image = next(pathlib.Path.home().glob(".cache/resdensenet/fashion3/*/*.png"))
    commands = [
        ["train", *small, "--out", folder / "NEW"], ["train", *small, "--engine", "reference", "--out", folder / "NEW"],
        ["train", "--resume", resumed, "--epochs", "1000"], ["evaluate", first, "--split", "all"],
        ["predict", first, image.parent.parent], ["explain", first, image], ["report", first], ["plot", first],
        ["export", first, "--format", "pth", "--out", folder / "w.pth"],
        ["import", first / "best.pth", "--classes", "a,b,c", "--out", folder / "NEW"], ["audit", "fashion3"],
        ["summary"], ["diagram", "--out", folder / "d.svg"], ["doctor"],
        ["bench", "--image-size", "64", "--steps", "10"],
        ["compare", "--models", "resdensenet", "--recipes", "common", "--seeds", "2", *small, "--out", folder / "NEW"],
        ["crossval", "--folds", "2", "--batch-size", "7", *small, "--out", folder / "NEW"],
        ["train", *small, "--nproc", "2", "--out", folder / "NEW"],
        ["export", first, "--format", "onnx", "--out", folder / "m.onnx"],
        ["quantize", quantized], ["serve", first, "--port", "0"]]
    done = attempts = 0
    for command in commands:
        length = 20.0  # of a command that does not end by itself
        signalled = 0
        for i in range(-1, n):
            shutil.rmtree(folder / f"new{attempts}", ignore_errors=True)
            attempts += 1
            arguments = [str(a).replace("NEW", f"new{attempts}") for a in command]
            start = time.monotonic()
            process = subprocess.Popen([ROOT / "resdensenet", *arguments], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            try:
                status = process.wait(length if i < 0 else moments.uniform(0.02, length))
                if status:
                    failures.append(f"{arguments[0]}: status {status} without a signal")
                length = time.monotonic() - start if i < 0 else length
                continue  # it ended before the signal
            except subprocess.TimeoutExpired:
                number = (signal.SIGTERM, signal.SIGINT)[i % 2]
            sent = time.monotonic()
            process.send_signal(number)
            try:
                status = process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                status = "none"
            seconds = time.monotonic() - sent
            worst = max(worst, (seconds, arguments[0]))
            if status not in (128 + number, -number, 0) or seconds > 10:
                failures.append(f"{arguments[0]}: status {status} {seconds:.1f} s after {number.name}")
            done += 1
            signalled += 1
        if signalled < n / 2:
            failures.append(f"{command[0]}: only {signalled} of {n} signals came before its end")
    return {"test": "C11", "n": done, "failed": len(failures),
            "worst": "; ".join([f"{worst[0]:.1f} s until the exit of {worst[1]}", *failures])}


def json_suite(folder, suite):
    """Gives each file to predict as the manifest of a run: one line, a status of an error, within 2 s, nothing written."""
    run = folder / "run"
    subprocess.run([ROOT / "resdensenet", "train", "--image-size", "32", "--epochs", "1", "--out", run],
                   check=True, capture_output=True)
    image = next(pathlib.Path.home().glob(".cache/resdensenet/fashion3/*/*.png"))
    manifest, longest, wrong = run / "checkpoints" / "best" / "manifest.json", 0.0, []
    files = sorted(f for f in suite.iterdir() if f.is_file())
    for file in files:
        shutil.copyfile(file, manifest)
        before = sorted((f, f.stat().st_mtime_ns) for f in run.rglob("*"))
        start = time.monotonic()
        try:
            done = subprocess.run([ROOT / "resdensenet", "predict", run, image], capture_output=True, text=True,
                                  errors="replace", timeout=60)
        except subprocess.TimeoutExpired:
            wrong.append(f"{file.name}: no end within 60 s")
            continue
        seconds = time.monotonic() - start
        longest = max(longest, seconds)
        written = before != sorted((f, f.stat().st_mtime_ns) for f in run.rglob("*"))
        if done.returncode not in (1, 2) or len(done.stderr.splitlines()) != 1 or done.stdout or written or seconds > 2 \
                or re.search(r"Exception|\bjava\.|jackson", done.stderr):
            wrong.append(f"{file.name}: status {done.returncode}, {seconds:.1f} s, {done.stderr.strip()[:80]}")
    return {"test": "D4-json", "n": len(files), "failed": len(wrong) + (not files), "worst": [f"at most {longest:.1f} s", *wrong]}


def in_words(worst):
    text = "; ".join(map(str, worst)) if isinstance(worst, list) else str(worst or "")
    text = re.sub(r"\d+\.\d{5,}(?:[eE]-?\d+)?", lambda number: f"{float(number[0]):{'.2g' if float(number[0]) < 1 else '.2f'}}", text)
    return text if len(text) <= 120 else text[:117] + "..."


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--corpora")
    parser.add_argument("--json-suite", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--moments", type=int)
    options = parser.parse_args()
    arguments = ["-Pslow"] if options.long else []
    moments = options.moments or (20 if options.long else 2)
    if options.corpora:
        arguments.append(f"-Dcorpora={options.corpora}")
    parts = {HOSTILE: lambda folder: maven(HOSTILE, [*arguments, "-Dtest.heap=128m"])}
    for tests in TESTS:
        parts[tests] = lambda folder, tests=tests: maven(tests, arguments)
    parts["saving"] = lambda folder: [saving(folder)]
    parts["system calls"] = lambda folder: [system_calls(folder)]
    parts["memory"] = lambda folder: [memory(folder, 76 if options.long else 8)]
    if options.json_suite:
        parts["JSON files"] = lambda folder: [json_suite(folder, options.json_suite)]
    parts["signals"] = lambda folder: [signals(folder, moments)]
    # A parent such as nohup can ignore them, and then the processes under test would, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    kept = json.loads(options.keep.read_text()) if options.keep and options.keep.exists() else {}
    build()
    for name, run in parts.items():
        if name not in kept:
            with tempfile.TemporaryDirectory() as folder:
                kept[name] = run(pathlib.Path(folder))
            if options.keep:
                options.keep.write_text(json.dumps(kept, ensure_ascii=False))
    rows = {row["test"]: row for part in kept.values() for row in part}
    command = "python bench/trust.py" + (" --long" if options.long else "") + (
        " --corpora DIR" if options.corpora else "") + (" --json-suite JSON" if options.json_suite else "") + (f" --moments {options.moments}" if options.moments else "")
    cpu = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.processor())
    page = ["# Trust", "", f"Written by `{command}`", f"on {cpu}, {platform.system()}. Each row is a check: how many cases were tested, how many failed, and the worst case",
            "or details.", "",
            "`DIR` has the complete test files of other projects, of which the repository has a part: `pngsuite` (PngSuite),",
            "`exif` (recurser/exif-orientation-examples), `pth-good` (the `.pt` files of tracel-ai/burn) and `pth-hostile` (those of",
            "mmaitre314/picklescan). `JSON` has the test files of nst/JSONTestSuite.", "",
            "| Row | Check | Cases | Failed | Worst case or details |", "| --- | --- | ---: | ---: | --- |"]
    for id in sorted(rows):
        row = rows[id]
        print(json.dumps(row, ensure_ascii=False))
        worst = in_words(row["worst"]).replace("|", "\\|")
        meaning = MEANING.get(id) or MEANING.get(id.split("-")[0], "")
        page.append(f"| {id} | {meaning} | {row['n']:,} | {row['failed']} | {worst} |")
    (ROOT / "docs" / "trust.md").write_text("\n".join(page) + "\n")


if __name__ == "__main__":
    main()
