"""LoRA training throughput beside transformers + PEFT: same weights, same tokens, alternating runs, two threads.

    cargo build -p nl2sql-training --example throughput
    python benches/throughput.py path/to/throughput MODEL_DIR [--rows 4] [--length 256] [--scored 64] [--rounds 3] [--shared-prefix 0]

Prints the median tokens a second of both, the ratio of the medians, and the peak memory of each process. `torch f32` computes logits on scored
positions only, as we do; `as it is` is transformers' own forward with labels, which computes them on all. With `--shared-prefix N` all rows begin with the
same N tokens, as questions about one schema do.
"""
import argparse, json, statistics, subprocess, sys

PEER = """
import json, resource, sys, time, torch
from transformers import AutoModelForCausalLM
from peft import LoraConfig, get_peft_model
model_dir, rows, length, scored, steps, dtype = sys.argv[1], *map(int, sys.argv[2:6]), sys.argv[6]
shared_prefix, as_it_is = int(sys.argv[7]), sys.argv[8:] == ["as-it-is"]
torch.set_num_threads(2)
model = AutoModelForCausalLM.from_pretrained(model_dir, dtype=getattr(torch, dtype))
targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
model = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules=targets, task_type="CAUSAL_LM"))
base = model.base_model.model
ids = torch.tensor([[100 + ((r if i >= shared_prefix else 0) * 7919 + i * 104729) % 40000 for i in range(length)] for r in range(rows)])
labels = ids.clone(); labels[:, :length - scored] = -100
trained = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.0)
seconds, losses = [], []
for _ in range(steps):
    began = time.perf_counter()
    if as_it_is:
        loss = model(input_ids=ids, labels=labels).loss
    else:
        hidden = base.model(input_ids=ids).last_hidden_state[:, length - scored - 1:length - 1]
        logits = base.lm_head(hidden).float()
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, length - scored:].flatten())
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step(); optimizer.zero_grad()
    seconds.append(time.perf_counter() - began); losses.append(loss.item())
seconds.sort()
print(json.dumps({"tokens_per_second": rows * length / seconds[len(seconds) // 2],
                  "best_tokens_per_second": rows * length / seconds[0],
                  "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "losses": losses}))
"""

def run(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])

def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary"); parser.add_argument("model")
    parser.add_argument("--rows", type=int, default=4); parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--scored", type=int, default=64); parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--shared-prefix", type=int, default=0, help="tokens that all rows begin with")
    parser.add_argument("--rounds", type=int, default=3); parser.add_argument("--bf16", action="store_true", help="also both in bf16")
    a = parser.parse_args()
    shape = [a.model, str(a.rows), str(a.length), str(a.scored), str(a.steps)]
    ours = lambda *options: [a.binary, *shape, f"shared_prefix={a.shared_prefix}", *options]
    torch = lambda dtype, *options: [sys.executable, "-c", PEER, *shape, dtype, str(a.shared_prefix), *options]
    commands = {"ours f32": ours(), "ours f32, recompute": ours("recompute"),
                "torch f32": torch("float32"), "torch f32, as it is": torch("float32", "as-it-is")}
    if a.bf16:
        commands["ours bf16"] = ours("bf16")
        commands["torch bf16"] = torch("bfloat16")
    results = {name: [] for name in commands}
    for _ in range(a.rounds):
        for name, command in commands.items():
            results[name].append(run(command))
    median = {name: statistics.median(r["tokens_per_second"] for r in rounds) for name, rounds in results.items()}
    for name, rounds in results.items():
        best = max(r["best_tokens_per_second"] for r in rounds)
        print(f"{name:20} {median[name]:7.0f} tokens/s (best {best:.0f}), {median[name] / median['torch f32']:.2f}x torch f32, "
              f"peak {max(r['peak_mib'] for r in rounds)} MiB, first loss {rounds[0]['losses'][0]:.5f}")

if __name__ == "__main__":
    main()
