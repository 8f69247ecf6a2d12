"""Uses the Python client of Triton as it is, with stand-ins for the packages that it imports.

usage: triton_client.py SOURCES ADDRESS MODEL IMAGES
SOURCES is a checkout of triton-inference-server/client, ADDRESS is host:port, MODEL is the model of image files; the other
one is MODEL-tensor. IMAGES is a folder. Prints one JSON object: the answers of both models, and the output of image_client.py.
"""
import contextlib
import http.client
import io
import json
import pathlib
import runpy
import sys
import types

import numpy as np


class Response:
    """As geventhttpclient's response: read, get, status_code."""

    def __init__(self, response):
        self.status_code, self.get, self.body = response.status, response.headers.get, io.BytesIO(response.read())

    def read(self, length=-1):
        return self.body.read(length)


class Connection:
    """As geventhttpclient's HTTPClient, with one connection."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address)

    @classmethod
    def from_url(cls, url, **_):
        return cls(url.address)

    def get(self, request_uri, headers=None):
        return self.send("GET", request_uri, None, headers)

    def post(self, request_uri, body, headers=None):
        return self.send("POST", request_uri, body, headers)

    def send(self, method, uri, body, headers):
        self.connection.request(method, uri, body, headers or {})
        return Response(self.connection.getresponse())

    def close(self):
        self.connection.close()


class Url:
    def __init__(self, text):
        self.address, self.request_uri = text.split("//", 1)[1], ""


class Pool:
    """As gevent's pool, but a call ends before apply_async returns."""

    def __init__(self, _):
        pass

    def apply_async(self, function, arguments):
        result = function(*arguments)
        return types.SimpleNamespace(start=lambda: None, get=lambda block=True, timeout=None: result)

    def join(self):
        pass


class AttrDict(dict):
    """A dictionary whose values are attributes too."""

    def __getattr__(self, name):
        value = self[name]
        if isinstance(value, list):
            return [AttrDict(v) if isinstance(v, dict) else v for v in value]
        return AttrDict(value) if isinstance(value, dict) else value

    def __setattr__(self, name, value):
        self[name] = value


class Format:
    NAMES = ["FORMAT_NONE", "FORMAT_NHWC", "FORMAT_NCHW"]

    @classmethod
    def items(cls):
        return [(name, i) for i, name in enumerate(cls.NAMES)]


def stand_in(name, **members):
    module = sys.modules[name] = types.ModuleType(name)
    module.__dict__.update(members)


def install():
    stand_in("gevent", Timeout=TimeoutError, sleep=lambda _: None)
    stand_in("gevent.pool", Pool=Pool)
    sys.modules["gevent"].pool = sys.modules["gevent.pool"]
    stand_in("geventhttpclient", HTTPClient=Connection)
    stand_in("geventhttpclient.url", URL=Url)
    stand_in("rapidjson", loads=json.loads, dumps=json.dumps)
    stand_in("attrdict", AttrDict=AttrDict)
    stand_in("tritonclient.grpc")
    stand_in("tritonclient.grpc.model_config_pb2", ModelInput=types.SimpleNamespace(
        Format=Format, FORMAT_NCHW=2, FORMAT_NHWC=1))
    sys.modules["tritonclient.grpc"].model_config_pb2 = sys.modules["tritonclient.grpc.model_config_pb2"]


def answers(client_module, client, model, images):
    """The answers to every request of the client that the service knows."""
    found = {"live": client.is_server_live(), "ready": client.is_server_ready(),
             "server": client.get_server_metadata(), "index": client.get_model_repository_index()}
    for name in (model, model + "-tensor"):
        for version in ("", "1"):
            found[f"{name} {version}"] = [client.is_model_ready(name, version), client.get_model_metadata(name, version),
                                          client.get_model_config(name, version)]
    results = []
    for i, image in enumerate(images):
        content = np.array([[image.read_bytes()]], dtype=np.object_)
        for binary in (True, False):
            given = client_module.InferInput("image", content.shape, "BYTES")
            try:
                given.set_data_from_numpy(content, binary_data=binary)
            except client_module.InferenceServerException:
                continue  # bytes that are not text have no JSON form in this client
            wanted = [client_module.InferRequestedOutput("probabilities", binary_data=binary),
                      client_module.InferRequestedOutput("logits", binary_data=binary)]
            result = client.infer(model, [given], outputs=wanted, request_id=f"image-{i}", model_version="1")
            results.append({"id": result.get_response()["id"], "image": image.name, "binary": binary,
                            "probabilities": result.as_numpy("probabilities").reshape(-1).tolist(),
                            "logits": result.as_numpy("logits").reshape(-1).tolist()})
    found["results"] = results
    return found


def main():
    sources, address, model, images = sys.argv[1:]
    root = pathlib.Path(sources) / "src" / "python"
    sys.path.insert(0, str(root / "library"))
    install()
    import tritonclient.http

    client = tritonclient.http.InferenceServerClient(address)
    found = answers(tritonclient.http, client, model, sorted(pathlib.Path(images).iterdir()))
    found["image_client"] = []
    for options in ([], ["-b", "4"], ["-a"]):
        sys.argv = ["image_client.py", "-m", model + "-tensor", "-u", address, "-s", "INCEPTION", "-c", "2", *options, images]
        with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.suppress(SystemExit):
            runpy.run_path(str(root / "examples" / "image_client.py"), run_name="__main__")
        found["image_client"].append(printed.getvalue())
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
