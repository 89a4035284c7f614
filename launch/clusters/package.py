# A Spack package (Spack 1.0 or later). Put it into a repository of one's own (spack repo create, spack repo add) as
# packages/shoal/package.py, then: spack install shoal
# With the sources at hand, in an environment: spack develop --path PATH shoal@0.1.0
#
# Change: git, the repository that sites can reach.
#
# Not run: no Spack here. A test parses it and compares its dependencies with what CMakeLists.txt looks for.
from spack_repo.builtin.build_systems.cmake import CMakePackage

from spack.package import *


class Shoal(CMakePackage):
    """Trains neural networks on CPUs, on one machine or on a cluster with MPI, to the same bits for any number of ranks."""

    homepage = "https://example.org/shoal"
    git = "https://example.org/shoal.git"

    license("Apache-2.0")

    version("0.1.0", tag="v0.1.0")
    # Pages draw with it; the version that Debian has.
    resource(
        name="d3",
        url="https://registry.npmjs.org/d3/-/d3-5.16.0.tgz",
        sha256="2e46da2089b9483a01f4cea7d27d62d463a31348ddd3c309a9a5dc2cb4568cfa",
        placement="d3",
    )

    variant("mpi", default=True, description="Train on many ranks with MPI")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("pkgconfig", type="build")

    depends_on("cli11")
    depends_on("cpp-httplib")
    depends_on("eigen@3.4:")
    depends_on("fmt")
    depends_on("hdf5~mpi")
    depends_on("highway")
    depends_on("jpeg")
    depends_on("libpng")
    depends_on("mpi", when="+mpi")
    depends_on("nlohmann-json")
    depends_on("random123")
    depends_on("tomlplusplus")
    depends_on("xxhash")
    depends_on("zlib-api")
    depends_on("zstd")

    @run_before("cmake")
    def describe_httplib(self):
        """Debian's cpp-httplib says by pkg-config where it is; Spack's has the header alone."""
        text = f"Name: cpp-httplib\nDescription: HTTP\nVersion: 0\nCflags: -I{self.spec['cpp-httplib'].prefix.include}\n"
        with open(join_path(self.stage.path, "cpp-httplib.pc"), "w") as file:
            file.write(text)

    def setup_build_environment(self, env):
        env.append_path("PKG_CONFIG_PATH", self.stage.path)

    def cmake_args(self):
        d3 = join_path(self.stage.source_path, "d3", "dist", "d3.min.js")
        return [
            self.define_from_variant("SHOAL_MPI", "mpi"),
            self.define("SHOAL_TESTS", self.run_tests),
            self.define("SHOAL_D3", d3),
        ]
