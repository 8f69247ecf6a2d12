"""Runs the tests that the promises of docs/trust.md rest on, and writes that page from the lines that they print.

usage: python bench/trust.py [--long] [--corpora DIR]
--long kills 200 processes instead of 20 and tries ten times as many damaged pictures; --corpora reads whole corpora.
"""
import argparse
import json
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = ("ImageDecoderTest,DamagedPicturesTest,PixelGoldenTest,PredictionGoldenTest,AuditTest,GroupedSplitTest,"
         "TrainingDataTest,PthFileTest,SafetensorsTest,ResumeTest,KillTest")
MEANING = {
    "C1": "hostile pickles and zips are refused, each by one typed error; heap taken at most 64 MiB",
    "C2": "files of real PyTorch, bit for bit what torch loads; what is not supported is refused by name",
    "C3-pth": "damaged .pth files: none is read with changed weights",
    "C3-safetensors": "damaged safetensors files: none is read with changed weights",
    "C4": "broken rules of safetensors, each refused by its own name",
    "C5": "written and read again: the same bits; written twice: the same bytes",
    "C6": "processes killed at random moments of training: resumed, weights and optimiser equal the unbroken run's",
    "C6-files": "processes killed while they write a file: the old file or the new one",
    "C8-fused": "stopped after every batch of 2 epochs, fused engine: resumed, the same bytes",
    "C8-reference": "the same with the reference engine",
    "C9": "SIGTERM and Ctrl-C: saved, exit 143 and 130, resumed to the same bytes",
    "C10": "last checkpoint damaged: the one before is taken, and that is said",
    "D1": "entries of a hostile folder, each listed with its reason, in a stable order",
    "D2": "1, 10 and all pictures of a class damaged: refused with the paths, or left out and counted",
    "D3": "copies by other format, size, compression or mirrored: found",
    "D3-copies": "splits of sets with copies: copies in one part",
    "D3-groups": "splits of sets with groups: no group in two parts",
    "I1": "damaged pictures: a picture or a reason, nothing else",
    "I2": "PngSuite: the true pixels; all 14 damaged files refused",
    "I3": "one picture in many formats, EXIF orientations 1 to 8: Pillow's bytes",
    "I4": "pictures through Resize, flip, jitter, ToTensor, Normalize: Pillow's bytes, torchvision's numbers",
    "I5": "bombs: refused from the header",
    "P1": "probabilities from the file on, against Python: worst difference",
    "T3": "a disk without room while saving: named, and the run goes on from the last good checkpoint",
    "T4": "steps of one training: live native objects do not grow",
    "T4-memory": "steps of one training: resident memory, at most 2% more in the last third",
    "T5-fused": "a weight or loss that is no number: stops in that step, never the best, fused engine",
    "T5-reference": "the same with the reference engine",
    "SAVE": "share of training time at 224 pixels that checkpoints hold up, and are written beside it (at most 1%)",
    "SYSCALLS": "renames of a checkpoint, each after its files were forced to disk and before the folder was",
}


def maven(arguments):
    command = ["./mvnw", "-ntp", "test", "-pl", "testkit,core,cli", f"-Dtest={TESTS}",
               "-Dsurefire.failIfNoSpecifiedTests=false", *arguments]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    rows = {}
    for file in [*ROOT.glob("core/target/trust/*.json"), *ROOT.glob("cli/target/trust/*.json")]:
        row = json.loads(file.read_text())
        rows[row["test"]] = row
    return rows


def saving(folder):
    """Two epochs at 224 pixels with the default settings."""
    run = folder / "save"
    subprocess.run([ROOT / "resdensenet", "train", "--image-size", "224", "--epochs", "2", "--out", run],
                   check=True, capture_output=True)
    log = (run / "log.txt").read_text()
    saves, held, share, beside = re.search(
        r"Checkpoints: (\d+) saved, ([\d.]+) s of training held up \(([\d.]+)%\), ([\d.]+) s", log).groups()
    trained = float(held) / float(share) * 100 if float(share) else 0
    return {"test": "SAVE", "n": int(saves), "failed": int(float(share) > 1),
            "worst": f"{share}% held up; {beside} s written beside {trained:.0f} s of training"}


def memory(folder, epochs):
    """Resident memory of a training on the built-in pictures, 133 steps an epoch: last third against second third."""
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
    """Follows a short training by strace and checks the order of fsync and rename."""
    if not shutil.which("strace"):
        return {"test": "SYSCALLS", "n": 0, "failed": 0, "worst": "skipped: no strace"}
    trace, run = folder / "trace", folder / "traced"
    subprocess.run(["strace", "-f", "-y", "-e", "trace=fsync,fdatasync,rename,renameat,renameat2", "-o", trace,
                    ROOT / "resdensenet", "train", "--epochs", "1", "--image-size", "32", "--out", run],
                   check=True, capture_output=True)
    forced, renames, failed = set(), 0, 0
    waiting = None  # the folder that must be forced after the last rename
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--corpora")
    options = parser.parse_args()
    arguments = ["-Dkills=200", "-Dmutants=2000"] if options.long else []
    if options.corpora:
        arguments.append(f"-Dcorpora={options.corpora}")
    rows = maven(arguments)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for row in (saving(folder), system_calls(folder), memory(folder, 76 if options.long else 8)):
            rows[row["test"]] = row
    command = "python bench/trust.py" + (" --long" if options.long else "") + (
        " --corpora DIR" if options.corpora else "")
    cpu = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.processor())
    page = ["# Trust", "", f"Made by `{command}` on {cpu}, {platform.system()}.", "",
            "| row | what | cases | failed | worst, or more |", "| --- | --- | ---: | ---: | --- |"]
    for id in sorted(rows):
        row = rows[id]
        print(json.dumps(row, ensure_ascii=False))
        worst = row["worst"] if isinstance(row["worst"], str) else json.dumps(row["worst"]) if row["worst"] else ""
        worst = worst.replace("|", "\\|")
        if len(worst) > 120:
            worst = worst[:117] + "..."
        page.append(f"| {id} | {MEANING.get(id, '')} | {row['n']:,} | {row['failed']} | {worst} |")
    (ROOT / "docs" / "trust.md").write_text("\n".join(page) + "\n")


if __name__ == "__main__":
    main()
