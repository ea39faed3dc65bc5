"""Starts the emulator, with the parts of AWS that it lacks where they are asked for.

usage: python overlay [--stock] [gap …]; every gap of this folder where none is named. It ends when its standard input
does, so that it cannot outlive whoever started it.
"""

import importlib
import importlib.metadata
import os
import pathlib
import signal
import sys
import threading

WRITTEN_FOR = "1.5.33"


def end_with_parent():
    # Not by a Python file object, whose lock would be held when the interpreter ends.
    while os.read(0, 1024):
        pass
    # The workers of functions are of this group. A group that somebody else leads is not ours to end.
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def main():
    installed = importlib.metadata.version("ministack")
    if installed != WRITTEN_FOR:
        sys.exit(f"the overlay was written for ministack {WRITTEN_FOR}, found {installed}: run its tests on stock first")
    threading.Thread(target=end_with_parent, daemon=True).start()
    names = sys.argv[1:]
    gaps = sorted(p.stem for p in pathlib.Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))
    for gap in [] if names == ["--stock"] else names or gaps:
        importlib.import_module(gap).patch()
    sys.argv = sys.argv[:1]
    from ministack.app import main as serve

    serve()


main()
