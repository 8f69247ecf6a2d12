"""Times real training steps as the article's program takes them: decoding, resizing and augmenting in the same thread.

usage: training.py FOLDER [--size 224] [--threads 2] [--steps 40]
"""
import argparse
import json
import pathlib
import resource
import statistics
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "fixtures"))
import torchvision_without_ops  # noqa: E402,F401
from article_model import ResDenseNet  # noqa: E402
from torchvision import datasets, transforms  # noqa: E402

WARM_UP = 5


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    for name, default in (("size", 224), ("threads", 2), ("steps", 40)):
        parser.add_argument("--" + name, type=int, default=default)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    pictures = datasets.ImageFolder(a.folder, transforms.Compose([
        transforms.Resize([a.size, a.size]),
        transforms.RandomHorizontalFlip(),
        transforms.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.1),
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]))
    loader = torch.utils.data.DataLoader(pictures, batch_size=8, shuffle=True)
    model = ResDenseNet(len(pictures.classes))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    times, batches = [], iter(loader)
    for i in range(-WARM_UP, a.steps):
        start = time.perf_counter()
        images, labels = next(batches)
        loss = criterion(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
        if i >= 0:
            times.append(1e3 * (time.perf_counter() - start))
    print(json.dumps({
        "peer": f"PyTorch {torch.__version__}, the article's loop",
        "train_ms_min": round(min(times), 3), "train_ms_median": round(statistics.median(times), 3),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


main()
