"""Copy a board's file, also while servers use it: give its path and that of the copy."""

import os
import sqlite3
import sys
from contextlib import closing

source, target = sys.argv[1:]
os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o600))  # for your eyes only, and never over another file
with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as board, closing(sqlite3.connect(target)) as copy:
    board.backup(copy)
    print(copy.execute("pragma integrity_check").fetchone()[0])
