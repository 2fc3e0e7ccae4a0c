"""Metrics pages as tests read them."""

import collections
import dataclasses
import re

_SAMPLE = re.compile(r"^(?P<name>[A-Za-z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclasses.dataclass
class Family:
    """A family: its type, its help text, and its samples as (name, labels, value)."""

    name: str
    kind: str = "untyped"
    help: str = ""
    samples: list = dataclasses.field(default_factory=list)

    @property
    def labels(self):
        """The label names of the samples in order, without `le`; the same for all of them."""
        names = {tuple(name for name in labels if name != "le") for _, labels, _ in self.samples}
        assert len(names) == 1, f"{self.name}: {names}"
        return list(names.pop())

    @property
    def buckets(self):
        """The finite bounds, as they are written."""
        bounds = [labels["le"] for name, labels, _ in self.samples if name.endswith("_bucket")]
        return [bound for bound in dict.fromkeys(bounds) if bound != "+Inf"]

    def total(self, suffix="", **labels):
        """The sum of the samples with this suffix and these labels."""
        return sum(
            value
            for name, found, value in self.samples
            if name == self.name + suffix and all(found.get(key) == wanted for key, wanted in labels.items())
        )


def parse(text):
    """The families of a page in either format, by the name that their samples have."""
    families = {}
    current = None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, _, help_text = line[7:].partition(" ")
            assert name not in families, f"{name} appears twice"
            current = families[name] = Family(name, help=help_text)
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            assert current and current.name == name, line
            current.kind = kind
        elif line == "# EOF":
            continue
        else:
            sample = _SAMPLE.match(line)
            assert sample and current, f"not a sample: {line}"
            assert sample["name"].startswith(current.name), line
            pairs = _LABEL.findall(sample["labels"] or "")
            labels = dict(pairs)
            assert len(labels) == len(pairs), f"a label twice: {line}"
            current.samples.append((sample["name"], labels, float(sample["value"])))
    series = collections.Counter(
        (name, tuple(sorted(labels.items()))) for family in families.values() for name, labels, _ in family.samples
    )
    assert max(series.values()) == 1, series.most_common(1)
    return families
