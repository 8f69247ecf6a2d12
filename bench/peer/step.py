"""Times a training step and an inference of the article's network in PyTorch, on random images.

usage: step.py [channels_last] [bf16] [--batch 8] [--size 224] [--threads 2] [--steps 20] [--beside 0]

With --beside N, training steps are timed again beside N processes that each keep one core busy.
"""
import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "fixtures"))
from article_model import ResDenseNet  # noqa: E402

WARM_UP = 5


def milliseconds(action, steps):
    times = []
    for i in range(-WARM_UP, steps) if steps else ():
        start = time.perf_counter()
        action()
        if i >= 0:
            times.append(1e3 * (time.perf_counter() - start))
    return {"min": round(min(times), 3), "median": round(statistics.median(times), 3)} if times else {}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("options", nargs="*", default=[])
    for name, default in (("batch", 8), ("size", 224), ("threads", 2), ("steps", 20), ("beside", 0)):
        parser.add_argument("--" + name, type=int, default=default)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    layout = torch.channels_last if "channels_last" in a.options else torch.contiguous_format
    half = torch.autocast("cpu", torch.bfloat16, enabled="bf16" in a.options)
    model = ResDenseNet(3).to(memory_format=layout)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    images = torch.randn(a.batch, 3, a.size, a.size).contiguous(memory_format=layout)
    labels = torch.randint(0, 3, (a.batch,))

    def train():
        optimizer.zero_grad()
        with half:
            loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    def infer():
        with torch.no_grad(), half:
            model(images)

    trained = milliseconds(train, a.steps)
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(a.beside)]
    try:
        beside = milliseconds(train, a.steps if busy else 0)
    finally:
        for process in busy:
            process.kill()
    model.eval()
    inferred = milliseconds(infer, a.steps)
    print(json.dumps({
        "peer": f"PyTorch {torch.__version__} " + (" ".join(a.options) or "eager"),
        "train_ms_min": trained["min"], "train_ms_median": trained["median"],
        **{f"train_beside_ms_{key}": value for key, value in beside.items()},
        "infer_ms_min": inferred["min"], "infer_ms_median": inferred["median"],
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


main()
