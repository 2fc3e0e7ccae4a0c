"""Objects as users and Kubernetes write them."""

STABLE = "inference.networking.k8s.io"
EXPERIMENTAL = "inference.networking.x-k8s.io"
ROUTER = "llm-d.ai"


def pod(name, ip, *, labels=None, ready=True, terminating=False, annotations=None, padding=0):
    """A pod of a model server. `padding` makes the object as large as real ones."""
    metadata = {"name": name, "labels": labels or {"app": "vllm"}, "annotations": dict(annotations or {})}
    if terminating:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    if padding:
        metadata["annotations"]["padding"] = "x" * padding
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [{"name": "vllm", "image": "vllm", "ports": [{"containerPort": 8000}]}]},
        "status": {
            "phase": "Running",
            "podIP": ip,
            "podIPs": [{"ip": ip}],
            "conditions": [
                {"type": "PodScheduled", "status": "True"},
                {"type": "Ready", "status": "True" if ready else "False"},
            ],
        },
    }


def inference_pool(name, ports, *, labels=None, service="epp", port=9002):
    return {
        "apiVersion": f"{STABLE}/v1",
        "kind": "InferencePool",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": labels or {"app": "vllm"}},
            "targetPorts": [{"number": number} for number in ports],
            "endpointPickerRef": {"kind": "Service", "name": service, "port": {"number": port}},
        },
    }


def inference_pool_v1alpha2(name, port, *, labels=None, service="epp"):
    return {
        "apiVersion": f"{EXPERIMENTAL}/v1alpha2",
        "kind": "InferencePool",
        "metadata": {"name": name},
        "spec": {
            "selector": labels or {"app": "vllm"},
            "targetPortNumber": port,
            "extensionRef": {"name": service, "portNumber": 9002},
        },
    }


def objective(name, priority, *, pool="pool", group=ROUTER):
    return {
        "apiVersion": f"{group}/v1alpha2",
        "kind": "InferenceObjective",
        "metadata": {"name": name},
        "spec": {"priority": priority, "poolRef": {"group": STABLE, "kind": "InferencePool", "name": pool}},
    }


def rewrite(name, model, target, *, pool="pool", group=ROUTER):
    return {
        "apiVersion": f"{group}/v1alpha2",
        "kind": "InferenceModelRewrite",
        "metadata": {"name": name},
        "spec": {
            "poolRef": {"group": STABLE, "kind": "InferencePool", "name": pool},
            "rules": [
                {
                    "matches": [{"model": {"type": "Exact", "value": model}}],
                    "targets": [{"modelRewrite": target}],
                }
            ],
        },
    }
