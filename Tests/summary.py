"""Adds up the test results (JUnit XML files in a directory) and prints one closing line.

Exits 1 if a kind of test ran nothing or any test failed.
"""

import pathlib
import sys
import xml.etree.ElementTree


def count(directory):
    """Passed, failed and skipped tests per file, files without tests left out."""
    for path in sorted(pathlib.Path(directory).glob("*.xml")):
        suites = list(xml.etree.ElementTree.parse(path).getroot().iter("testsuite"))
        total = {key: sum(int(suite.get(key, 0)) for suite in suites) for key in ("tests", "failures", "errors", "skipped")}
        if total["tests"] == 0:
            continue
        failed = total["failures"] + total["errors"]
        yield path.stem, total["tests"] - failed - total["skipped"], failed, total["skipped"]


def main():
    results = list(count(sys.argv[1]))
    for name, passed, failed, skipped in results:
        print(f"{name}: {passed} passed, {failed} failed, {skipped} skipped")
    passed, failed, skipped = (sum(result[column] for result in results) for column in (1, 2, 3))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    ran = {"unit" if name.startswith("unit") else name for name, passed, *_ in results if passed}
    return 0 if failed == 0 and ran == {"unit", "e2e"} else 1


if __name__ == "__main__":
    sys.exit(main())
