"""Makes image folders from Fashion-MNIST, as Debian's package dataset-fashion-mnist installs it.

usage: fashion_mnist.py OUT [--source /usr/share/datasets/fashion-mnist] [--per-class 1500]
OUT/train gets the first images of each class of the 60,000 training images, OUT/test all 10,000 test images: PNG files of
28 x 28 pixels in one folder per class. Needs a Python with numpy and Pillow.
"""
import argparse
import collections
import gzip
import pathlib

import numpy
from PIL import Image

CLASSES = ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot"]
HEADER = {"images": 16, "labels": 8}


def read(file, kind):
    values = numpy.frombuffer(gzip.decompress(file.read_bytes())[HEADER[kind]:], numpy.uint8)
    return values.reshape(-1, 28, 28) if kind == "images" else values


def write(source, name, folder, most, skip=0):
    """Writes the images of each class from number skip to number most as PNG files."""
    images = read(source / f"{name}-images-idx3-ubyte.gz", "images")
    labels = read(source / f"{name}-labels-idx1-ubyte.gz", "labels")
    written = collections.Counter()
    for number, (image, label) in enumerate(zip(images, labels)):
        written[label] += 1
        if skip < written[label] <= most:
            file = folder / CLASSES[label] / f"{number:05d}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(file)


def make(out, source, per_class):
    """Makes both folders unless they are there."""
    for part, name, most in (("train", "train", per_class), ("test", "t10k", len(CLASSES) * 1000)):
        folder = out / part
        if not folder.exists():
            unfinished = out / (part + ".part")
            write(source, name, unfinished, most)
            unfinished.rename(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--source", type=pathlib.Path, default=pathlib.Path("/usr/share/datasets/fashion-mnist"))
    parser.add_argument("--per-class", type=int, default=1500)
    a = parser.parse_args()
    make(a.out, a.source, a.per_class)
