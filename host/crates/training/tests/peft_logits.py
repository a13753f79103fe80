"""Logits of transformers with an adapter loaded by PEFT, of one sequence of tokens; prints them as JSON, row after row.

    python peft_logits.py MODEL_FOLDER ADAPTER_FOLDER TOKENS_AS_JSON
"""
import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

model_folder, adapter_folder, tokens = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
model = PeftModel.from_pretrained(model, adapter_folder).eval()
with torch.no_grad():
    print(json.dumps(model(input_ids=torch.tensor([tokens])).logits[0].flatten().tolist()))
