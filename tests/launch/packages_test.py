#!/usr/bin/env python3
"""cpack makes a .deb and a .rpm of a build as it stands: their fields, their files, and that the program of the unpacked .deb
trains to the digest that README.md shows.

    packages_test.py SHOAL FOLDER SOURCES BUILD CPACK MPIRUN      MPIRUN: empty for a build without MPI
"""
import gzip
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

shoal, folder, sources, build = (pathlib.Path(word).resolve() for word in sys.argv[1:5])
cpack, mpirun = sys.argv[5:7]
DIGEST = "4162057352da3a6c2375a144f36b1c2c"


def run(*words, **more):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, **more)
    assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def made_by_cpack(generator, ending):
    with tempfile.TemporaryDirectory() as work:  # cpack of CMake 3.31 makes no .deb below a folder whose name is not ASCII
        run(cpack, "--config", str(build / "CPackConfig.cmake"), "-G", generator, "-B", work)
        package, = pathlib.Path(work).glob(f"*.{ending}")
        return pathlib.Path(shutil.move(package, folder))


def deb(package, version):
    assert re.fullmatch(rf"shoal_{version}-1_[a-z0-9]+\.deb", package.name), package.name
    fields = dict(re.findall(r"^ *([A-Z][A-Za-z-]*): (.*(?:\n .*)*)", run("dpkg-deb", "-f", str(package)), re.M))
    assert fields["Package"] == "shoal" and fields["Version"] == f"{version}-1" and fields["Section"] == "science", fields
    needs = {need.split()[0] for need in fields["Depends"].split(", ")}
    for library in ("libc6", "libstdc", "libhdf5", "libfmt", "libhwy", *(["mpi"] if mpirun else [])):
        assert any(library in need for need in needs), f"{library} is not among {needs}"
    assert not mpirun or fields["Recommends"] in ("openmpi-bin", "mpich"), fields
    lines = fields["Description"].splitlines()
    assert len(lines) > 3 and max(map(len, lines)) <= 81, lines
    listed = run("dpkg-deb", "-c", str(package))
    assert all(line.split()[1] == "root/root" for line in listed.splitlines()), listed
    assert "activate-noawait ldconfig" in run("dpkg-deb", "-I", str(package), "triggers")
    root = folder / "root"
    run("dpkg-deb", "-x", str(package), str(root))
    doc = root / "usr/share/doc/shoal"
    assert "common-licenses/Apache-2.0" in (doc / "copyright").read_text() and "Bostock" in (doc / "copyright").read_text()
    assert gzip.decompress((doc / "changelog.gz").read_bytes()) == (sources / "CHANGELOG.md").read_bytes()
    assert gzip.decompress((doc / "changelog.Debian.gz").read_bytes()).startswith(f"shoal ({version}-1) ".encode())
    page = gzip.decompress((root / "usr/share/man/man1/shoal-train.1.gz").read_bytes())
    assert page == (build / "share/man/man1/shoal-train.1").read_bytes()
    return root


def rpm(package, version):
    assert re.fullmatch(rf"shoal-{version}-1\.\w+\.rpm", package.name), package.name
    asked = run("rpm", "-qp", "--qf", "%{NAME}|%{VERSION}|%{LICENSE}|%{SUMMARY}|%{DESCRIPTION}", str(package)).split("|")
    assert asked[:3] == ["shoal", version, "Apache-2.0 AND BSD-3-Clause"], asked
    assert "neural networks" in asked[3] and "to the last bit" in asked[4], asked
    needs = run("rpm", "-qp", "--requires", str(package))
    assert "libhdf5" in needs and "libstdc++" in needs and (not mpirun or "libmpi" in needs), needs
    files = run("rpm", "-qpl", str(package)).split()
    shared = {"/usr/bin", "/usr/lib", "/usr/share/man", "/usr/share/man/man1", "/usr/share/zsh", "/usr/lib/cmake",
              "/usr/lib/.build-id"}
    assert not shared & set(files), f"it owns folders of the system: {shared & set(files)}"
    return set(files)


def same_files(root, listed):
    """Both hold the same, but for what each system wants in share/doc."""
    def outside_doc(paths):
        return {path for path in paths if "/share/doc/" not in path}
    unpacked = {f"/{path.relative_to(root)}" for path in root.rglob("*") if path.is_symlink() or not path.is_dir()}
    missing = outside_doc(unpacked) - listed
    assert not missing, f"the .rpm lacks {missing}"
    extra = {path for path in outside_doc(listed) - unpacked if not (root / path[1:]).is_dir()}
    assert not extra, f"the .deb lacks {extra}"
    for ending in ("/bin/shoal", "/libshoal_infer.so.1", "/libshoal_train.a", "/include/shoal/shoal.hpp",
                   "/include/shoal/shoal.h", "/shoal/shoal.f90", "/shoal/shoal_load.py", "/cmake/shoal/shoalConfig.cmake",
                   "/pkgconfig/shoal_infer.pc", "/man5/shoal-config.5.gz", "/completions/shoal", "/_shoal", "/shoal.fish",
                   "/clusters/train.pbs", "/shoal/slurm.sbatch", "/shoal/environment.sh"):
        assert any(path.endswith(ending) for path in unpacked), f"{ending} is in no package"


def trains(program):
    """The digits of README.md, by the program and the settings for mpirun of the package."""
    assert program.stat().st_size <= shoal.stat().st_size and not program.samefile(shoal)
    work = folder / "work"
    (work / "runs").mkdir(parents=True)
    shutil.copytree(sources / "launch", work / "launch")
    run(str(program), "import", "csv", str(sources / "data/digits.csv.gz"), "--label", "label", "--shape", "8,8",
        "--test-fraction", "0.2", "-o", "runs/digits.h5", cwd=work)
    settings = program.parents[1] / "share/shoal/environment.sh"
    launcher = f'"{mpirun}" --bind-to none -np 2 ' if mpirun else ""
    run("bash", "-c", f'. "$1" && {launcher}"$2" train launch/digits.toml --run runs/demo', "bash", str(settings), str(program),
        cwd=work, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert DIGEST in run(str(program), "inspect", "runs/demo", cwd=work)


def main():
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    version = run(str(shoal), "--version").split()[1]
    root = deb(made_by_cpack("DEB", "deb"), version)
    same_files(root, rpm(made_by_cpack("RPM", "rpm"), version))
    trains(root / "usr/bin/shoal")
    print("a .deb and a .rpm with the same files; the unpacked program trains to", DIGEST)


main()
