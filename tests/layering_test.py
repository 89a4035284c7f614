#!/usr/bin/env python3
"""Reads the sources and fails on what the layers forbid.

  layering_test.py TOP       TOP: of the tree, with src/ and include/shoal/

An arrow that points up or sideways; a private header used from another layer; a public header that takes more than
the standard library; mpi.h or hdf5.h outside their rooms; a folder of two subjects (more than 30 units or 4,000
lines); two types of one name in one namespace, or two inline functions that take the same, which the linker would
silently take for one; two private things of one name in a layer, or in its tests: sources are compiled in batches,
where one would hide or overload the other; what clang 14 cannot compile with the library of g++ 12.
"""
import pathlib
import re
import sys

# cli > show > tune > run > train > {config, guard, infer} > {nn, optim, comm, data} > {graph, io} > tensor > core.
# Layers in braces do not know each other.
BELOW = {
    "core": "",
    "tensor": "core",
    "graph": "core tensor",
    "io": "core tensor",
    "nn": "core tensor graph io",
    "optim": "core tensor graph io",
    "comm": "core tensor graph io",
    "data": "core tensor graph io",
    "config": "core tensor graph io nn optim data",
    "guard": "core tensor graph io comm",
    "infer": "core tensor graph io nn data",
    "train": "core tensor graph io nn optim comm data config guard infer",
    "run": "core tensor graph io nn optim comm data config guard infer train",
    "tune": "core tensor graph io nn optim comm data config guard infer train run",
    "show": "core tensor graph io nn optim comm data config guard infer train run tune",
    "cli": "core tensor graph io nn optim comm data config guard infer train run tune show",
}
BELOW = {layer: set(others.split()) for layer, others in BELOW.items()}
ROOM_OF = {"mpi.h": "src/comm/mpi/", "hdf5.h": "src/io/hdf5/"}
# Highway's own headers in a public one: layers with kernels need it, users never.
OTHER_HEADERS = {("include/shoal/tensor/targets.hpp", "hwy/detect_targets.h")}
MOST_UNITS, MOST_LINES = 30, 4000
# Views, and functions that return a part of a range as one.
NOT_IN_CLANG = re.compile(r"std::(?:ranges::)?views?::|std::ranges::(?:subrange|equal_range|unique|remove|remove_if|"
                          r"partition|stable_partition|rotate|search|search_n|find_end)\b")

top = pathlib.Path(sys.argv[1])
files = sorted(p for folder in ("include/shoal", "src") for p in (top / folder).rglob("*.[ch]pp"))
if not files:
    sys.exit(f"no sources under {top}")
faults = []


def layer_of(name):
    found = re.match(r"(?:include/shoal|src)/([a-z]+)/", name)
    return found[1] if found else "cli"  # include/shoal/shoal.hpp, which gathers all layers for users


def judge_include(name, layer, bracket, header):
    room = ROOM_OF.get(header)
    if room and not name.startswith(room):
        faults.append(f"{name}: {header} belongs to {room} alone")
    path = header.removeprefix("shoal/")
    other = path.split("/")[0] if "/" in path else ""
    if other in BELOW and (bracket == '"' or header.startswith("shoal/")):
        if other != layer and other not in BELOW[layer]:
            faults.append(f"{name}: {layer} may not include {header}")
        elif other != layer and path == header:
            faults.append(f"{name}: {header} is private to {other}")
        if name.startswith("include/") and path == header:
            faults.append(f"{name}: a public header may not include the private {header}")
    elif name.startswith("include/") and re.search(r"[/.]", header) and header != "shoal/shoal.hpp":
        if (name, header) not in OTHER_HEADERS:
            faults.append(f"{name}: a public header may include the standard library alone, not {header}")


def without_words(text):
    """Comments and literals away, so that braces count."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r'R"\w*\(.*?\)\w*"', '""', text, flags=re.S)
    return re.sub(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', '""', text)


def signature_of(head):
    """Name and types of parameters of a function whose definition begins so; None where it is none."""
    function = re.match(r"(?:template\s*(<.*?>)\s*(?=[^<>]*\s[\w:]+\s*\()|)(?:[^()=]*?[\s&*>])(operator\S+?|\w+)\s*\((.*)\)"
                        r"\s*(?:noexcept)?$", re.sub(r"\[\[\w+\]\]\s*", "", head), flags=re.S)
    if not function or function[2] in ("if", "for", "while", "switch"):
        return None
    types = [re.sub(r"\s*=.*|(?<=[\s&*>])\w+\s*(?=$|=)", "", one.strip()) for one in function[3].split(",")]
    return " ".join(f"{function[1] or ''}{function[2]}({','.join(types)})".split())


def defined_in(text, functions_too):
    """Qualified names of the types that a file defines at namespace scope and that other files can see; if asked for, of
    functions too, each with the types of its parameters."""
    scopes, found, begin = [], [], 0  # scopes: a namespace's name, "" for a nameless one, None for anything else
    for mark in re.finditer(r"[{};]", text):
        head = text[begin:mark.start()].strip()
        begin = mark.end()
        if mark[0] == "{":
            space = re.search(r"\bnamespace\s*([\w:]*)\s*$", head)
            kind = re.search(r"^(?!.*[=(]\s*$)(?:.*\s)?(?:class|struct|union|enum(?:\s+(?:class|struct))?)\s+"
                             r"([A-Za-z_]\w*)\s*(?:final\s*)?(?::[^:].*)?$", head, flags=re.S)
            if not space and None not in scopes and "" not in scopes:
                name = kind[1] if kind else signature_of(head) if functions_too else None
                if name:
                    found.append("::".join([*scopes, name]))
            scopes.append(space[1] if space else None)
        elif mark[0] == "}" and scopes:
            scopes.pop()
    return found


def private_names(text):
    """Names that nameless namespaces define, each with what it must be alike with: an alias with itself."""
    for space in re.findall(r"^namespace \{\n(.*?)^\}  // namespace$", text, flags=re.S | re.M):
        for line in re.findall(r"^[A-Za-z_\[].*", space, flags=re.M):
            kind = re.match(r"(?:struct|class|enum class|enum)\s+(\w+)", line)
            alias = re.match(r"(?:using|namespace)\s+(\w+) =.*", line)
            value = re.match(r"(?!using|namespace|TEST|class|struct|enum)[^=(]*?[\s&*>](\w+)\s*[(={;\[]", line)
            if kind or alias or value:
                yield (kind or alias or value)[1], line if alias else None


def up_to_end(text, begin, pair="{}"):
    """The rest of the block, or of another pair of brackets, that `begin` lies in."""
    depth = 0
    for mark in re.finditer(f"[{re.escape(pair)}]", text[begin:]):
        depth += 1 if mark[0] == pair[0] else -1
        if depth < 0:
            return text[begin:begin + mark.start()]
    return text[begin:]


def reach_of(text, binding):
    """What can see a structured binding that lies there: the body of its loop, or the rest of its block."""
    if not re.match(r"\s*:", text[binding.end():]):
        return up_to_end(text, binding.end())
    body = binding.end() + len(up_to_end(text, binding.end(), "()")) + 1
    block = re.match(r"\s*\{", text[body:])
    return up_to_end(text, body + block.end()) if block else text[body:text.index(";", body)]


def bindings_in_lambdas(text):
    """Names of `auto [a, b]` that a lambda uses which takes all, or that stand in its brackets but for `a = a`."""
    for binding in re.finditer(r"\bauto\s*&{0,2}\s*\[([\w\s,]+)\]", text):
        reach = reach_of(text, binding)
        for taker in re.finditer(r"(?<![\w\])])\s*\[([&=][^\]]*|[\w&\s,]+)\]\s*(?:\([^{};]*\)[^{};]*)?\{", reach):
            made = re.findall(r"(\w+)\s*=", taker[1])
            used = taker[1] + (up_to_end(reach, taker.end()) if re.match(r"[&=]\s*(,|$)", taker[1]) else "")
            for name in re.split(r"[\s,]+", binding[1].strip()):
                if name not in made and re.search(rf"(?<![\w.>]){name}\b", used):
                    yield name


defined, folders, private = {}, {}, {}
for file in files:
    name, text = file.relative_to(top).as_posix(), file.read_text()
    layer = layer_of(name)
    folder = re.sub(r"^include/shoal/", "src/", file.parent.relative_to(top).as_posix() + "/")
    units, lines = folders.get(folder, (0, 0))
    folders[folder] = (units + name.endswith(".cpp"), lines + text.count("\n"))
    if layer not in BELOW:
        faults.append(f'{name}: "{layer}" is not a layer')
        continue
    for bracket, header in re.findall(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', text, flags=re.M):
        judge_include(name, layer, bracket, header)
    # Two functions of one name that are not inline do not link: headers alone can hide such a pair.
    for one in defined_in(without_words(text), name.endswith(".hpp")):
        defined.setdefault(one, []).append(name)

for folder in ("src", "tests"):
    for file in sorted((top / folder).rglob("*.cpp")):
        name, text = file.relative_to(top).as_posix(), file.read_text()
        for private_name, alias in private_names(text):
            same = private.setdefault(("/".join(name.split("/")[:2]), private_name), {})
            same.setdefault(alias or name, name)

for folder in ("include", "src", "tests"):
    for file in sorted((top / folder).rglob("*.[ch]pp")):
        name, text = file.relative_to(top).as_posix(), file.read_text()
        for found in NOT_IN_CLANG.findall(text):
            faults.append(f"{name}: clang 14 does not compile {found}")
        for found in bindings_in_lambdas(without_words(text)):
            faults.append(f"{name}: clang 14 does not compile a lambda that takes {found} of a structured binding")

for (layer, private_name), places in sorted(private.items()):
    if len(places) > 1:
        faults.append(f"two private things of {layer} are called {private_name}: {', '.join(places.values())}")
for folder, (units, lines) in sorted(folders.items()):
    if units > MOST_UNITS or lines > MOST_LINES:
        faults.append(f"{folder}: {units} units and {lines} lines are two subjects ({MOST_UNITS}, {MOST_LINES})")
for one, places in sorted(defined.items()):
    if len(set(places)) > 1:
        faults.append(f"two of {one}: {', '.join(places)}")

if faults:
    sys.exit("what the layers forbid:\n  " + "\n  ".join(faults))
largest = max(folders.items(), key=lambda item: item[1][1])
print(f"{len(files)} files, all arrows point down; {len(defined)} types and functions, each of one name; "
      f"largest folder {largest[0]} with {largest[1][0]} units and {largest[1][1]} lines")
