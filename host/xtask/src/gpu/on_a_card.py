"""Measures the programs beside this script on an NVIDIA card, each beside transformers, and writes one JSON.

    python3 on_a_card.py figures.json [--only parity,training,decoding] [--layers 36] [--minutes 10]

`cargo xtask gpu --bundle` packs it. Needs the card's driver, a CUDA toolkit for its libdevice, and for the peers torch, transformers, peft and,
for QLoRA, bitsandbytes; what is missing is said in the JSON and not measured. The model has Qwen3-4B's shape and random weights, the same for
both. The file is written anew after every figure, so that a machine that goes away leaves those before.
"""
import argparse, glob, json, os, re, shutil, statistics, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))

# A product in tf32 is right to 2^-11; differences add up over layers and steps of training.
TF32_TOLERANCE = 2e-2

# Rows and tokens of each; the answer is 64 tokens long.
SHAPES = [(1, 2048), (8, 2048)]
SCORED, RANK, STEPS = 64, 8, 8

# The first steps compile and choose kernels.
WARM_UP = 3

PROMPT, NEW, DECODED_ROWS = 64, 64, [1, 4, 8]

MAKE_MODEL = """
import sys, torch
from transformers import AutoModelForCausalLM, Qwen3Config
torch.manual_seed(1); torch.set_default_dtype(torch.bfloat16)
with torch.device("cuda"):
    model = AutoModelForCausalLM.from_config(Qwen3Config(
        vocab_size=151936, hidden_size=2560, intermediate_size=9728, num_hidden_layers=int(sys.argv[2]), num_attention_heads=32,
        num_key_value_heads=8, head_dim=128, max_position_embeddings=40960, rope_theta=1e6, tie_word_embeddings=True))
model.save_pretrained(sys.argv[1])
"""

TRAIN = """
import json, sys, time, torch
from transformers import AutoModelForCausalLM, BitsAndBytesConfig
from peft import LoraConfig, get_peft_model
folder, rows, length, scored, steps, rank = sys.argv[1], *map(int, sys.argv[2:7])
precision, checkpointing = sys.argv[7], sys.argv[8] == "checkpointing"
options = {"dtype": torch.bfloat16, "device_map": {"": 0}}
if precision == "nf4":
    options["quantization_config"] = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16)
model = AutoModelForCausalLM.from_pretrained(folder, **options)
model.requires_grad_(False)
if checkpointing:
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
model = get_peft_model(model, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=targets, task_type="CAUSAL_LM"))
model.train(); base = model.base_model.model
ids = torch.tensor([[100 + (r * 7919 + i * 104729) % 40000 for i in range(length)] for r in range(rows)]).cuda()
trained = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.0)
seconds, losses = [], []
for _ in range(steps):
    torch.cuda.synchronize(); began = time.perf_counter()
    hidden = base.model(input_ids=ids).last_hidden_state[:, length - scored - 1:length - 1]
    logits = base.lm_head(hidden).float()
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, length - scored:].flatten())
    loss.backward(); torch.nn.utils.clip_grad_norm_(trained, 1.0); optimizer.step(); optimizer.zero_grad()
    losses.append(loss.item()); torch.cuda.synchronize(); seconds.append(time.perf_counter() - began)
print(json.dumps({"seconds": seconds, "losses": losses}))
"""

DECODE = """
import json, sys, time, torch
from transformers import AutoModelForCausalLM
folder, prompt, new = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, device_map={"": 0}).eval()
speeds = {}
for rows in map(int, sys.argv[4:]):
    ids = torch.tensor([[100 + n * 37 % 4000 for n in range(prompt)]] * rows).cuda()
    def generate(count):
        model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, min_new_tokens=count, max_new_tokens=count, pad_token_id=0)
        torch.cuda.synchronize()
    generate(4); began = time.perf_counter(); generate(new)
    speeds[rows] = rows * new / (time.perf_counter() - began)
print(json.dumps(speeds))
"""


class Failed(Exception):
    """A program that did not end well; its text says how."""


class CardMemory(threading.Thread):
    """The most memory of the card that was in use, as nvidia-smi tells, asked five times a second."""

    def __init__(self):
        super().__init__(daemon=True)
        self.most, self.over = 0, threading.Event()

    def run(self):
        while not self.over.wait(0.2):
            used = first_line(["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "--id=0"])
            if used and used.isdigit():
                self.most = max(self.most, int(used))


def first_line(words):
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip().splitlines()[0].strip() if done.returncode == 0 and done.stdout.strip() else None


def toolkit():
    """The folder of a CUDA toolkit, of the system or of Python packages."""
    named = [os.environ.get("CUDA_PATH", ""), "/usr/local/cuda", "/opt/cuda"]
    packages = [path for entry in sys.path for path in glob.glob(os.path.join(entry, "nvidia", "*"))]
    for folder in named + packages:
        if folder and os.path.isfile(os.path.join(folder, "nvvm/libdevice/libdevice.10.bc")):
            return folder
    found = first_line(["find", "/usr", "/opt", "-path", "*/nvvm/libdevice/libdevice.10.bc", "-print", "-quit"])
    if found:
        return found.split("/nvvm/")[0]
    sys.exit("there is no nvvm/libdevice/libdevice.10.bc: install the CUDA toolkit and name its folder in CUDA_PATH")


class Bench:
    def __init__(self, out, layers, minutes):
        self.out, self.layers, self.seconds = out, layers, 60 * minutes
        # Containers have the driver's library there, where loaders do not always look.
        libraries = os.environ.get("LD_LIBRARY_PATH", "") + ":/usr/local/nvidia/lib64"
        fixtures = os.path.join(HERE, "fixtures")
        self.environment = dict(os.environ, CUDA_PATH=toolkit(), NL2SQL_FIXTURES=fixtures, LD_LIBRARY_PATH=libraries.strip(":"))
        self.figures = {"machine": self.machine(), "parity": {}, "training": [], "decoding": {}}
        self.write()

    def write(self):
        with open(self.out + ".new", "w") as file:
            json.dump(self.figures, file, indent=1)
        os.replace(self.out + ".new", self.out)

    def machine(self):
        card = first_line(["nvidia-smi", "--query-gpu=name,driver_version,memory.total,clocks.max.sm,power.limit", "--format=csv,noheader", "--id=0"])
        if card is None:
            sys.exit("nvidia-smi names no card: figures without a card's name would be figures of nothing")
        versions = {}
        for name in ["torch", "transformers", "peft", "bitsandbytes"]:
            versions[name] = first_line([sys.executable, "-c", "import importlib.metadata as m; print(m.version(%r))" % name])
        with open(os.path.join(HERE, "build.json")) as file:
            build = json.load(file)
        return {"card": card, "toolkit": self.environment["CUDA_PATH"], "peers": versions, "build": build, "layers": self.layers,
                "date": time.strftime("%Y-%m-%d"), "devices": self.devices()}

    def devices(self):
        """What our program sees; where it sees no card, nothing of it can be measured."""
        try:
            return [line for line in self.run([self.ours("nl2sql"), "doctor"]).splitlines() if "cuda" in line or "cpu" in line]
        except Failed as failure:
            return str(failure)

    def ours(self, name):
        path = os.path.join(HERE, name)
        os.chmod(path, 0o755)
        return path

    def run(self, words, **more):
        environment = dict(self.environment, **more)
        try:
            done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=self.seconds)
        except subprocess.TimeoutExpired:
            raise Failed("took more than %d s" % self.seconds)
        if done.returncode != 0:
            raise Failed("ended with %d: %s" % (done.returncode, (done.stdout + done.stderr)[-2000:]))
        return done.stdout

    def parity(self):
        """How far losses, gradients and trained adapters are from those of transformers and PEFT, which the fixtures hold."""
        words = [self.ours("parity"), "--show-output", "--test-threads", "1"]
        for precision, test in [("kernels", "graphics_card_computes_what_the_cpu_does"),
                                ("f32", "graphics_card_matches_transformers_and_peft"),
                                ("bf16", "graphics_card_in_bf16_matches_transformers_in_bf16")]:
            result = {"tolerance": TF32_TOLERANCE} if precision == "f32" else {}
            try:
                text = self.run(words + [test], NL2SQL_TOLERANCE=str(TF32_TOLERANCE))
                result.update(parity_of(text))
            except Failed as failure:
                result.update({"holds": False, "error": str(failure)})
            self.figures["parity"][precision] = result
            self.write()

    def training(self, model):
        for precision in ["bf16", "nf4"]:
            for rows, length in SHAPES:
                row = {"precision": precision, "rows": rows, "tokens": length}
                self.figures["training"].append(row)
                shape = [str(number) for number in (rows, length, SCORED, STEPS)]
                row["ours"] = self.steps([self.ours("throughput"), model] + shape + [precision, "rank=%d" % RANK, "device=cuda"], rows * length)
                self.write()
                peer = [sys.executable, "-c", TRAIN, model] + shape + [str(RANK), precision]
                for checkpointing in ["plain", "checkpointing"]:
                    row["peer, " + checkpointing] = self.steps(peer + [checkpointing], rows * length)
                    self.write()

    def steps(self, words, tokens):
        memory = CardMemory()
        memory.start()
        try:
            result = json.loads(self.run(words).strip().splitlines()[-1])
        except Failed as failure:
            return {"error": str(failure)}
        finally:
            memory.over.set()
            memory.join()
        return speed_of(result, tokens, memory.most)

    def decoding(self, model):
        try:
            text = self.run([self.ours("decode")], NL2SQL_BENCH_MODEL=model, NL2SQL_BENCH_DEVICE="cuda:0", NL2SQL_BENCH_PRECISION="bf16")
            self.figures["decoding"]["ours"] = decoded(text)
        except Failed as failure:
            self.figures["decoding"]["ours"] = {"error": str(failure)}
        self.write()
        try:
            text = self.run([sys.executable, "-c", DECODE, model, str(PROMPT), str(NEW)] + [str(rows) for rows in DECODED_ROWS])
            self.figures["decoding"]["peer"] = json.loads(text.strip().splitlines()[-1])
        except Failed as failure:
            self.figures["decoding"]["peer"] = {"error": str(failure)}
        self.write()


def parity_of(text):
    """What the tests print, and whether any test compared: one that is skipped passes, too."""
    lines = [line for line in text.splitlines() if line.endswith(" apart")]
    farthest = [float(re.search(r"([0-9.e+-]+) apart$", line).group(1)) for line in lines]
    if not farthest:
        return {"holds": False, "error": "nothing was compared: " + text[-500:]}
    return {"holds": True, "farthest": max(farthest), "lines": lines}


def speed_of(result, tokens, memory):
    after = result["seconds"][WARM_UP:]
    return {"tokens_per_second": tokens / statistics.median(after), "seconds": result["seconds"], "losses": result["losses"], "card_mib": memory}


def decoded(text):
    return {rows: float(speed) for rows, speed in re.findall(r"(\d+) at once +([0-9.]+) tok/s", text)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--only", default="parity,training,decoding", help="what to measure")
    parser.add_argument("--layers", type=int, default=36, help="layers of the model")
    parser.add_argument("--minutes", type=float, default=10, help="most time of each program")
    arguments = parser.parse_args()
    wanted = arguments.only.split(",")
    unknown = set(wanted) - {"parity", "training", "decoding"}
    if unknown:
        sys.exit("--only knows parity, training and decoding, not " + ", ".join(sorted(unknown)))
    bench = Bench(os.path.abspath(arguments.out), arguments.layers, arguments.minutes)
    if "parity" in wanted:
        bench.parity()
    if "training" in wanted or "decoding" in wanted:
        model = tempfile.mkdtemp(prefix="nl2sql-gpu-")
        try:
            bench.run([sys.executable, "-c", MAKE_MODEL, model, str(arguments.layers)])
            if "training" in wanted:
                bench.training(model)
            if "decoding" in wanted:
                bench.decoding(model)
        except Failed as failure:
            bench.figures["model"] = {"error": str(failure)}
            bench.write()
        finally:
            shutil.rmtree(model)
    text = json.dumps(bench.figures, indent=1)
    print(text)
    if '"error"' in text:
        sys.exit("not everything could be measured: see `error` in %s" % arguments.out)


if __name__ == "__main__":
    main()
