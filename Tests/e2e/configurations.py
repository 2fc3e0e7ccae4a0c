"""Configurations of the picker, and the endpoint file that one of them follows."""

import json
import os

PASSTHROUGH = """
apiVersion: inference.networking.x-k8s.io/v1alpha1
kind: EndpointPickerConfig
plugins:
- type: passthrough-parser
- type: queue-scorer
schedulingProfiles:
- name: default
  plugins:
  - pluginRef: queue-scorer
parser:
  pluginRef: passthrough-parser
"""

TESTING_FILTER = """
apiVersion: inference.networking.x-k8s.io/v1alpha1
kind: EndpointPickerConfig
plugins:
- type: header-based-testing-filter
- type: max-score-picker
schedulingProfiles:
- name: default
  plugins:
  - pluginRef: header-based-testing-filter
  - pluginRef: max-score-picker
"""


def by_queue(endpoints=1, endpoint_file=None):
    """Picks by load alone, so many endpoints at a time; with `endpoint_file` from those listed there."""
    document = {
        "apiVersion": "llm-d.ai/v1alpha1",
        "kind": "EndpointPickerConfig",
        "plugins": [
            {"type": "queue-scorer"},
            {"type": "max-score-picker", "parameters": {"maxNumOfEndpoints": endpoints}},
        ],
        "schedulingProfiles": [
            {"name": "default", "plugins": [{"pluginRef": "queue-scorer"}, {"pluginRef": "max-score-picker"}]}
        ],
    }
    if endpoint_file:
        parameters = {"path": str(endpoint_file), "watchFile": True}
        document["plugins"].append({"type": "file-discovery", "parameters": parameters})
        document["dataLayer"] = {"discovery": {"pluginRef": "file-discovery"}}
    # JSON is YAML.
    return json.dumps(document)


def file_discovery(path):
    return f"""
apiVersion: llm-d.ai/v1alpha1
kind: EndpointPickerConfig
plugins:
- type: file-discovery
  parameters:
    path: {path}
    watchFile: true
dataLayer:
  discovery:
    pluginRef: file-discovery
"""


def write_endpoints(path, endpoints):
    """Replaces the file in one step, as configuration management does."""
    lines = ["endpoints:" if endpoints else "endpoints: []"]
    for index, endpoint in enumerate(endpoints):
        address, port = endpoint.rsplit(":", 1)
        lines.append(f'- {{name: server-{index}-{port}, address: {address}, port: "{port}"}}')
    fresh = path.with_suffix(".new")
    fresh.write_text("\n".join(lines) + "\n")
    os.replace(fresh, path)
