"""What a run's last digits depend on, in one line.

The study writes it beside the estimates. Where a later run writes the same line, the estimates must
be the same to the byte; elsewhere last digits may move, and `verify` says whether a conclusion did.
"""

import platform

import numpy  # noqa: F401 (loads the BLAS that threadpoolctl is asked about)
from llvmlite.binding import get_host_cpu_name
from threadpoolctl import threadpool_info


def line(versions: str) -> str:
    """System, processor, kernels of linear algebra, and versions of Python and packages.

    Parameters
    ----------
    versions : str
        As `run.versions` gives them.

    Returns
    -------
    str
        With the end of the line.
    """
    # UMAP is compiled for the processor that runs it, and BLAS picks a kernel of its own for it.
    kernels = sorted({i["architecture"] for i in threadpool_info() if "architecture" in i})
    where = [platform.system(), platform.machine(), get_host_cpu_name(), *kernels]
    return f"{' '.join(where)}; {versions}\n"
