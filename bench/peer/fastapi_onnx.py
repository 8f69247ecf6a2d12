"""A FastAPI service that classifies images with an exported ONNX model (tensor input), for comparison.

usage: fastapi_onnx.py MODEL.onnx PORT plain|batching THREADS
plain: each request runs the model by itself. batching: a loop takes the requests that wait, at most 8, after 2 ms.
"""
import asyncio
import io
import sys

import fastapi
import numpy
import onnxruntime
import uvicorn
from PIL import Image

file, port, kind, threads = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
size = session.get_inputs()[0].shape[2]
MEAN = numpy.array([0.485, 0.456, 0.406], numpy.float32)
STD = numpy.array([0.229, 0.224, 0.225], numpy.float32)
app = fastapi.FastAPI()


def preprocess(body):
    image = Image.open(io.BytesIO(body)).convert("RGB").resize((size, size), Image.BILINEAR)
    pixels = numpy.asarray(image, numpy.float32) / numpy.float32(255)
    return ((pixels - MEAN) / STD).transpose(2, 0, 1)


def run(batch):
    return session.run(["probabilities"], {"pixel_values": batch})[0]


async def batches():
    while True:
        waiting = [await app.state.queue.get()]
        await asyncio.sleep(0.002)
        while len(waiting) < 8 and not app.state.queue.empty():
            waiting.append(app.state.queue.get_nowait())
        rows = await asyncio.to_thread(run, numpy.stack([pixels for pixels, _ in waiting]))
        for (_, answer), row in zip(waiting, rows):
            answer.set_result(row)


@app.on_event("startup")
async def start():
    app.state.queue = asyncio.Queue()
    app.state.loop = asyncio.create_task(batches())


@app.post("/classify")
async def classify(request: fastapi.Request):
    body = await request.body()
    pixels = await asyncio.to_thread(preprocess, body)
    if kind == "plain":
        row = (await asyncio.to_thread(run, pixels[None]))[0]
    else:
        answer = asyncio.get_running_loop().create_future()
        await app.state.queue.put((pixels, answer))
        row = await answer
    return {"probabilities": [float(p) for p in row]}


uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
