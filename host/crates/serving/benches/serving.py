"""Tokens a second and time to the first token of `nl2sql serve`, llama.cpp and transformers, in one run.

    serving.py <nl2sql> <model folder> <the same model as GGUF> [rows ...]

All compute in f32 with the same threads. nl2sql is asked over HTTP, a stream a row; its peers are called in process, a batch at once, and so have
no transport to pay for.
"""

import ctypes
import json
import os
import pathlib
import socket
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


class Nl2sql:
    name = "nl2sql serve, f32, over HTTP"

    def __init__(self, program, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.place = tempfile.TemporaryDirectory()
        pathlib.Path(self.place.name, "nl2sql.toml").write_text('[database]\npath = "none.sqlite"\n')
        arguments = [program, "serve", "--model", str(folder), "--port", str(self.port)]
        self.server = subprocess.Popen(arguments, cwd=self.place.name, stdout=subprocess.PIPE, text=True)
        said = self.server.stdout.readline()
        assert said.startswith("serving at "), said
        self.model = pathlib.Path(folder).name

    def stream(self, prompt, times):
        body = {"model": self.model, "prompt": prompt, "max_tokens": TOKENS, "stream": True, "logit_bias": {"2": -100, "0": -100}}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/completions", json.dumps(body).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            for line in answer:
                if line.startswith(b"data: {"):
                    times.append(time.perf_counter())

    def measure(self, rows, repeat):
        times = [[] for _ in range(rows)]
        texts = [f"{repeat} {prompt}" for prompt in prompts(rows)]
        threads = [threading.Thread(target=self.stream, args=pair) for pair in zip(texts, times)]
        begun = time.perf_counter()
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        first = max(row[0] for row in times)
        last = max(row[-1] for row in times)
        after = sum(sum(at > first for at in row) for row in times)
        return first - begun, after / (last - first)

    def close(self):
        self.server.kill()
        self.server.wait()
        self.place.cleanup()


class LlamaCpp:
    name = "llama.cpp, f32, in process"

    def __init__(self, gguf, folder):
        import llama_cpp

        self.llama = llama_cpp
        llama_cpp.llama_log_set(llama_cpp.llama_log_callback(lambda *_: None), ctypes.c_void_p(0))
        whole = folder / "f32.gguf"
        if not whole.is_file():
            parameters = llama_cpp.llama_model_quantize_default_params()
            parameters.ftype, parameters.allow_requantize, parameters.nthread = 0, True, THREADS
            assert llama_cpp.llama_model_quantize(str(gguf).encode(), str(whole).encode(), parameters) == 0
        self.model = llama_cpp.llama_model_load_from_file(str(whole).encode(), llama_cpp.llama_model_default_params())
        self.vocab = llama_cpp.llama_model_get_vocab(self.model)
        self.size = llama_cpp.llama_vocab_n_tokens(self.vocab)

    def tokens(self, text):
        room = (self.llama.llama_token * 4096)()
        count = self.llama.llama_tokenize(self.vocab, text.encode(), len(text.encode()), room, 4096, False, False)
        return room[:count]

    def measure(self, rows, repeat):
        llama = self.llama
        lists = [self.tokens(f"{repeat} {prompt}") for prompt in prompts(rows)]
        parameters = llama.llama_context_default_params()
        parameters.n_ctx = (max(map(len, lists)) + TOKENS + 8) * rows
        parameters.n_batch = parameters.n_ubatch = max(512, rows)
        parameters.n_seq_max = rows
        parameters.n_threads = parameters.n_threads_batch = THREADS
        context = llama.llama_init_from_model(self.model, parameters)
        batch = llama.llama_batch_init(max(512, rows), 0, 1)

        def decode(entries):
            batch.n_tokens = len(entries)
            for at, (token, position, row, wanted) in enumerate(entries):
                batch.token[at], batch.pos[at], batch.n_seq_id[at], batch.seq_id[at][0], batch.logits[at] = token, position, 1, row, wanted
            assert llama.llama_decode(context, batch) == 0

        def best(at):
            logits = numpy.ctypeslib.as_array(llama.llama_get_logits_ith(context, at), (self.size,))
            logits[[0, 2]] = -1e9
            return int(logits.argmax())

        import numpy

        begun = time.perf_counter()
        current = []
        for row, tokens in enumerate(lists):
            for start in range(0, len(tokens), 512):
                part = tokens[start : start + 512]
                entries = [(token, start + at, row, start + at == len(tokens) - 1) for at, token in enumerate(part)]
                decode(entries)
            current.append(best(len(part) - 1))
        first = time.perf_counter()
        for step in range(TOKENS - 1):
            decode([(token, len(lists[row]) + step, row, True) for row, token in enumerate(current)])
            current = [best(row) for row in range(rows)]
        last = time.perf_counter()
        llama.llama_batch_free(batch)
        llama.llama_free(context)
        return first - begun, rows * (TOKENS - 1) / (last - first)

    def close(self):
        self.llama.llama_model_free(self.model)


class Transformers:
    name = "transformers, f32, in process"

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
    makers = [lambda: Nl2sql(program, folder), lambda: LlamaCpp(gguf, folder), lambda: Transformers(folder)]
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


main()
