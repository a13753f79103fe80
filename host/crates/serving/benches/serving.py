"""Tokens a second and time to the first token of `nl2sql serve`, llama.cpp and transformers, in one run.

    serving.py <nl2sql> <model folder> <the same model as GGUF> [rows ...]

All compute in f32 with the same threads. nl2sql and llama.cpp's server (the package xllamacpp) are asked over HTTP by the same client, a stream a row;
transformers is called in process, a batch at once.
"""

import contextlib
import json
import os
import pathlib
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

TOKENS = 64
REPEATS = 3
PROMPT = "Question {0}: list the singers of each stadium whose capacity is above {1}, with the year of every concert they gave there. " * 6
THREADS = len(os.sched_getaffinity(0))


def prompts(rows):
    return [PROMPT.format(row, 1000 + 37 * row) for row in range(rows)]


def summary(measure, rows):
    """Medians over repeats; the first, which warms up, is left out. Prompts differ between repeats, so that no cache has them."""
    runs = [measure(rows, repeat) for repeat in range(REPEATS + 1)][1:]
    return statistics.median(first for first, _ in runs), statistics.median(rate for _, rate in runs)


class Server:
    """A server that speaks OpenAI's API: asked over HTTP, a stream a row."""

    def __init__(self, command, model):
        self.model = model
        self.place = tempfile.TemporaryDirectory()
        # nl2sql serves no model without a database beside it.
        pathlib.Path(self.place.name, "nl2sql.toml").write_text('[database]\npath = "small.sqlite"\n')
        with contextlib.closing(sqlite3.connect(pathlib.Path(self.place.name, "small.sqlite"))) as database:
            database.execute("CREATE TABLE singer (id INTEGER PRIMARY KEY)")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [part.format(port=self.port) for part in command]
        self.process = subprocess.Popen(command, cwd=self.place.name, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        said = self.process.stdout.readline()
        assert said.startswith("serving at "), said

    def stream(self, prompt, times):
        body = {
            "model": self.model, "prompt": prompt, "max_tokens": TOKENS, "temperature": 0, "stream": True,
            "logit_bias": {"0": -100, "2": -100},
        }
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/completions", json.dumps(body).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            for line in answer:
                if line.startswith(b"data: {") and json.loads(line[6:])["choices"][0].get("finish_reason") is None:
                    times.append(time.perf_counter())

    def measure(self, rows, repeat):
        times = [[] for _ in range(rows)]
        texts = [f"{repeat} {prompt}" for prompt in prompts(rows)]
        threads = [threading.Thread(target=self.stream, args=pair) for pair in zip(texts, times)]
        begun = time.perf_counter()
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        # Tokens a second once every row answers, so that prompts are no part of it.
        first = max(row[0] for row in times)
        last = max(row[-1] for row in times)
        after = sum(sum(at > first for at in row) for row in times)
        return first - begun, after / (last - first)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.place.cleanup()


class Nl2sql(Server):
    name = "nl2sql serve"

    def __init__(self, program, folder):
        super().__init__([program, "serve", "--model", str(folder), "--port", "{port}"], folder.name)


class LlamaCpp(Server):
    name = "llama.cpp's server"

    def __init__(self, gguf, rows):
        whole = gguf.with_suffix(".f32.gguf")
        if not whole.is_file():
            write_in_f32(gguf, whole)
        command = [sys.executable, __file__, "--llama", str(whole), "{port}", str(rows)]
        super().__init__(command, "llama")


def serve_llama(model, port, rows):
    """llama.cpp's server in this process."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.n_parallel = rows
    parameters.n_ctx = 1024 * rows
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = THREADS
    parameters.cache_type_k = parameters.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    server = xllamacpp.Server(parameters)
    print("serving at", server.listening_address, flush=True)
    threading.Event().wait()


def write_in_f32(quantised, whole):
    """The same weights without quantisation, which is how the others compute."""
    import gguf

    reader = gguf.GGUFReader(str(quantised))
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(str(whole), architecture)
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", "general.file_type"):
            continue
        kind = field.types[0]
        inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, inner)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, gguf.quants.dequantize(tensor.data, tensor.tensor_type))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


class Transformers:
    name = "transformers, in process"

    def __init__(self, folder):
        import torch
        import transformers

        torch.set_num_threads(THREADS)
        self.torch = torch
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder, padding_side="left")
        self.tokenizer.pad_token = self.tokenizer.pad_token or self.tokenizer.eos_token
        self.model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def measure(self, rows, repeat):
        texts = [f"{repeat} {prompt}" for prompt in prompts(rows)]
        entries = self.tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        times = []


        def stop(*_):
            times.append(time.perf_counter())
            return self.torch.zeros(rows, dtype=self.torch.bool)

        begun = time.perf_counter()
        with self.torch.inference_mode():
            self.model.generate(
                **entries, max_new_tokens=TOKENS, min_new_tokens=TOKENS, do_sample=False, stopping_criteria=[stop],
                pad_token_id=self.tokenizer.pad_token_id,
            )
        return times[0] - begun, rows * (len(times) - 1) / (times[-1] - times[0])

    def close(self):
        pass


def main():
    program, folder, gguf = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    rows = [int(text) for text in sys.argv[4:]] or [1, 4, 16]
    makers = [lambda: Nl2sql(program, folder), lambda: LlamaCpp(gguf, max(rows)), lambda: Transformers(folder)]
    print(f"{THREADS} threads, {TOKENS} tokens an answer, medians of {REPEATS}")
    print(f"{'':32}" + "".join(f"{f'{n} rows: first token':>22}{'tokens/s':>10}" for n in rows))
    rates = {}
    for make in makers:
        peer = make()
        cells = ""
        for count in rows:
            first, rate = summary(peer.measure, count)
            rates[peer.name, count] = rate
            cells += f"{f'{first * 1000:.0f} ms':>22}{rate:10.1f}"
        print(f"{peer.name:32}{cells}", flush=True)
        peer.close()
    ours = Nl2sql.name
    for peer in (LlamaCpp.name, Transformers.name):
        ratios = ", ".join(f"{rates[ours, n] / rates[peer, n]:.2f} at {n}" for n in rows)
        print(f"tokens/s beside {peer}: {ratios} rows")


if sys.argv[1] == "--llama":
    serve_llama(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
else:
    main()
