#!/usr/bin/env python3
"""Tables drawn at random, written as people write them: any delimiter, quotes, line ends, encoding, decimal mark, spelling of
missing cells, of dates and of flags. What `import csv` makes of each must hold the values that were written, or be refused;
`predict` of the same file, its columns in another order, must give what it gives for the imported set.

  any_table.py SHOAL [--from 1] [--count 20] [--keep FOLDER]

Each table is a function of its number. What is refused is told, with the reason.
"""
import datetime
import gzip
import json
import pathlib
import random
import sys

import h5py
import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from drawn import Failure, campaign, compare, predicted, run, train  # noqa: E402

WORDS = ["red", "blue", "dark green", "São Paulo", "O'Neill", "naïve", "x-1", "A&B", "北京", "Ærø", "semi;colon", "com,ma", "ta\tb",
         "pi|pe", 'say "hi"', "two\nlines", "NA", "1st", "-", "None", "#5", "100%", "=sum", "new york", "a.b", "7up", "e"]
MISSING = ["", "", "NA", "nan", "null", "None", "?", "-", "N/A", "n/a"]
FLAGS = [("no", "yes"), ("false", "true"), ("False", "True"), ("FALSE", "TRUE"), ("N", "Y"), ("m", "f")]
DATES = ["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ",
         "%d.%m.%Y %H:%M"]
YEAR_LAST = {"dmy": ["%d/%m/%Y", "%d-%m-%Y", "%d/%m/%Y %H:%M:%S"], "mdy": ["%m/%d/%Y", "%m/%d/%Y %I:%M %p", "%m-%d-%Y %H:%M"]}
EPOCH = datetime.datetime(1970, 1, 1)


class Column:
    """Its cells as text and as what they mean: a number, a text, or None where it is missing."""

    def __init__(self, table, name, rows):
        draw = table.draw
        self.name = name
        self.type = draw.choice(["whole", "number", "number", "category", "category", "flag", "date"])
        gaps = draw.choice([0.0, 0.0, 0.1, 0.4])
        self.values, self.texts = getattr(self, "draw_" + self.type)(table, rows)
        if self.type in ("category", "flag"):
            spellings = [""]
        else:
            spellings = draw.sample(MISSING, 2)
        for row in range(1, rows):  # the first row has all
            if draw.random() < gaps:
                self.values[row], self.texts[row] = None, draw.choice(spellings)

    def draw_whole(self, table, rows):
        low, high = table.draw.choice([(0, 9), (-50, 50), (0, 100000), (-(2**40), 2**40), (0, 1)])
        values = [table.draw.randint(low, high) for _ in range(rows)]
        return [float(v) for v in values], [("+" if table.plus and v > 0 else "") + str(v) for v in values]

    def draw_number(self, table, rows):
        scale, digits = 10 ** table.draw.uniform(-8, 8), table.draw.randint(1, 17)
        style = table.draw.choice(["g", "g", "e", "E", "f"])
        thousands = style == "f" and table.draw.random() < 0.4
        values, texts = [], []
        for _ in range(rows):
            value = table.draw.gauss(0, scale)
            text = f"{value:.{digits}g}" if style == "g" else f"{value:.{digits}{style}}" if style in "eE" else f"{value:.3f}"
            values.append(float(text))
            if thousands:
                text = f"{value:,.3f}"
            if style != "f" and table.draw.random() < 0.1:
                text = text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
            if table.decimal == ",":
                text = text.translate(str.maketrans(".,", ",."))
            texts.append(text)
        return values, texts

    def draw_category(self, table, rows):
        words = table.draw.sample(table.words, table.draw.randint(3, min(12, len(table.words))))
        values = [table.draw.choice(words) for _ in range(rows)]
        values[:3] = words[:3]
        return values, list(values)

    def draw_flag(self, table, rows):
        pair = table.draw.choice(FLAGS)
        values = [table.draw.choice(pair) for _ in range(rows)]
        values[:2] = pair
        return values, list(values)

    def draw_date(self, table, rows):
        form = table.draw.choice(DATES + table.year_last)
        values, texts = [], []
        for row in range(rows):
            day = EPOCH + datetime.timedelta(seconds=table.draw.randint(-10**9, 2 * 10**9))
            if row == 0:
                day = day.replace(day=25)  # which no month is
            texts.append(day.strftime(form))
            values.append((datetime.datetime.strptime(texts[-1], form) - EPOCH).total_seconds())
        return values, texts


class Table:
    def __init__(self, number, folder):
        self.draw = random.Random(number)
        self.folder = folder
        self.rows = self.draw.randint(12, 400)
        self.delimiter = self.draw.choice([",", ",", ",", ";", "\t", "|"])
        self.decimal = self.draw.choice([".", ","]) if self.delimiter in ";\t" else "."
        self.plus = self.draw.random() < 0.1
        self.quoted = self.draw.random() < 0.2  # all cells
        self.spaces = not self.quoted and self.delimiter in ",;" and self.draw.random() < 0.1
        self.year_last = YEAR_LAST[self.draw.choice(["dmy", "mdy"])]
        self.words = [w for w in WORDS if self.draw.random() < 0.7] + ["one", "two", "three"]
        if self.spaces:
            self.words = [w for w in self.words if not any(c in w for c in '"\n\t,;')]
        names = self.draw.sample(["size", "price €", "x", "y2", "when", "col umn" if self.spaces else "col,umn", "", "Name", "a b", "3", "id", "é"], self.draw.randint(2, 9))
        if not set(names) - {"", "3"}:  # alone it may as well be a row
            names.append("x")
        self.columns = [Column(self, name, self.rows) for name in names if name]
        self.labels = [self.draw.choice(["low", "mid", "high"]) for _ in range(self.rows)]
        self.labels[:3] = ["low", "mid", "high"]
        self.write("table.csv", self.columns)
        self.write("again.csv", self.draw.sample(self.columns, len(self.columns)))

    def cell(self, text):
        pressing = any(c in text for c in ('"', "\n", "\r", self.delimiter)) or text != text.strip()
        if self.quoted or pressing:
            text = '"' + text.replace('"', '""') + '"'
        return text

    def write(self, name, columns):
        draw = self.draw
        rows = [[c.name for c in columns] + ["label"]]
        rows += [[c.texts[r] for c in columns] + [self.labels[r]] for r in range(self.rows)]
        end = draw.choice(["\n", "\n", "\r\n"])
        between = self.delimiter + (" " if self.spaces else "")
        text = end.join(between.join(map(self.cell, row)) for row in rows) + draw.choice([end, end, "", end + end])
        encoding = draw.choice(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16"])
        data = text.encode(encoding)
        if draw.random() < 0.15:
            data = gzip.compress(data)
        (self.folder / name).write_bytes(data)


def compare_cells(table, told):
    with h5py.File(table.folder / "set.h5") as f:
        x, y = f["train/x"][()], f["train/y"][()]
        features = {one["name"]: (d, one) for d, one in enumerate(json.loads(f.attrs["table"][0])["features"])}
        classes = [name.decode() if isinstance(name, bytes) else name for name in f.attrs["class_names"]]
    if len(x) != table.rows:
        raise Failure(f"{len(x)} rows of {table.rows}")
    if [classes[label] for label in y] != table.labels:
        raise Failure("labels differ")
    for column in table.columns:
        if column.name not in features:
            if len(set(column.values) - {None}) > 1:
                raise Failure(f"column {column.name!r} is gone: {told}")
            continue
        d, feature = features[column.name]
        names = feature.get("categories")
        for r, wanted in enumerate(column.values):
            found = x[r, d]
            found = None if np.isnan(found) else names[int(found)] if names else float(found)
            if isinstance(wanted, float) and isinstance(found, str):
                raise Failure(f"column {column.name!r} ({column.type}) is of texts: {column.texts[:6]}\n{told}")
            good = found == wanted or (isinstance(wanted, float) and found is not None and x.dtype == np.float32
                                       and np.float32(wanted) == np.float32(found) and len(column.texts[r].strip("-+0.,")) < 14)
            if not good:
                raise Failure(f"column {column.name!r} ({column.type}), row {r}: {column.texts[r]!r} became {found!r}\n{told}")


def hold(shoal, table):
    """Empty, or why the table is refused; else Failure."""
    done = run(shoal, table.folder, "import", "csv", "table.csv", "--label", "label", "-o", "set.h5")
    if done.returncode != 0:
        return done.stderr.strip().split("\n")[-1]
    compare_cells(table, done.stdout)
    if why := train(shoal, table.folder):
        return why
    wanted = predicted(shoal, table.folder, "set.h5", "--split", "train")
    for data in "table.csv", "again.csv":
        compare(data, predicted(shoal, table.folder, data), wanted)
    return ""


if __name__ == "__main__":
    campaign(__doc__, lambda shoal, number, folder: hold(shoal, Table(number, folder)))
