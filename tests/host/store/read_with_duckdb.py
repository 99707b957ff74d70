"""Reads every table and view of a results file with DuckDB and with SQLite: as many rows, counted as well as fetched.
Ends with 77 where DuckDB or its extension for SQLite is not installed (duckdb, duckdb-extension-sqlite-scanner)."""
import sqlite3
import sys

file = sys.argv[1]
try:
    import duckdb
except ImportError:
    print("duckdb is not installed")
    sys.exit(77)
connection = duckdb.connect()
try:
    import glob, os
    import duckdb_extension_sqlite_scanner as package
    found = glob.glob(os.path.join(list(package.__path__)[0], "extensions", "*", "sqlite_scanner.duckdb_extension"))
    connection.execute(f"LOAD '{found[0]}'" if found else "LOAD sqlite")
except Exception as why:
    try:
        connection.execute("LOAD sqlite")
    except Exception:
        print("duckdb's extension for SQLite is not installed:", why)
        sys.exit(77)
connection.execute(f"ATTACH '{file}' AS results (TYPE sqlite, READ_ONLY)")
connection.execute("USE results")
same = sqlite3.connect(file)
bad = 0
for (name,) in same.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall():
    expected = same.execute(f'SELECT * FROM "{name}"').fetchall()
    try:
        rows = connection.execute(f'SELECT * FROM "{name}"').fetchall()
        count = connection.execute(f'SELECT count(*) FROM "{name}"').fetchall()[0][0]
    except Exception as problem:
        print(f"{name}: {problem}")
        bad = 1
        continue
    if not len(rows) == count == len(expected):
        print(f"{name}: {len(rows)} rows, {count} counted, {len(expected)} with SQLite")
        bad = 1
board = "SELECT task, encoder, rank, round(value, 9) FROM leaderboard ORDER BY 1, 3, 2"
if connection.execute(board).fetchall() != same.execute(board).fetchall():
    print("the leaderboards differ")
    bad = 1
sys.exit(bad)
