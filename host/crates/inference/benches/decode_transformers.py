"""Greedy tokens per second of transformers in float32: alone, then sixteen rows at once.

    python decode_transformers.py MODEL_FOLDER NEW_TOKENS PROMPT_TOKENS
"""
import sys
import time

import torch
from transformers import AutoModelForCausalLM

folder, new_tokens, prompt_tokens = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
prompt = [100 + n * 37 % 4000 for n in range(prompt_tokens)]


def generate(rows, count):
    ids = torch.tensor([prompt] * rows)
    with torch.no_grad():
        model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=count, do_sample=False,
                       eos_token_id=None, pad_token_id=0)


generate(1, 4)
for rows in (1, 16):
    start = time.perf_counter()
    generate(rows, new_tokens)
    print(rows * new_tokens / (time.perf_counter() - start))
