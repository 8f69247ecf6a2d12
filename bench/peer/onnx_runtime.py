"""Times inference of the article's network in ONNX Runtime.

usage: onnx_runtime.py [--file MODEL.onnx] [--int8] [--batch 8] [--size 224] [--threads 2] [--steps 20]
--file times another network, whose input is float32 [batch, 3, size, size]. --int8 quantises the network with ONNX Runtime's
static quantisation: 8-bit weights per channel and 8-bit activations. Needs onnx, onnxruntime and onnxscript.
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
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "fixtures"))
from article_model import ResDenseNet  # noqa: E402

WARM_UP = 5


def exported(folder, size):
    torch.manual_seed(0)
    file = folder / "resdensenet.onnx"
    torch.onnx.export(ResDenseNet(3).eval(), (torch.randn(1, 3, size, size),), str(file), input_names=["images"],
                      output_names=["logits"], dynamo=False,
                      dynamic_axes={"images": {0: "batch"}, "logits": {0: "batch"}})
    return file


def quantized(folder, file, images):
    prepared, result = folder / "prepared.onnx", folder / "int8.onnx"
    quant_pre_process(str(file), str(prepared))
    name = onnxruntime.InferenceSession(str(prepared)).get_inputs()[0].name

    class Reader(CalibrationDataReader):
        batches = iter([{name: images}])

        def get_next(self):
            return next(self.batches, None)

    quantize_static(str(prepared), str(result), Reader(), per_channel=True, activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8)
    return result


def main():
    parser = argparse.ArgumentParser()
    for name, default in (("batch", 8), ("size", 224), ("threads", 2), ("steps", 20)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--file", type=pathlib.Path)
    parser.add_argument("--int8", action="store_true")
    a = parser.parse_args()
    images = numpy.random.default_rng(0).standard_normal((a.batch, 3, a.size, a.size), dtype=numpy.float32)
    with tempfile.TemporaryDirectory() as folder:
        file = a.file or exported(pathlib.Path(folder), a.size)
        if a.int8:
            file = quantized(pathlib.Path(folder), file, images)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = a.threads
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    times = []
    for i in range(-WARM_UP, a.steps):
        start = time.perf_counter()
        session.run(None, {name: images})
        if i >= 0:
            times.append(1e3 * (time.perf_counter() - start))
    print(json.dumps({"peer": f"ONNX Runtime {onnxruntime.__version__}" + (" int8" if a.int8 else ""),
                      "infer_ms_min": round(min(times), 3), "infer_ms_median": round(statistics.median(times), 3)}))


main()
