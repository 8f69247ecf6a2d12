"""Checks and measures the HTTP service, and writes the section "Measurements" of docs/serving.md.

usage: serve.py --images DIR [--requests 20000] [--soak MINUTES] [--brief] [--runs DIR] [--fuzz DIR] [--triton DIR]
                [--only CHECK]
Needs a Python with numpy, onnxruntime and Pillow. Uses fastapi and uvicorn (the comparison), wrk, hey, promtool and
slowhttptest if they are there; otherwise, the row says that it was skipped. --images is a folder of photographs.
--fuzz is a checkout of github.com/dvyukov/go-fuzz-corpus, --triton one of github.com/triton-inference-server/client.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import datetime
import http.client
import io
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from PIL import Image, ImageEnhance, ImageFilter

from export import ROOT, Runs, photographs, predictions, processor, program, publish, table
from serve_foreign import check_abstention, check_fuzz, check_limits, check_triton

PAGE = ROOT / "docs" / "serving.md"
PEER = ROOT / "bench" / "peer" / "fastapi_onnx.py"
SIZE = 224


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Service:
    """A running `resdensenet serve`, with a connection per thread."""

    def __init__(self, run, *options):
        self.port = free_port()
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            [ROOT / "resdensenet", "serve", run, "--port", str(self.port), *map(str, options)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.process.stdout.readline()
        self.start_seconds = time.perf_counter() - begin
        self.local = threading.local()
        self.lost = 0  # answers that did not come

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def send(self, method, path, body=None, headers={}):
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection = self.local.connection
        for attempt in (0, 1):
            try:
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                return response.status, response.headers, response.read()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                connection.close()
                self.lost += 1
                if attempt:
                    raise

    def classify(self, body, query=""):
        status, _, answer = self.send("POST", "/classify" + query, body)
        return status, json.loads(answer)

    def metric(self, line):
        text = self.send("GET", "/metrics")[2].decode()
        return sum(float(l.rsplit(" ", 1)[1]) for l in text.splitlines() if l.startswith(line))

    def memory(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))


def encoded(images, quality=90):
    """Images as JPEG files of the network's size."""
    files = []
    for _, pixels in images:
        stream = io.BytesIO()
        Image.fromarray(pixels).resize((SIZE, SIZE), Image.BILINEAR).save(stream, "JPEG", quality=quality)
        files.append(stream.getvalue())
    return files


def percentile(values, p):
    return sorted(values)[min(len(values) - 1, int(p / 100 * len(values)))]


def check_answers(run, images, requests):
    """S1, V1: answers under load equal predict's, number by number."""
    files = [f for f, _ in images]
    truth = predictions(run, files)
    known = [f for f in files if f in truth]
    contents = {f: f.read_bytes() for f in known}
    wrong = bad = 0
    lock = threading.Lock()
    with Service(run, "--queue", 1000, "--timeout-ms", 60000) as service:
        def client(seed):
            nonlocal wrong, bad
            chance = random.Random(seed)
            for _ in range(requests // 64):
                if chance.random() < 0.05:
                    status, answer = service.classify(contents[chance.choice(known)][:chance.randrange(1, 40)])
                    with lock:
                        bad += status != 422 or list(answer) != ["error"]
                    continue
                file = chance.choice(known)
                status, answer = service.classify(contents[file])
                expected = truth[file]["calibrated"]
                with lock:
                    wrong += (status != 200 or answer["class"] != expected["class"]
                              or answer["probabilities"] != expected["probabilities"])
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            list(pool.map(client, range(64)))
    yield ("S1, V1", f"answers to 64 clients with {len(known)} images of any size, 5% of the requests corrupt: class and "
           "every probability equal `predict`'s in all digits; corrupt ones get status 422",
           requests // 64 * 64, wrong + bad + service.lost,
           f"{wrong} wrong, {bad} corrupt ones with another status, {service.lost} lost")


def check_clients(run, folder, files):
    """The programs of the page."""
    photo = folder / "photo.jpg"
    photo.write_bytes(files[0])
    commands = {"python": ("client.py", [sys.executable]), "java": ("Classify.java", ["java"]),
                "javascript": ("client.mjs", ["node"])}
    failed, skipped = [], []
    with Service(run) as service:
        expected = service.classify(files[0])[1]["probabilities"]
        for language, (name, command) in commands.items():
            if not shutil.which(command[0]):
                skipped.append(language)
                continue
            (folder / name).write_text(re.search(rf"```{language}\n(.*?)```", PAGE.read_text(), re.S).group(1))
            done = subprocess.run([*command, folder / name, f"http://127.0.0.1:{service.port}/", photo],
                                  capture_output=True, text=True)
            if not all(repr(value) in done.stdout for value in expected.values()):
                failed.append(language)
    yield ("clients", "the programs of this page in Python, Java and JavaScript print the answer with the probabilities", 3 - len(skipped),
           len(failed), f"failed: {', '.join(failed) or 'none'}; skipped: {', '.join(skipped) or 'none'}")


def check_neighbours(run, files, rounds):
    """V3: one corrupt image among eight requests at once."""
    wrong = 0
    with Service(run) as service, concurrent.futures.ThreadPoolExecutor(8) as pool:
        alone = [service.classify(f)[1]["probabilities"] for f in files[:7]]
        for _ in range(rounds):
            answers = list(pool.map(service.classify, [*files[:7], b"no image"]))
            wrong += answers[7][0] != 422
            wrong += sum(a[1].get("probabilities") != b for a, b in zip(answers, alone))
    yield ("V3", "seven images and a corrupt one at once: the seven answers are those of the image alone", rounds, wrong, "")


def hey(service, body, *options):
    """Status and seconds of each request of the load generator hey."""
    text = subprocess.run(["hey", *map(str, options), "-t", "60", "-m", "POST", "-T", "image/jpeg", "-D", body, "-o", "csv",
                           f"http://127.0.0.1:{service.port}/classify"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(",") for line in text.splitlines()[1:]]
    return [(int(row[6]), float(row[0])) for row in rows]


def body_file(folder, content):
    file = folder / "body.jpg"
    file.write_bytes(content)
    return file


def check_deadline(run, folder, files):
    """V4: late answers are on time, and their images are not computed."""
    what = "32 clients and a timeout of 50 ms: status 200, 429 or 504, and 504 within 70 ms"
    if not shutil.which("hey"):
        yield ("V4", what + ": hey is not installed", 0, 0, "skipped")
        return
    with Service(run, "--timeout-ms", 50, "--queue", 1000) as service:
        for f in files[:20] * 10:
            service.classify(f)
        before = service.metric("resdensenet_images_total")
        answers = hey(service, body_file(folder, files[0]), "-n", 6400, "-c", 32)
        computed = service.metric("resdensenet_images_total") - before
    count = collections.Counter(status for status, _ in answers)
    late = sorted(seconds for status, seconds in answers if status == 504)
    failed = sum(n for status, n in count.items() if status not in (200, 429, 504)) + sum(s > 0.07 for s in late)
    failed += 6400 - len(answers)  # hey lists only requests with an answer
    yield ("V4", what, len(answers), failed, f"{count[200]} answered, {count[429]} with 429, {count[504]} with 504 after at most "
           f"{1000 * max(late, default=0):.0f} ms (99% within {1000 * percentile(late or [0], 99):.0f} ms); {computed:.0f} computed")


def check_counts(run, files):
    """V7: metrics against the client's own count."""
    chance = random.Random(1)
    sent = {}
    with Service(run) as service:
        for _ in range(2_000):
            path, body = chance.choice([("/classify", files[0]), ("/classify", b"x"), ("/v2", None), ("/nothing", None)])
            status = service.send("POST" if body else "GET", path, body)[0]
            route = "other" if path == "/nothing" else path
            sent[route, status] = sent.get((route, status), 0) + 1
        wrong = sum(service.metric(f'resdensenet_requests_seconds_count{{route="{route}",status="{status}"}}') != count
                    for (route, status), count in sent.items())
        text = service.send("GET", "/metrics")[2]
    details = "promtool: skipped"
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
        wrong += done.returncode != 0
        details = "promtool: " + (done.stderr.decode().strip().replace("\n", "; ") or "no complaint")
    yield ("V7", "counters of 2,000 mixed requests equal the client's counts; `promtool check metrics`", len(sent) + 1, wrong,
           details)


def built_in_images():
    """The folder into which the program has unpacked its images."""
    return pathlib.Path(json.loads(program("doctor", "--json"))["cache"].split(" (")[0]) / "fashion3"


def check_drift(run, files, windows):
    """V8: windows of 200 test images, as they are and changed."""
    rows = (run / "split.csv").read_text().splitlines()[1:]
    folder = built_in_images()
    test = [folder / line.split(",")[0] for line in rows if ",test," in line]
    chance = random.Random(2)

    def png(image):
        stream = io.BytesIO()
        image.save(stream, "PNG")
        return stream.getvalue()

    def drifted(service, contents):
        for content in contents:
            service.classify(content)
        return json.loads(service.send("GET", "/models")[2])[0]["drift"]["drifted"]

    found = {}
    with Service(run) as service:
        clean = sum(bool(drifted(service, (chance.choice(test).read_bytes() for _ in range(200)))) for _ in range(windows))
        changes = {"darker": lambda i: ImageEnhance.Brightness(i).enhance(0.6),
                   "blurred": lambda i: i.filter(ImageFilter.GaussianBlur(1.5))}
        for name, change in changes.items():
            found[name] = sum(bool(drifted(service, (
                png(change(Image.open(chance.choice(test)).convert("RGB"))) for _ in range(200)))) for _ in range(5))
        found["other classes"] = sum(bool(drifted(service, (chance.choice(files) for _ in range(200)))) for _ in range(5))
    missed = sum(5 - n for n in found.values())
    yield ("V8", f"drift: {windows} windows of 200 test images, and 5 windows each of darker, blurred and other images",
           windows + 15, missed + max(0, clean - 2), f"{clean} false alarms; found: "
           + ", ".join(f"{name} {n} of 5" for name, n in found.items()))


def check_reload(runs, folder, files, reloads):
    """V6: new checkpoints under load; each answer belongs to the checkpoint that it names."""
    run = folder / "reloaded"
    shutil.copytree(runs.get(epochs=10, seed=1), run)
    sources = [runs.get(epochs=10, seed=s) / "checkpoints" / "best" for s in (1, 2, 3)]
    names = [json.loads((s / "manifest.json").read_text())["sha256"] for s in sources]
    expected = {}
    for s, name in zip((1, 2, 3), names):
        (folder / f"image{s}.jpg").write_bytes(files[0])
        expected[name] = predictions(runs.get(epochs=10, seed=s), [folder / f"image{s}.jpg"]).popitem()[1]["calibrated"]
    best = run / "checkpoints" / "best"

    def replace(source, damage):
        fresh = best.with_name("fresh")
        shutil.copytree(source, fresh)
        if damage:
            weights = fresh / "weights.safetensors"
            content = bytearray(weights.read_bytes())
            content[-1] ^= 1
            weights.write_bytes(content)
        old = best.with_name("old")
        best.rename(old)
        fresh.rename(best)
        shutil.rmtree(old)

    failed = answers = 0
    lock = threading.Lock()
    going = True
    with Service(run) as service:
        def reloads_so_far():
            return service.metric("resdensenet_reloads_total")

        def client(_):
            nonlocal failed, answers
            while going:
                status, answer = service.classify(files[0])
                known = expected.get(answer.get("model"), {})
                with lock:
                    answers += 1
                    failed += status != 200 or answer["probabilities"] != known.get("probabilities")
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            clients = [pool.submit(client, i) for i in range(16)]
            for i in range(reloads):
                before = reloads_so_far()
                replace(sources[(i + 1) % 3], i % 4 == 3)
                service.process.send_signal(signal.SIGHUP)
                end = time.monotonic() + 20
                while reloads_so_far() == before and time.monotonic() < end:
                    time.sleep(0.1)
            going = False
            for each in clients:
                each.result()
        loaded = service.metric('resdensenet_reloads_total{model="reloaded",success="true"}')
        kept = service.metric('resdensenet_reloads_total{model="reloaded",success="false"}')
    yield ("V6", f"{reloads} new checkpoints under 16 clients, every fourth corrupt: each answer is that of the checkpoint "
           "it names", answers, int(failed + service.lost + (kept != reloads // 4) + (loaded != reloads - reloads // 4)),
           f"{loaded:.0f} loaded, {kept:.0f} rejected, {service.lost} lost answers")


def check_stop(run, files, stops):
    """S8: SIGTERM under 64 clients."""
    lost = answered = late = codes = 0
    for _ in range(stops):
        service = Service(run, "--queue", 1000, "--timeout-ms", 60000)
        stopping = threading.Event()
        results = []
        def client(i):
            connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
            while True:
                try:
                    connection.connect()
                except ConnectionError:
                    return  # not accepted
                try:
                    while True:
                        connection.request("POST", "/classify", files[i % len(files)])
                        response = connection.getresponse()
                        response.read()
                        results.append(response.status)
                        if response.will_close:
                            break
                except (ConnectionError, http.client.HTTPException) as e:
                    if not stopping.is_set() or not isinstance(e, (ConnectionResetError, BrokenPipeError,
                                                                  http.client.RemoteDisconnected)):
                        results.append(str(e))
                    else:
                        results.append("cut")
                    return
                connection.close()
        threads = [threading.Thread(target=client, args=(i,)) for i in range(64)]
        for t in threads:
            t.start()
        time.sleep(2)
        stopping.set()
        begin = time.perf_counter()
        service.process.send_signal(signal.SIGTERM)
        codes += service.process.wait(20) != 143
        late += time.perf_counter() - begin > 10
        for t in threads:
            t.join()
        answered += results.count(200)
        lost += sum(r != 200 for r in results)
    yield ("S8", f"{stops} stops by SIGTERM under 64 clients: every request on an accepted connection is answered; exit "
           "within 10 s with status 143", answered + lost, lost + late + codes, f"{answered} answered, {lost} lost")


def check_slow(run, files):
    """S4: slow clients beside a normal one."""
    if not shutil.which("slowhttptest"):
        yield ("S4", "slow clients: slowhttptest is not installed", 0, 0, "skipped")
        return
    with Service(run) as service:
        def p99():
            times = []
            end = time.perf_counter() + 12
            while time.perf_counter() < end:
                begin = time.perf_counter()
                assert service.classify(files[0])[0] == 200
                times.append(time.perf_counter() - begin)
            return percentile(times, 99)
        p99()
        quiet = p99()
        worst = 0
        for kind in ("-H", "-B", "-X"):
            address = f"http://127.0.0.1:{service.port}/" + ("classify" if kind == "-B" else "app.js")
            slow = subprocess.Popen(["slowhttptest", kind, "-c", "1000", "-r", "300", "-i", "5", "-l", "25", "-u", address,
                                     "-t", "POST" if kind == "-B" else "GET"], stdout=subprocess.DEVNULL)
            time.sleep(4)
            worst = max(worst, p99())
            slow.kill()
            slow.wait()
    yield ("S4", "1,000 slow connections (headers, body, reading) beside a client: its 99th percentile at most doubles", 3,
           int(worst > 2 * quiet), f"{1000 * quiet:.0f} ms alone, {1000 * worst:.0f} ms beside them")


def check_overload(run, folder, files, seconds):
    """S2: requests at four times the capacity, whatever the answers."""
    what = (f"requests at four times the capacity for {seconds} s, queue of 64: only status 200 or 429; throughput at least 90% of the "
            "capacity; 99th percentile of the answers at most 1.5 times the queue's time; 5 s later, latency as before")
    if not shutil.which("hey"):
        yield ("S2", what + ": hey is not installed", 0, 0, "skipped")
        return
    body = body_file(folder, files[0])
    with Service(run, "--queue", 64) as service:
        assert "Retry-After" in wait_for_429(service, files[0])
        hey(service, body, "-z", "5s", "-c", 8)
        capacity = sum(status == 200 for status, _ in hey(service, body, "-z", "10s", "-c", 8)) / 10
        quiet = statistics.median(t for _, t in hey(service, body, "-n", 200, "-c", 1))
        clients = 256
        received = service.metric('resdensenet_requests_seconds_count{route="/classify"')
        answers = hey(service, body, "-z", f"{seconds}s", "-c", clients, "-q", 4 * capacity / clients)
        received = service.metric('resdensenet_requests_seconds_count{route="/classify"') - received
        time.sleep(5)
        after = statistics.median(t for _, t in hey(service, body, "-n", 200, "-c", 1))
    times = [t for status, t in answers if status == 200]
    good = len(times) / seconds
    other = sum(status not in (200, 429) for status, _ in answers) + abs(received - len(answers))
    limit = 64 / capacity * 1.5
    slow = percentile(times, 99)
    failed = other + (good < 0.9 * capacity) + (slow > limit) + (after > 1.5 * quiet)
    yield ("S2", what, len(answers), failed, f"{len(answers) / seconds:.0f} requests/s; {good:.0f} answered per second, capacity "
           f"{capacity:.0f}; 99th percentile {slow:.2f} s, limit {limit:.2f} s; latency {1000 * quiet:.1f} ms before, "
           f"{1000 * after:.1f} ms after")


def wait_for_429(service, body):
    """The headers of an answer with status 429."""
    found = []

    def client(_):
        while not found:
            status, headers, _ = service.send("POST", "/classify", body)
            if status == 429:
                found.append(headers)

    with concurrent.futures.ThreadPoolExecutor(128) as pool:
        list(pool.map(client, range(128)))
    return found[0]


def limits(run, files):
    with Service(run) as service:
        yield from check_limits(service, run.name, files[0])


def fuzz(run, corpus):
    if corpus is None:
        yield ("S5", "requests of other projects' fuzzers: --fuzz is not given", 0, 0, "skipped")
        return
    with Service(run) as service:
        yield from check_fuzz(service, run.name, corpus)


def triton(runs, run, images, sources, folder):
    if sources is None:
        yield ("V5", "Triton's clients: --triton is not given", 0, 0, "skipped")
        return
    truth = dict(list(predictions(run, [file for file, _ in images[:120]]).items())[:100])
    network, _, _ = runs.onnx(run, "--input", "tensor")
    with Service(run) as service:
        yield from check_triton(service, run.name, truth, network, sources.resolve(), folder)


def abstention(run):
    text = program("evaluate", run, "--precision-target", "0.95", "--json")
    judged = next(json.loads(line) for line in text.splitlines() if line.startswith("{"))
    rows = [line.split(",") for line in (run / "split.csv").read_text().splitlines()[1:]]
    folder = built_in_images()
    with Service(run) as service:
        yield from check_abstention(service, judged, [(folder / r[0], r[1]) for r in rows if r[2] == "test"])


def check_soak(run, files, minutes):
    """S3, V11: start and memory."""
    with Service(run) as service:
        start = service.start_seconds
        def busy(seconds):
            end = time.perf_counter() + seconds
            n = 0
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                while time.perf_counter() < end:
                    list(pool.map(service.classify, chunk := [random.choice(files) for _ in range(64)]))
                    n += len(chunk)
            return n
        busy(60 * minutes / 3)
        before = service.memory()
        n = busy(60 * minutes * 2 / 3)
        growth = service.memory() - before
        files_open = service.metric("process_files_open_files")
        threads = service.metric("jvm_threads_live_threads")
    failed = int(growth / n > 1) + int(start > 3) + service.lost
    yield ("S3, V11", f"ready within 3 s; {minutes:g} minutes under 8 clients: memory grows by at most 1 KiB per request",
           2, failed, f"ready after {start:.1f} s; {before / 1024:.0f} MiB, then {growth / 1024:+.0f} MiB in {n:,} requests; "
           f"{files_open:.0f} open files, {threads:.0f} threads")


@contextlib.contextmanager
def peer(model, kind, threads):
    port = free_port()
    process = subprocess.Popen([sys.executable, PEER, model, str(port), kind, str(threads)])
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.1)
        yield port
    finally:
        process.kill()
        process.wait()


def wrk(port, script, connections, seconds):
    """Requests per second and median latency in ms."""
    text = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script,
                           f"http://127.0.0.1:{port}/classify"], capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    value, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", text).groups()
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    assert not errors, text
    return rate, float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def speed(runs, folder, files, rounds=5, seconds=6):
    """V2 and the comparison, in turn."""
    if not shutil.which("wrk"):
        return ["Skipped: wrk is not installed."]
    run = runs.get(size=SIZE)
    model, _, _ = runs.onnx(run, "--input", "tensor")
    script = folder / "post.lua"
    (folder / "body.jpg").write_bytes(files[0])
    script.write_text(f'wrk.method = "POST"\nlocal f = io.open("{folder}/body.jpg", "rb")\nwrk.body = f:read("*a")\nf:close()\n')
    subprocess.run([ROOT / "resdensenet", "quantize", run], check=True, stdout=subprocess.DEVNULL)
    kinds = {"this service": "fp32", "this service, --precision int8": "int8"}
    for kind in ("plain", "batching"):
        for threads in (1, 2):
            kinds[f"FastAPI, {kind}, {threads} thread{'s' if threads > 1 else ''}"] = (kind, threads)
    found = {name: [] for name in kinds}
    with contextlib.ExitStack() as stack:
        ports = {}
        for name, options in kinds.items():
            ports[name] = (stack.enter_context(Service(run, "--timeout-ms", 60000, "--precision", options)).port
                           if isinstance(options, str) else stack.enter_context(peer(model, *options)))
            wrk(ports[name], script, 8, 3)
        for _ in range(rounds):
            for name, port in ports.items():
                found[name].append((*wrk(port, script, 64, seconds), wrk(port, script, 1, seconds)[1]))
    lines = ["| Service | 64 clients, images/s | 1 client, median ms |", "| --- | ---: | ---: |"]
    for name, rows in found.items():
        lines.append(f"| {name} | {statistics.median(r[0] for r in rows):.1f} | {statistics.median(r[2] for r in rows):.1f} |")
    peers = [rows for name, rows in found.items() if isinstance(kinds[name], tuple)]
    lines += ["", "Median over the rounds of the ratio to the best FastAPI variant of that round, which is chosen separately for throughput",
              "and latency (above 1, throughput is higher and latency is longer):", "",
              "| Service | Throughput | Latency |", "| --- | --- | --- |"]
    for name in (name for name, kind in kinds.items() if isinstance(kind, str)):
        rates = [o[0] / max(p[i][0] for p in peers) for i, o in enumerate(found[name])]
        times = [o[2] / min(p[i][2] for p in peers) for i, o in enumerate(found[name])]
        lines.append(f"| {name} | {statistics.median(rates):.2f} ({min(rates):.2f} to {max(rates):.2f}) | "
                     f"{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f}) |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=pathlib.Path, required=True)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--soak", type=float, default=30)
    parser.add_argument("--brief", action="store_true", help="fewer rounds of every check")
    parser.add_argument("--runs", type=pathlib.Path)
    parser.add_argument("--fuzz", type=pathlib.Path)
    parser.add_argument("--triton", type=pathlib.Path)
    parser.add_argument("--only", metavar="CHECK", help="run one check, for example stop or speed, and write no page")
    a = parser.parse_args()
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup would make the services ignore it
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        runs = Runs((a.runs or folder / "runs").resolve())
        runs.folder.mkdir(exist_ok=True)
        images = photographs(a.images.resolve(), 500)
        files = encoded(images[:100])
        run = runs.get(epochs=10, seed=4)
        checks = {
            "clients": lambda: check_clients(run, folder, files),
            "answers": lambda: check_answers(run, images, a.requests),
            "neighbours": lambda: check_neighbours(run, files, 50 if a.brief else 500),
            "deadline": lambda: check_deadline(run, folder, files),
            "counts": lambda: check_counts(run, files),
            "drift": lambda: check_drift(run, files, 10 if a.brief else 40),
            "stop": lambda: check_stop(run, files, 5 if a.brief else 20),
            "reload": lambda: check_reload(runs, folder, files, 20 if a.brief else 200),
            "slow": lambda: check_slow(run, files),
            "overload": lambda: check_overload(run, folder, files, 20 if a.brief else 60),
            "limits": lambda: limits(run, files),
            "fuzz": lambda: fuzz(run, a.fuzz),
            "triton": lambda: triton(runs, run, images, a.triton, folder),
            "abstention": lambda: abstention(run),
            "soak": lambda: check_soak(run, files, a.soak)}
        rows = []
        for name, check in checks.items():
            if a.only in (None, name):
                for row in check():
                    print(*row, sep=" | ", flush=True)
                    rows.append(row)
        if a.only not in (None, "speed"):
            return
        brief = " --brief" if a.brief else ""
        lines = [f"Written by `python bench/serve.py --images DIR --requests {a.requests} --soak {a.soak:g}{brief}` on "
                 f"{os.cpu_count()} cores of {processor().split(' with')[0]}, {datetime.date.today()}.", "",
                 *table(rows)]
        times = speed(runs, folder, files, 3 if a.brief else 5)
        print(*times, sep="\n", flush=True)
        if a.only:
            return
        lines += ["", f"Classification of a JPEG of {SIZE} x {SIZE} pixels by ResDenseNet, with the load generator wrk on the "
                  "same cores. FastAPI", "(uvicorn) decodes with Pillow and runs the exported model in ONNX Runtime. Median of "
                  f"{3 if a.brief else 5} rounds in turn:", "", *times]
    publish(PAGE, lines)


if __name__ == "__main__":
    main()
