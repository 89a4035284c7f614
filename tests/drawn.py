"""What tests share whose cases are drawn at random: each case is a function of its number."""
import argparse
import collections
import os
import pathlib
import shutil
import sys
import tempfile


class Failure(Exception):
    pass


def campaign(description, hold):
    """SHOAL [--from 1] [--count 20] [--keep FOLDER]. Calls hold(shoal, number, folder) for one number after the other: it
    raises Failure, or returns why the case is refused, or "". Goes on until so many were not refused, and exits."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shoal")
    parser.add_argument("--from", type=int, default=1, dest="number", help="the first case")
    parser.add_argument("--count", type=int, default=20, help="cases that are not refused")
    parser.add_argument("--keep", help="where the files of cases that failed are left")
    options = parser.parse_args()
    shoal, number = os.path.abspath(options.shoal), options.number
    counts = collections.Counter()
    while counts["held"] + counts["FAILED"] < options.count:
        with tempfile.TemporaryDirectory() as folder:
            try:
                why = hold(shoal, number, pathlib.Path(folder))
                outcome = "refused" if why else "held"
            except Failure as failure:
                outcome, why = "FAILED", str(failure)
                if options.keep:
                    shutil.copytree(folder, pathlib.Path(options.keep) / str(number), symlinks=True, dirs_exist_ok=True)
        counts[outcome] += 1
        print(f"{number}: {outcome}{': ' if why else ''}{why}", flush=True)
        number += 1
    print(f"{counts['held']} held, {counts['FAILED']} failed, {counts['refused']} refused")
    sys.exit(1 if counts["FAILED"] else 0)
