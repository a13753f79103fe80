"""The same work by the usual Python drivers, one reused connection each; prints seconds as JSON.

    python3 peers.py statements <driver> <url parts as JSON> <statements as JSON file>
    python3 peers.py metadata <driver> <url parts as JSON>
"""

import json
import sys
import time


def connect(driver, parts):
    if driver == "sqlite":
        import sqlite3

        return sqlite3.connect(parts["path"])
    if driver == "postgres":
        import psycopg2

        connection = psycopg2.connect(host=parts["host"], port=parts["port"], user=parts["user"], dbname=parts["database"])
        connection.autocommit = True
        return connection
    import pymysql

    return pymysql.connect(host=parts["host"], port=parts["port"], user=parts["user"], database=parts["database"], autocommit=True)


def statements(driver, parts, path):
    with open(path, encoding="utf-8") as file:
        texts = json.load(file)
    connection = connect(driver, parts)
    cursor = connection.cursor()
    started, cpu = time.perf_counter(), time.process_time()
    rows = 0
    for text in texts:
        cursor.execute(text)
        rows += len(cursor.fetchall())
    return {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu, "rows": rows}


def metadata(driver, parts):
    import sqlalchemy

    scheme = {"postgres": "postgresql+psycopg2", "mysql": "mysql+pymysql"}[driver]
    engine = sqlalchemy.create_engine(f"{scheme}://{parts['user']}@{parts['host']}:{parts['port']}/{parts['database']}")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("SELECT 1"))
        inspector = sqlalchemy.inspect(connection)
        started, cpu = time.perf_counter(), time.process_time()
        columns = inspector.get_multi_columns()
        inspector.get_multi_pk_constraint()
        inspector.get_multi_foreign_keys()
        inspector.get_multi_unique_constraints()
        inspector.get_multi_check_constraints()
        inspector.get_multi_table_comment()
        return {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu, "rows": sum(len(one) for one in columns.values())}


if __name__ == "__main__":
    mode, driver, parts = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    print(json.dumps(statements(driver, parts, sys.argv[4]) if mode == "statements" else metadata(driver, parts)))
