"""sqlglot as the peer of the benches `dialects` and `validation`.

    sqlglot_peer.py accepts < rows      one 0 or 1 a row: whether it parses, and as a statement sqlglot knows
    sqlglot_peer.py walk < rows         CPU seconds of parsing every row and walking its table and column names

Rows are JSON lines {"dialect", "sql"}.
"""
import json, logging, sys, time
import sqlglot
from sqlglot import exp

logging.disable(logging.CRITICAL)


def accepts(row):
    try:
        statements = [s for s in sqlglot.parse(row["sql"], read=row["dialect"]) if s is not None]
    except Exception:
        return False
    return bool(statements) and not any(isinstance(s, exp.Command) for s in statements)


def walk(row):
    tree = sqlglot.parse_one(row["sql"], read=row["dialect"])
    tables = [table.name for table in tree.find_all(exp.Table)]
    columns = [column.name for column in tree.find_all(exp.Column)]
    return len(tables) + len(columns)


def main():
    rows = [json.loads(line) for line in sys.stdin]
    if sys.argv[1] == "accepts":
        for row in rows:
            print(int(accepts(row)))
        return
    for row in rows[:200]:
        walk(row)
    began = time.process_time()
    for row in rows:
        walk(row)
    compiled = sqlglot.parser.__file__.endswith(".so")
    print(json.dumps({"seconds": time.process_time() - began, "compiled": compiled, "version": sqlglot.__version__}))


main()
