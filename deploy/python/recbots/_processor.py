"""Refuses a processor for which the extension was not compiled, before its first instruction could end the process."""

# What x86-64-v3 has beyond x86-64, under the names of /proc/cpuinfo.
_NEEDED = ("avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "abm", "popcnt", "sse4_2")


def missing(flags):
    """The needed features that `flags`, the words of a line of /proc/cpuinfo, lacks."""
    have = set(flags)
    return [feature for feature in _NEEDED if feature not in have]


def check(path="/proc/cpuinfo"):
    """ImportError if the processor lacks something. Where that cannot be told, nothing is refused."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            flags = next((line.partition(":")[2].split() for line in file if line.startswith("flags")), None)
    except OSError:
        return
    lacks = missing(flags) if flags is not None else []
    if lacks:
        raise ImportError(f"recbots is compiled for x86-64-v3, and this processor lacks {' '.join(lacks)}: "
                          "build it on this machine with RECBOTS_PYTHON_ARCH=x86-64 pip install ./deploy/python")
