#!/usr/bin/env python3
"""Writes each C++ program of a README to a file of its own, and prints their names: write_programs.py README FOLDER NAME"""
import pathlib
import sys

from readme_blocks import blocks

readme, folder, name = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
folder.mkdir(parents=True, exist_ok=True)
names = []
for number, (line, code) in enumerate(blocks(readme.read_text(), "cpp"), 1):
    file = folder / f"{name}_program_{number}.cpp"
    code = f'#line {line} "{readme}"\n{code}'
    if not file.exists() or file.read_text() != code:  # else it would be compiled again
        file.write_text(code)
    names.append(file.stem)
print(";".join(names))
