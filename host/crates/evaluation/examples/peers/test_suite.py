"""Rows a second of taoyds/test-suite-sql-eval on Spider's dev golds, each against itself.

Usage: test_suite.py <evaluator folder> <spider folder> keep|strip
"""

import json
import pathlib
import sys
import time

evaluator, spider, distinct = sys.argv[1:]
sys.path.insert(0, evaluator)
from exec_eval import eval_exec_match  # noqa: E402

databases = pathlib.Path(spider) / "database"
rows = [json.loads(line) for line in open(pathlib.Path(spider) / "dev.jsonl", encoding="utf-8")]
begun = time.perf_counter()
for row in rows:
    path = databases / row["db_id"] / f"{row['db_id']}.sqlite"
    eval_exec_match(str(path), row["query"] + " ", row["query"], False, distinct == "keep", False)
print(len(rows) / (time.perf_counter() - begun))
