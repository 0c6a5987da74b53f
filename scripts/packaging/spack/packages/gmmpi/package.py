# SPDX-License-Identifier: BSD-3-Clause
"""gmmpi for Spack; scripts/packaging/README.md says how it is used."""

from spack.package import *

try:  # Spack 1.0 has build systems beside the packages
    from spack_repo.builtin.build_systems.cmake import CMakePackage
except ImportError:
    pass


class Gmmpi(CMakePackage):
    """Gaussian mixture models by expectation-maximisation on distributed memory: the same model to the last bit at any number of MPI
    processes and threads."""

    # The recipe comes with the sources, and builds these: spack dev-build, or spack develop --path.
    version("develop")

    license("BSD-3-Clause")

    variant("zstd", default=True, description="Read .zst files")
    variant("fits", default=True, description="Read FITS files")
    variant("python", default=False, description="What the Python package, pictures and reports need")

    depends_on("c", type="build")
    depends_on("cmake@3.20:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("random123", type="build")
    depends_on("mpi@3:")
    depends_on("hdf5@1.10:+mpi")
    depends_on("openblas")
    depends_on("jansson@2.11:")
    depends_on("zlib")
    depends_on("zstd", when="+zstd")
    depends_on("cfitsio", when="+fits")

    with when("+python"):
        depends_on("python@3.9:", type="run")
        depends_on("py-numpy", type="run")
        depends_on("py-h5py", type="run")
        depends_on("py-matplotlib@3.5:", type="run")

    def cmake_args(self):
        return [
            self.define("BUILD_TESTING", False),
            self.define("RANDOM123_INCLUDE_DIR", self.spec["random123"].prefix.include),
            self.define("GMMPI_PYTHON_PACKAGES", "lib/python3/site-packages"),
        ]

    def setup_run_environment(self, env):
        if self.spec.satisfies("+python"):
            env.prepend_path("PYTHONPATH", join_path(self.prefix.lib, "python3", "site-packages"))

    @run_after("install")
    def fit_something(self):
        """The program starts, and fits what comes with it."""
        gmmpi = Executable(join_path(self.prefix.bin, "gmmpi"))
        gmmpi("fit", join_path(self.prefix.share, "gmmpi", "data", "mall_customers.csv"), "--columns", "4,5", "-k", "5", "-o", "mall.h5")
