"""Makes what follows from the chart: the plain manifests and the table of values.

    .venv/bin/python deploy/kubernetes/generate.py            writes them
    .venv/bin/python deploy/kubernetes/generate.py --check    says what is out of date, and exits 1 then
"""

import json
import pathlib
import re
import sys

import helm_python
import yaml

HERE = pathlib.Path(__file__).parent
CHART = HERE / "chart"

#: Files of plain manifests: the values they are rendered with.
MANIFESTS = {
    "epp.yaml": {"inferenceExtension": {"replicas": 2, "headlessService": True}},
    "epp-leader-election.yaml": {"inferenceExtension": {"enableLeaderElection": True}},
}
LABELS = {"inferencePool": {"modelServers": {"matchLabels": {"app": "vllm-llama"}}}}


def render(values, *, name="llama", namespace="default"):
    """The documents that Helm makes of the chart, in the order of their files' names."""
    with helm_python.Chart.load(str(CHART)) as chart:
        files = chart.render(values, name=name, namespace=namespace)
    return [
        document
        for path, text in sorted(files.items())
        if path.endswith(".yaml")
        for document in yaml.safe_load_all(text)
        if document
    ]


def manifests():
    """Contents of the files of plain manifests."""
    for file, values in MANIFESTS.items():
        documents = render({**LABELS, **values})
        for document in documents:
            for labels in (document["metadata"]["labels"], *_pod_labels(document)):
                # Nobody manages these but who applies them.
                labels.pop("app.kubernetes.io/managed-by", None)
                labels.pop("app.kubernetes.io/instance", None)
        yield file, (
            "# Rendered from the chart by generate.py; change that. Model servers are pods with the label app: vllm-llama.\n"
            + "---\n".join(yaml.safe_dump(document, sort_keys=False, width=120) for document in documents)
        )


def _pod_labels(document):
    if document["kind"] == "Deployment":
        yield document["spec"]["template"]["metadata"]["labels"]


def values_table():
    """VALUES.md: every value with its default and the comment above it."""
    lines = [
        "# Values of the chart",
        "",
        "Made from chart/values.yaml by generate.py.",
        "",
        "| value | default | meaning |",
        "|---|---|---|",
    ]
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    path, comment = [], None
    for line in (CHART / "values.yaml").read_text().splitlines():
        if found := re.match(r"\s*# -- (.*)", line):
            comment = found[1]
        elif found := re.match(r"( *)([\w.-]+):", line):
            path[len(found[1]) // 2 :] = [found[2]]
            if comment:
                value = defaults
                for key in path:
                    value = value[key]
                lines.append(f"| `{'.'.join(path)}` | `{json.dumps(value)}` | {comment} |")
                comment = None
    return "\n".join(lines) + "\n"


def outputs():
    """All generated files and their contents."""
    for file, text in manifests():
        yield HERE / "manifests" / file, text
    yield HERE / "VALUES.md", values_table()


def main():
    stale = [path for path, text in outputs() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"out of date: {path}")
        return 1 if stale else 0
    for path, text in outputs():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
