"""What processes use, from /proc."""

import os
import pathlib

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def _stat(pid):
    # The name in parentheses may hold spaces.
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def tree(pid):
    """`pid` and its descendants."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(_stat(entry.name)[1])
            except OSError:
                continue
    found = [pid]
    for each in found:
        found.extend(child for child, parent in parents.items() if parent == each)
    return found


def processor_seconds(pid):
    """User and system time of a process tree so far."""
    total = 0
    for each in tree(pid):
        fields = _stat(each)
        total += int(fields[11]) + int(fields[12])
    return total / _TICK


def resident_bytes(pid):
    """Resident memory of a process tree."""
    return sum(int(_stat(each)[21]) * _PAGE for each in tree(pid))
