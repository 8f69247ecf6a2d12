"""Checks of the HTTP service with files and clients of other projects, used by serve.py."""
import collections
import json
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import time

import numpy
import onnxruntime
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"]
LEAK = re.compile(rb"\bat [a-z]+\.|java\.|org\.|io\.github|Exception|/home|/root|/tmp")
BODY_LIMIT = 64 << 20


def talk(port, data, limit=6):
    """Sends bytes on a new connection; returns the status (0 without an answer), the headers, the body and the seconds."""
    begin = time.perf_counter()
    answer = b""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(limit)
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while block := connection.recv(1 << 16):
                answer += block
        except TimeoutError:
            pass
        except OSError:
            pass  # the service may close a connection before it has read everything
    seconds = time.perf_counter() - begin
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        body = b"".join(body.split(b"\r\n")[1::2])
    status = re.match(rb"HTTP/1\.[01] (\d+)", head)
    return int(status.group(1)) if status else 0, head, body, seconds


def request(method, path, body=b"", headers=()):
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def fault(method, status, head, body, seconds):
    """What is wrong with an answer to a damaged request; empty if nothing is."""
    if seconds > 5:
        return f"{seconds:.0f} s"
    if status >= 500 and status != 505:  # 505: the request has an unknown version of HTTP
        return f"status {status}"
    if status >= 400 and method != "HEAD" and not re.fullmatch(rb'\{"error":".*"\}', body, re.DOTALL):
        return f"status {status} without an error in JSON"
    if status >= 400 and LEAK.search(head + body):
        return f"status {status} names an internal"
    return ""


def check_fuzz(service, model, corpus):
    """S5: requests of go-fuzz-corpus, and every method on every route."""
    sent = []
    for file in sorted((corpus / "httpreq" / "corpus").iterdir()):
        sent.append(("httpreq", "?", file.read_bytes()))
    for file in sorted((corpus / "json" / "corpus").iterdir()):
        sent.append(("json", "POST", request("POST", f"/v2/models/{model}/infer", file.read_bytes())))
    for file in sorted((corpus / "multipart" / "corpus").iterdir()):
        content = file.read_bytes()
        own = re.sub(rb"[^0-9A-Za-z_-]", b"x", re.match(rb"-*([^\r\n]*)", content).group(1)[:70]) or b"x"
        for boundary in (b"boundary", own):
            kind = f"Content-Type: multipart/form-data; boundary={boundary.decode()}"
            sent.append(("multipart", "POST", request("POST", "/classify", content, [kind])))
    routes = ["/", "/app.js", "/classify", "/classify?top_k=-1", "/classify?top_k=x", "/explain", "/explain?method=x", "/v2", "/v2/",
              "/v2/health/live", "/v2/health/ready", "/v2/repository/index", "/metrics", "/models", "/openapi.yaml", "/report",
              "/nothing", "/..", "/%2e%2e/", "//", "*", "http://other/", f"/models/{model}/rollback", f"/v2/models/{model}%00"]
    for suffix in ("", "/ready", "/config", "/infer", "/versions/1", "/versions/2", "/versions/1/infer"):
        routes += [f"/v2/models/{model}{suffix}", f"/v2/models/nothing{suffix}"]
    for route in routes:
        for method in METHODS:
            sent += [("routes", method, request(method, route, body)) for body in (b"", b"{}", b"[]", bytes(10))]
    kinds, faults = collections.Counter(), []
    for kind, method, data in sent:
        found = fault(method if kind != "httpreq" else data[:4].decode("latin-1").strip(), *talk(service.port, data))
        kinds[kind] += 1
        if found:
            faults.append(f"{kind}: {found}")
    yield ("S5", "requests of dvyukov/go-fuzz-corpus (httpreq, json, multipart), and eight methods on every route: no status 5xx "
           "but 505, no answer later than 5 s, errors are JSON without names of classes or folders", len(sent), len(faults),
           ", ".join(f"{n:,} {kind}" for kind, n in kinds.items()) + ("; " + "; ".join(faults[:3]) if faults else ""))


def chunked(path, size):
    yield f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n".encode()
    block = bytes(1 << 20)
    while size > 0:
        n = min(size, len(block))
        yield f"{n:x}\r\n".encode() + block[:n] + b"\r\n"
        size -= n
    yield b"0\r\n\r\n"


def check_limits(service, model, image):
    """S6: the status on both sides of every limit."""
    infer, tensor = f"/v2/models/{model}/infer", f"/v2/models/{model}-tensor/infer"
    size = json.loads(service.send("GET", f"/v2/models/{model}-tensor")[2])["inputs"][0]["shape"][-1]

    def numbers(shape, data, **more):
        fields = {"inputs": [{"name": "pixel_values", "datatype": "FP32", "shape": shape, "data": data, **more}]}
        return request("POST", tensor, json.dumps(fields).encode())

    def binary(values):
        data = numpy.asarray(values, "<f4").tobytes()
        fields = {"inputs": [{"name": "pixel_values", "datatype": "FP32", "shape": [1, 3, size, size],
                              "parameters": {"binary_data_size": len(data)}}]}
        head = json.dumps(fields).encode()
        return request("POST", tensor, head + data, [f"Inference-Header-Content-Length: {len(head)}"])

    whole = [0.0] * (3 * size * size)

    def nested(depth):
        """A valid request whose parameters have so many levels, with the two objects around them."""
        arrays = "[" * (depth - 2) + "]" * (depth - 2)
        fields = {"inputs": [{"name": "pixel_values", "datatype": "FP32", "shape": [1, 3, size, size], "data": whole}]}
        return request("POST", tensor, (json.dumps(fields)[:-1] + ', "parameters": {"x": ' + arrays + "}}").encode())

    cases = {
        "body of 64 MiB": (request("POST", "/classify", bytes(BODY_LIMIT)), 422),
        "one byte more": (request("POST", "/classify").replace(b"Length: 0", b"Length: %d" % (BODY_LIMIT + 1)), 413),
        "chunked body of 64 MiB": (b"".join(chunked("/classify", BODY_LIMIT)), 422),
        "chunked, one byte more": (b"".join(chunked("/classify", BODY_LIMIT + 1)), 413),
        "length above 2^63": (request("POST", "/classify").replace(b"Length: 0", b"Length: 9999999999999999999"), 400),
        "negative length": (request("POST", "/classify").replace(b"Length: 0", b"Length: -1"), 400),
        "gzip": (request("POST", "/classify", image, ["Content-Encoding: gzip"]), 415),
        "headers of 60 KiB": (request("POST", "/classify", image, [f"X-{i}: {'a' * 1000}" for i in range(60)]), 431),
        "JSON of depth 64": (nested(64), 200), "JSON of depth 65": (nested(65), 400),
        "JSON of depth 100,000": (nested(100_000), 400),
        "shape": (numbers([1, 3, size, size], whole), 200),
        "negative shape": (numbers([-1, 3, size, size], whole), 400),
        "shape 0": (numbers([0, 3, size, size], []), 400),
        "shape of 2^31": (numbers([1 << 31, 3, size, size], whole), 400),
        "shape of 2^63": (numbers([1 << 63, 3, size, size], whole), 400),
        "fraction in the shape": (numbers([1.5, 3, size, size], whole), 400),
        "product of the shape overflows": (numbers([1 << 30, 3, size, size], whole), 400),
        "two dimensions": (numbers([3, size], whole), 400),
        "one number less": (numbers([1, 3, size, size], whole[1:]), 400),
        "NaN in JSON": (numbers([1, 3, size, size], [float("nan"), *whole[1:]]), 400),
        "text in the data": (numbers([1, 3, size, size], ["x", *whole[1:]]), 400),
        "binary data": (binary(whole), 200), "binary NaN": (binary([float("nan"), *whole[1:]]), 400),
        "binary infinity": (binary([float("inf"), *whole[1:]]), 400), "one binary value less": (binary(whole[1:]), 400),
        "length of an element above 2^31": (request("POST", infer, (head := json.dumps({"inputs": [{
            "name": "image", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 8}}]}).encode())
            + struct.pack("<I", 0xFFFFFFFF) + b"abcd", [f"Inference-Header-Content-Length: {len(head)}"]), 400)}
    talk(service.port, cases["body of 64 MiB"][0], 30)
    before = service.memory()
    wrong = []
    for name, (data, expected) in cases.items():
        status, *_ = talk(service.port, data, 30)
        if status != expected:
            wrong.append(f"{name}: {status} instead of {expected}")
    growth = (service.memory() - before) / 1024
    yield ("S6", "requests at and beyond each limit (body, headers, depth of JSON, shapes, numbers) get the expected status",
           len(cases), len(wrong), "; ".join(wrong) or f"memory {growth:+.0f} MiB after it")


def scaled(file, size):
    """The preprocessing of Triton's image_client.py with -s INCEPTION."""
    pixels = Image.open(file).convert("RGB").resize((size, size), Image.BILINEAR)
    return numpy.transpose(numpy.asarray(pixels, numpy.float32) / 127.5 - 1, (2, 0, 1))


def check_triton(service, model, truth, network, sources, folder):
    """V5: Triton's Python and Java clients and its image_client.py, unchanged."""
    names = json.loads(service.send("GET", "/models")[2])[0]["classes"]
    images = folder / "images"
    images.mkdir()
    expected = {}
    for i, (file, answer) in enumerate(truth.items()):
        name = f"{i:03d}{file.suffix}"
        shutil.copy(file, images / name)
        expected[name] = [answer["calibrated"]["probabilities"][c] for c in names]
    address = f"127.0.0.1:{service.port}"
    done = subprocess.run([sys.executable, HERE / "peer" / "triton_client.py", sources, address, model, images],
                          capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    wrong = sum(not numpy.allclose(result["probabilities"], expected[result["image"]], rtol=1e-6, atol=1e-7)
                or result["id"] != f"image-{sorted(expected).index(result['image'])}" for result in found["results"])
    wrong += sum(not (found[key] is True) for key in ("live", "ready"))
    session = onnxruntime.InferenceSession(network)
    size = session.get_inputs()[0].shape[-1]
    top = []
    for name in sorted(expected):
        logits = session.run(["logits"], {"pixel_values": scaled(images / name, size)[None]})[0][0]
        top.append(names[int(logits.argmax())])
    yield ("V5-python", "Triton's Python client, unchanged: probabilities of `predict` for images as bytes, ids, metadata, with and "
           "without a version", len(found["results"]) + 2, wrong, "")
    checked = wrong = 0
    for text in found["image_client"]:
        answers = re.findall(r"\((\d+)\) = (.+)", text)[::2]  # two classes are printed for each image, the first one first
        checked += len(answers)
        wrong += sum(name != top[i % len(top)] for i, (_, name) in enumerate(answers)) + ("PASS" not in text)
    yield ("V5-image_client", "Triton's image_client.py, unchanged, in batches of 1 and 4 and asynchronous: first class equals "
           "ONNX Runtime's for the same tensor", checked, wrong, "")
    if not shutil.which("mvn"):
        yield ("V5-java", "Triton's Java client: mvn is not installed", 0, 0, "skipped")
        return
    java = folder / "java"
    shutil.copytree(sources / "src" / "java", java)
    classpath = java / "classpath.txt"
    subprocess.run(["mvn", "-q", "-ntp", "-DskipTests", "compile", "dependency:build-classpath",
                    f"-Dmdep.outputFile={classpath}"], cwd=java, check=True, stdout=subprocess.DEVNULL)
    tensor = numpy.stack([scaled(images / name, size) for name in sorted(expected)[:4]]).astype("<f4")
    tensor.tofile(folder / "tensor.bin")
    done = subprocess.run(["java", "-cp", f"{java / 'target' / 'classes'}:{classpath.read_text()}",
                           HERE / "peer" / "triton" / "TensorClient.java", address, model + "-tensor", folder / "tensor.bin", "4",
                           str(size)], capture_output=True, text=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    classes = [names[int(numpy.argmax(row))] for answer in rows for row in numpy.reshape(answer, (4, -1))]
    failed = len(rows) != 2 or rows[0] != rows[1] or classes != top[:4] * 2
    yield ("V5-java", "Triton's Java client, unchanged: tensors as JSON and in binary form give the same probabilities and "
           "ONNX Runtime's first class", 8, int(failed), "")


def check_abstention(service, judged, test):
    """V9: precision of the answers at the threshold for a precision of 0.95."""
    threshold = judged["abstention"]["threshold"]
    answered = right = 0
    for file, label in test:
        status, answer = service.classify(file.read_bytes(), f"?abstain_below={threshold}")
        if status == 200 and not answer["abstained"]:
            answered += 1
            right += answer["class"] == label
    if not answered:
        yield ("V9", "no image of the test set is answered", len(test), 1, f"threshold {threshold}")
        return
    z = 1.96
    p = right / answered
    centre, width = p + z * z / 2 / answered, z * (p * (1 - p) / answered + z * z / 4 / answered ** 2) ** 0.5
    low, high = ((centre - width) / (1 + z * z / answered), (centre + width) / (1 + z * z / answered))
    yield ("V9", "the test set with `abstain_below`, the threshold that `evaluate --precision-target 0.95` found on the validation "
           "set: the interval of the precision contains 0.95 or is above it", len(test), int(high < 0.95),
           f"threshold {threshold}: {answered} of {len(test)} answered, precision {100 * p:.1f}% ({100 * low:.1f}% to {100 * high:.1f}%)")
