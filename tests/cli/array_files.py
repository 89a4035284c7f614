"""Files of arrays as people write them. Which way is drawn."""
import gzip
import pathlib
import struct

import h5py
import numpy as np

IDX = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


class ArrayFiles:
    """Writes x and y by self.draw. Each write_KIND() returns the options of import and those of predict."""

    def chance(self, share):
        return self.draw.random() < share

    def write_as(self, kind, x, y, name):
        return getattr(self, "write_" + kind)(x, y, self.folder / name)

    def swapped(self, array):
        """As it may lie in memory and files."""
        if array.dtype.kind in "iuf" and self.chance(0.4):
            array = array.astype(array.dtype.newbyteorder(">"))
        return np.asfortranarray(array) if self.chance(0.4) else array

    def write_npy(self, x, y, path):
        names = {"x": x, "y": y} if y is not None else {"x": x}
        made = {}
        for name, array in names.items():
            made[name] = f"{path}-{name}.npy"
            with (gzip.open if self.chance(0.2) else open)(made[name], "wb") as f:
                np.lib.format.write_array(f, self.swapped(array), version=self.draw.choice([(1, 0), (2, 0), (3, 0), None]))
        return ["npy", "--x", made["x"]] + (["--y", made["y"]] if y is not None else []), [made["x"]]

    def write_npz(self, x, y, path):
        names = self.draw.choice([("x", "y"), ("data/x", "data/y"), ("x y", "ä"), ("x.npy", "y.npz"), ("arr_0", "arr_1")])
        arrays = {names[0]: self.swapped(x)} | ({} if y is None else {names[1]: self.swapped(y)}) | {"other": np.zeros(3)}
        file = f"{path}.npz"
        (np.savez_compressed if self.chance(0.5) else np.savez)(file, **arrays)
        return ["npy", "--x", f"{file}:{names[0]}"] + (["--y", f"{file}:{names[1]}"] if y is not None else []), [f"{file}:{names[0]}"]

    def write_idx(self, x, y, path):
        made = []
        for name, array in (("x", x), ("y", y)):
            if array is None:
                continue
            made.append(f"{path}-{name}-idx{array.ndim}")
            header = bytes([0, 0, IDX[array.dtype.str[1:]], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
            with (gzip.open if self.chance(0.3) else open)(made[-1], "wb") as f:
                f.write(header + array.astype(array.dtype.newbyteorder(">")).tobytes())
        return ["idx", "--images", made[0]] + (["--labels", made[1]] if y is not None else []), [made[0]]

    def write_hdf5(self, x, y, path):
        """In one file or in several, x as one array or side by side."""
        draw = self.draw
        if not hasattr(self, "places"):
            self.places = draw.choice([("x", "y"), ("a/b/x", "a/y"), ("features ä", "y")])
            self.cut = draw.randint(1, x.shape[1] - 1) if x.ndim == 2 and x.shape[1] > 1 and self.chance(0.2) else 0
        place, of_y = self.places
        ends = [0, draw.randint(1, len(x) - 1), len(x)] if len(x) > 1 and self.chance(0.3) else [0, len(x)]
        files = []
        for first, end in zip(ends, ends[1:]):
            files.append(f"{path}-{first}.h5")
            arrays = {place: x[first:end, :self.cut], place + "2": x[first:end, self.cut:]} if self.cut else {place: x[first:end]}
            self.write_h5(files[-1], arrays | ({} if y is None else {of_y: y[first:end]}), of_y)
        names = f"{place},{place}2" if self.cut else place
        raw = [word for file in files for word in ("--data", file)][1:] + ["--x", names]
        return ["hdf5", *files, "--x", names] + (["--y", of_y] if y is not None else []), raw

    def write_h5(self, file, arrays, of_y):
        draw = self.draw
        with h5py.File(file, "w", libver=draw.choice(["earliest", ("earliest", "v108")])) as f:
            for place, array in arrays.items():
                options = {}
                if self.chance(0.6):
                    options["chunks"] = tuple(draw.randint(1, extent) for extent in array.shape)
                    options["compression"] = draw.choice([None, "gzip"])
                    options["shuffle"], options["fletcher32"] = self.chance(0.3), self.chance(0.3)
                    if self.chance(0.3):
                        options["maxshape"] = (None,) + array.shape[1:]
                array = self.swapped(array)
                made = f.create_dataset(place, shape=array.shape, dtype=array.dtype, **options)
                made[...] = array
                made.attrs.update(self.attributes if place != of_y else {}, long_name="of something")

    def write_libsvm(self, x, y, path):
        draw, file = self.draw, f"{path}.svm"
        zeros, order, queries, notes = self.chance(0.2), self.chance(0.3), self.chance(0.2), self.chance(0.3)
        lines = ["# made by hand"] if notes else []
        for row, label in zip(x, y):
            text = f"{label:.17g}" if label != int(label) else draw.choice([f"{int(label)}", f"{int(label)}.0", f"{int(label):+d}"])
            entries = [f"{c + self.base}:{v:.{self.digits}g}" for c, v in enumerate(row) if v or zeros or c == 0 == self.base]
            if order:
                draw.shuffle(entries)
            between = draw.choice([" ", " ", "  ", "\t"])
            lines.append(between.join([text] + (["qid:3"] if queries else []) + entries) + draw.choice(["", "", " ", " # so" if notes else ""]))
        end = draw.choice(["\n", "\n", "\r\n"])
        data = (draw.choice(["", "", "\ufeff"]) + end.join(lines) + draw.choice([end, end, ""])).encode()
        pathlib.Path(file).write_bytes(gzip.compress(data) if self.chance(0.2) else data)
        return ["libsvm", file], [file]
