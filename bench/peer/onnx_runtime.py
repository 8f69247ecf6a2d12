"""Times inference of the article's network in ONNX Runtime.

usage: onnx_runtime.py [--batch 8] [--size 224] [--threads 2] [--steps 20]      needs onnx, onnxruntime and onnxscript
"""
import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import time

import numpy
import onnxruntime
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "fixtures"))
from article_model import ResDenseNet  # noqa: E402

WARM_UP = 5


def main():
    parser = argparse.ArgumentParser()
    for name, default in (("batch", 8), ("size", 224), ("threads", 2), ("steps", 20)):
        parser.add_argument("--" + name, type=int, default=default)
    a = parser.parse_args()
    torch.manual_seed(0)
    model = ResDenseNet(3).eval()
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "resdensenet.onnx"
        torch.onnx.export(model, (torch.randn(1, 3, a.size, a.size),), str(file), input_names=["images"],
                          output_names=["logits"], dynamo=False,
                          dynamic_axes={"images": {0: "batch"}, "logits": {0: "batch"}})
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = a.threads
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    images = numpy.random.default_rng(0).standard_normal((a.batch, 3, a.size, a.size), dtype=numpy.float32)
    times = []
    for i in range(-WARM_UP, a.steps):
        start = time.perf_counter()
        session.run(None, {"images": images})
        if i >= 0:
            times.append(1e3 * (time.perf_counter() - start))
    print(json.dumps({"peer": f"ONNX Runtime {onnxruntime.__version__}",
                      "infer_ms_min": round(min(times), 3), "infer_ms_median": round(statistics.median(times), 3)}))


main()
