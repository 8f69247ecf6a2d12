"""Times training steps of the article's network with PyTorch's DistributedDataParallel (Gloo), on random images.

usage: RANK=0 WORLD_SIZE=2 MASTER_ADDR=... MASTER_PORT=... ddp.py [--batch 4] [--size 224] [--threads 1] [--steps 20]
--batch is the number of images of each process. With WORLD_SIZE=1, no data is exchanged. Rank 0 prints one JSON object.
"""
import argparse
import json
import os
import pathlib
import statistics
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "fixtures"))
from article_model import ResDenseNet  # noqa: E402

WARM_UP = 5


def main():
    parser = argparse.ArgumentParser()
    for name, default in (("batch", 4), ("size", 224), ("threads", 1), ("steps", 20)):
        parser.add_argument("--" + name, type=int, default=default)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    model = ResDenseNet(3).to(memory_format=torch.channels_last)
    if int(os.environ["WORLD_SIZE"]) > 1:
        torch.distributed.init_process_group("gloo")
        model = torch.nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    images = torch.randn(a.batch, 3, a.size, a.size).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, 3, (a.batch,))
    times = []
    for i in range(-WARM_UP, a.steps):
        start = time.perf_counter()
        optimizer.zero_grad()
        criterion(model(images), labels).backward()
        optimizer.step()
        if i >= 0:
            times.append(1e3 * (time.perf_counter() - start))
    if os.environ["RANK"] == "0":
        print(json.dumps({"peer": f"PyTorch {torch.__version__} DDP", "train_ms_min": round(min(times), 3),
                          "train_ms_median": round(statistics.median(times), 3)}))


main()
