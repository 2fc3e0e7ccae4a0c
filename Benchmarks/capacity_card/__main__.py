"""Measures and writes the card; see `Benchmarks/capacity --help`."""

import argparse
import pathlib
import subprocess
import sys
import tempfile

from localpool import DeadlineExceeded, ProcessDied

from . import card, pickers, plot
from .measurements import Bench, Failure
from .rows import ROWS, ContestedRow, EnduranceRow, GatewayRow, HeldRow, IdleRow, YardstickRow

ROOT = pathlib.Path(__file__).resolve().parents[1]


def parse_arguments():
    parser = argparse.ArgumentParser(prog="Benchmarks/capacity", allow_abbrev=False)
    parser.add_argument("--bin-dir", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "capacity.md")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows")
    parser.add_argument("--peer", type=pickers.peer, action="append", default=[])
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    if arguments.seconds <= 0 or arguments.rounds < 1:
        parser.error("--seconds must be positive and --rounds at least 1")
    if arguments.bin_dir is None and not arguments.list:
        parser.error("--bin-dir is needed")
    known = {row.name: row for row in ROWS}
    names = arguments.rows.split(",") if arguments.rows else [row.name for row in ROWS if not isinstance(row, EnduranceRow)]
    unknown = [name for name in names if name not in known]
    if unknown:
        parser.error(f"--rows: no row is named {unknown[0]!r}; --list names them")
    return arguments, [known[name] for name in names]


def measure(bench, row, contestant):
    kinds = {
        IdleRow: bench.idle,
        YardstickRow: bench.yardstick,
        GatewayRow: bench.gateway,
        ContestedRow: bench.contested,
        HeldRow: bench.held,
        EnduranceRow: bench.endurance,
    }
    return kinds.get(type(row), bench.load)(row, contestant)


def main():
    arguments, rows = parse_arguments()
    if arguments.list:
        for row in ROWS:
            print(f"{row.name:16} {row.title}")
        return 0
    contestants = [pickers.epp(arguments.bin_dir.resolve()), *arguments.peer]
    results, problems = {}, []
    with tempfile.TemporaryDirectory(prefix="epp-capacity.") as directory:
        bench = Bench(arguments.bin_dir.resolve(), pathlib.Path(directory), arguments.seconds)
        # Rounds outside, so that every row sees the machine at several times.
        for number in range(arguments.rounds):
            for row in rows:
                for contestant in contestants:
                    if getattr(row, "tls", False) and not contestant.speaks_tls_on_request:
                        continue
                    try:
                        found = measure(bench, row, contestant)
                    except (Failure, OSError, DeadlineExceeded, ProcessDied, subprocess.SubprocessError) as error:
                        problems.append(f"{row.title}, {contestant.name}: {' '.join(str(error).split())[:300]}")
                        print(problems[-1], file=sys.stderr, flush=True)
                        continue
                    results.setdefault((row.name, contestant.name), []).append(found)
                    text = "  ".join(f"{key} {value:.4g}" for key, value in found.items() if value is not None)
                    print(f"{number + 1}/{arguments.rounds}  {row.name:16} {contestant.name:12} {text}", flush=True)
    names = [each.name for each in contestants]
    picture = plot.svg(rows, results, names)
    if picture:
        arguments.out.with_suffix(".svg").write_text(picture)
    text = card.markdown(
        rows,
        results,
        names,
        seconds=arguments.seconds,
        rounds=arguments.rounds,
        problems=problems,
        plot=arguments.out.with_suffix(".svg").name if picture else None,
    )
    arguments.out.write_text(text)
    print(text)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
