"""The chart, rendered by Helm itself and checked against the schemas of Kubernetes; the plain manifests; the image."""

import importlib.util
import json
import pathlib
import re
import subprocess

import helm_python
import jsonschema
import kubernetes_validate
import pytest
import yaml

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"

_specification = importlib.util.spec_from_file_location("generate", DEPLOY / "generate.py")
generate = importlib.util.module_from_spec(_specification)
_specification.loader.exec_module(generate)

NAME = {"type": "string", "minLength": 1, "maxLength": 253}
PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
LABELS = {"type": "object", "minProperties": 1, "maxProperties": 64, "additionalProperties": {"type": "string"}}
FAILURE_MODE = {"enum": ["FailOpen", "FailClose"]}
POOL_REFERENCE = {
    "group": {"enum": ["inference.networking.k8s.io", "inference.networking.x-k8s.io"]},
    "kind": {"const": "InferencePool"},
    "name": NAME,
}


def closed(properties, *required):
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(required)}


def many(item, most=None):
    return {"type": "array", "minItems": 1, "items": item, **({"maxItems": most} if most else {})}


SECTION = {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", "maxLength": 253}
GATEWAY_REFERENCE = {
    "group": {"const": "gateway.networking.k8s.io"},
    "kind": {"const": "Gateway"},
    "namespace": NAME,
    "name": NAME,
    "sectionName": SECTION,
    "port": PORT,
}
POOL_BACKEND = {
    "group": {"const": "inference.networking.k8s.io"},
    "kind": {"const": "InferencePool"},
    "name": NAME,
    "namespace": NAME,
}
BACKEND_REFERENCE = {
    **POOL_BACKEND,
    "group": {"enum": ["", "inference.networking.k8s.io", "inference.networking.x-k8s.io"]},
    "kind": {"enum": ["Service", "InferencePool"]},
    "port": PORT,
    "weight": {"type": "integer", "minimum": 0, "maximum": 1_000_000},
}
PATH_MATCH = closed(
    {
        "type": {"enum": ["Exact", "PathPrefix", "RegularExpression"]},
        "value": {"type": "string", "pattern": "^/", "maxLength": 1024},
    },
    "value",
)
HEADER_MATCH = closed(
    {
        "type": {"enum": ["Exact", "RegularExpression"]},
        "name": {"type": "string", "pattern": r"^[A-Za-z0-9!#$%&'*+\-.^_|~]+$", "maxLength": 256},
        "value": {"type": "string", "minLength": 1, "maxLength": 4096},
    },
    "name",
    "value",
)
#: GEP-2257: a Go duration of whole units, at most five digits each.
GATEWAY_DURATION = {"type": "string", "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$"}
PROMETHEUS_DURATION = (
    "^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$"
)

#: Specs of kinds that have no schema on PyPI, after the tables of their API.
SPECS = {
    "inference.networking.k8s.io/v1/InferencePool": closed(
        {
            "selector": closed({"matchLabels": LABELS}, "matchLabels"),
            "targetPorts": {
                "type": "array",
                "minItems": 1,
                "maxItems": 8,
                "uniqueItems": True,
                "items": closed({"number": PORT}, "number"),
            },
            "endpointPickerRef": closed(
                {
                    "group": {"type": "string"},
                    "kind": NAME,
                    "name": NAME,
                    "port": closed({"number": PORT}, "number"),
                    "failureMode": FAILURE_MODE,
                },
                "name",
                "port",
            ),
        },
        "selector",
        "targetPorts",
        "endpointPickerRef",
    ),
    "inference.networking.x-k8s.io/v1alpha2/InferencePool": closed(
        {
            "selector": LABELS,
            "targetPortNumber": PORT,
            "extensionRef": closed(
                {"group": {"type": "string"}, "kind": NAME, "name": NAME, "portNumber": PORT, "failureMode": FAILURE_MODE},
                "name",
            ),
        },
        "selector",
        "targetPortNumber",
        "extensionRef",
    ),
    "InferenceObjective": closed({"priority": {"type": "integer"}, "poolRef": closed(POOL_REFERENCE, "name")}, "poolRef"),
    "InferenceModelRewrite": closed(
        {
            "poolRef": closed(POOL_REFERENCE, "name"),
            "rules": {
                "type": "array",
                "items": closed(
                    {
                        "matches": {
                            "type": "array",
                            "items": closed(
                                {"model": closed({"type": {"const": "Exact"}, "value": {"type": "string"}}, "value")}
                            ),
                        },
                        "targets": {
                            "type": "array",
                            "minItems": 1,
                            "items": closed(
                                {"weight": {"type": "integer", "minimum": 1, "maximum": 1000000}, "modelRewrite": NAME},
                                "modelRewrite",
                            ),
                        },
                    },
                    "targets",
                ),
            },
        },
        "poolRef",
        "rules",
    ),
    # Of the following the fields that the chart and the examples use, and their limits.
    "gateway.networking.k8s.io/v1/HTTPRoute": closed(
        {
            "parentRefs": many(closed(GATEWAY_REFERENCE, "name"), most=32),
            "hostnames": many(NAME, most=16),
            "rules": many(
                closed(
                    {
                        "name": SECTION,
                        "matches": many(closed({"path": PATH_MATCH, "headers": many(HEADER_MATCH, most=16)}), most=64),
                        "backendRefs": many(closed(BACKEND_REFERENCE, "name"), most=16),
                        "timeouts": closed({"request": GATEWAY_DURATION, "backendRequest": GATEWAY_DURATION}),
                    }
                ),
                most=16,
            ),
        }
    ),
    "gateway.networking.k8s.io/v1/Gateway": closed(
        {
            "gatewayClassName": NAME,
            "listeners": many(
                closed(
                    {
                        "name": SECTION,
                        "hostname": NAME,
                        "port": PORT,
                        "protocol": {"enum": ["HTTP", "HTTPS", "TLS", "TCP", "UDP"]},
                    },
                    "name",
                    "port",
                    "protocol",
                ),
                most=64,
            ),
        },
        "gatewayClassName",
        "listeners",
    ),
    "aigateway.envoyproxy.io/v1alpha1/AIGatewayRoute": closed(
        {
            "parentRefs": many(closed(GATEWAY_REFERENCE, "name"), most=16),
            "rules": many(
                closed(
                    {
                        "matches": many(closed({"headers": many(HEADER_MATCH, most=16)}), most=128),
                        # A pool stands alone in its rule and has no weight.
                        "backendRefs": many(closed(POOL_BACKEND, "group", "kind", "name"), most=1),
                        "timeouts": closed({"request": GATEWAY_DURATION, "backendRequest": GATEWAY_DURATION}),
                        "modelsOwnedBy": {"type": "string"},
                    },
                ),
                most=15,
            ),
        },
        "rules",
    ),
    "monitoring.coreos.com/v1/ServiceMonitor": closed(
        {
            "selector": closed({"matchLabels": LABELS}, "matchLabels"),
            "namespaceSelector": closed({"matchNames": many(NAME), "any": {"type": "boolean"}}),
            "endpoints": many(
                closed(
                    {
                        "port": NAME,
                        "path": {"type": "string", "pattern": "^/"},
                        "scheme": {"enum": ["http", "https"]},
                        "interval": {"type": "string", "pattern": PROMETHEUS_DURATION},
                        "authorization": closed(
                            {
                                "type": {"type": "string"},
                                "credentials": closed({"name": NAME, "key": NAME}, "name", "key"),
                            },
                            "credentials",
                        ),
                    },
                    "port",
                )
            ),
        },
        "selector",
        "endpoints",
    ),
}

POOL = {"inferencePool": {"modelServers": {"matchLabels": {"app": "vllm"}}}}


def merged(one, other):
    """`one` with the values of `other` over it."""
    result = dict(one)
    for key, value in other.items():
        result[key] = merged(result[key], value) if isinstance(value, dict) and isinstance(result.get(key), dict) else value
    return result


def validate(document, version="1.37"):
    kind = document["kind"]
    spec = SPECS.get(f"{document['apiVersion']}/{kind}") or SPECS.get(kind)
    if spec:
        jsonschema.validate(document["spec"], spec)
    else:
        kubernetes_validate.validate(document, version, strict=True)


def rendered(values=None, **options):
    """Rendered documents by kind."""
    documents = generate.render(merged(POOL, values or {}), **options)
    for document in documents:
        validate(document)
    return {document["kind"]: document for document in documents}


def arguments(documents):
    return documents["Deployment"]["spec"]["template"]["spec"]["containers"][0]["args"]


VARIANTS = {
    "defaults": {},
    "older API": {"inferencePool": {"apiVersion": "inference.networking.x-k8s.io/v1alpha2"}},
    "everything": {
        "inferencePool": {"targetPorts": [{"number": 8000}, {"number": 8001}], "modelServerType": "sglang"},
        "inferenceExtension": {
            "replicas": 3,
            "headlessService": True,
            "flags": {"v": 4, "early-stream-release": True},
            "env": [{"name": "A", "value": "1"}],
            "tlsSecretName": "picker-tls",
            "imagePullSecrets": [{"name": "registry"}],
            "extraContainerPorts": [{"name": "more", "containerPort": 5557}],
            "extraServicePorts": [{"name": "more", "port": 5557}],
            "volumes": [{"name": "data", "emptyDir": {}}],
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            "podLabels": {"team": "inference"},
            "podAnnotations": {"note": "x"},
            "nodeSelector": {"disk": "ssd"},
            "affinity": {"podAntiAffinity": {}},
            "tolerations": [{"key": "gpu", "operator": "Exists"}],
            "topologySpreadConstraints": [
                {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
            ],
            "priorityClassName": "high",
            "serviceAccount": {"annotations": {"a": "b"}},
            "monitoring": {"prometheus": {"enabled": True, "extraLabels": {"release": "prometheus"}}},
            "tracing": {"enabled": True, "otelExporterEndpoint": "http://collector:4317"},
        },
        "inferenceObjectives": [{"name": "batch", "priority": -1}, {"name": "plain"}],
        "experimentalHttpRoute": {"enabled": True},
    },
    "leader election": {"inferenceExtension": {"enableLeaderElection": True}},
    "flags as a list": {"inferenceExtension": {"flags": [{"name": "v", "value": 4}]}},
    "own configuration": {
        "inferenceExtension": {
            "pluginsConfigFile": "mine.yaml",
            "pluginsCustomConfig": {"mine.yaml": "kind: EndpointPickerConfig\n", "other.yaml": "{}"},
        }
    },
    "several pools": {
        "additionalPools": [
            {"name": "mistral", "matchLabels": {"app": "vllm-mistral"}, "pluginsConfigFile": "mistral.yaml"},
            {
                "name": "qwen",
                "matchLabels": {"app": "vllm-qwen"},
                "targetPorts": [{"number": 9000}],
                "failureMode": "FailClose",
            },
        ],
        "inferenceExtension": {
            "pluginsConfigFile": "all.yaml",
            "pluginsCustomConfig": {"all.yaml": "kind: EndpointPickerConfig\n", "mistral.yaml": "{}"},
        },
        "inferenceObjectives": [{"name": "batch", "priority": -1, "pool": "qwen"}],
    },
    "selected pools": {
        "inferencePool": {"create": False},
        "poolSelector": "tier in (gold, silver)",
        "inferenceExtension": {"additionalServices": ["gold-epp"]},
    },
}


@pytest.mark.parametrize("values", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("version", ["1.27", "1.37"])
def test_renders_to_valid_objects(values, version):
    for document in generate.render(merged(POOL, values)):
        validate(document, version)
        # Everything that can be is in the release's namespace, and all is found by the release's labels.
        in_cluster = document["kind"] in ("ClusterRole", "ClusterRoleBinding")
        assert document["metadata"].get("namespace") == (None if in_cluster else "default")
        assert document["metadata"]["labels"]["app.kubernetes.io/name"] == "epp"


def test_the_checks_can_fail():
    documents = rendered()
    documents["Deployment"]["spec"]["template"]["spec"]["containers"][0]["imagePolicy"] = "Always"
    with pytest.raises(kubernetes_validate.ValidationError):
        validate(documents["Deployment"])
    documents["InferencePool"]["spec"]["targetPorts"] = []
    with pytest.raises(jsonschema.ValidationError):
        validate(documents["InferencePool"])
    monitored = rendered(VARIANTS["everything"])
    monitored["ServiceMonitor"]["spec"]["endpoints"][0]["interval"] = "10 seconds"
    monitored["HTTPRoute"]["spec"]["rules"][0]["timeouts"]["request"] = "1.5s"
    for kind in ("ServiceMonitor", "HTTPRoute"):
        with pytest.raises(jsonschema.ValidationError):
            validate(monitored[kind])


def test_lint():
    result = helm_python.lint(str(DEPLOY / "chart"), values=POOL)
    assert not [entry for entry in result["messages"] if entry["severity"] > 1], result
    assert not result["errors"]


def test_all_names_fit_together():
    documents = rendered(VARIANTS["everything"])
    picker = documents["InferencePool"]["spec"]["endpointPickerRef"]
    service = documents["Service"]
    assert picker["name"] == service["metadata"]["name"]
    ports = {port["port"]: port["targetPort"] for port in service["spec"]["ports"] if "targetPort" in port}
    container = documents["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    numbers = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert f"--grpc-port={numbers[ports[picker['port']['number']]]}" in container["args"]
    assert f"--pool-name={documents['InferencePool']['metadata']['name']}" in container["args"]
    selector = service["spec"]["selector"].items()
    assert selector <= documents["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    assert documents["Deployment"]["spec"]["selector"]["matchLabels"].items() == selector
    assert documents["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"].items() == selector
    assert documents["ServiceMonitor"]["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    account = documents["ServiceAccount"]["metadata"]["name"]
    assert documents["Deployment"]["spec"]["template"]["spec"]["serviceAccountName"] == account
    assert documents["RoleBinding"]["subjects"][0]["name"] == account
    assert documents["RoleBinding"]["roleRef"]["name"] == documents["Role"]["metadata"]["name"]


def test_several_pools_have_services_of_their_own():
    """Every pool names a Service that leads to the same pods, and the picker serves every pool with its configuration."""
    documents = generate.render(merged(POOL, VARIANTS["several pools"]))
    named = {(document["kind"], document["metadata"]["name"]): document for document in documents}
    deployment = named["Deployment", "llama-epp"]
    labels = deployment["spec"]["template"]["metadata"]["labels"].items()
    pools = [document for document in documents if document["kind"] == "InferencePool"]
    flags = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    assert [pool["metadata"]["name"] for pool in pools] == ["llama", "mistral", "qwen"]
    assert [flag for flag in flags if flag.startswith("--pool-name=")] == [
        f"--pool-name={pool['metadata']['name']}" for pool in pools
    ]
    assert [flag for flag in flags if "config" in flag] == [
        "--pool-config=mistral=/config/mistral.yaml",
        "--config-file=/config/all.yaml",
    ]
    references = [pool["spec"]["endpointPickerRef"] for pool in pools]
    assert len({reference["name"] for reference in references}) == 3
    for reference in references:
        service = named["Service", reference["name"]]["spec"]
        assert service["selector"].items() <= labels
        assert service["ports"][0]["port"] == reference["port"]["number"]
    # Who scrapes finds the picker once.
    ports = [port["name"] for reference in references for port in named["Service", reference["name"]]["spec"]["ports"]]
    assert ports.count("http-metrics") == 1
    assert pools[1]["spec"]["targetPorts"] == pools[0]["spec"]["targetPorts"]
    assert pools[2]["spec"]["targetPorts"] == [{"number": 9000}]
    assert [reference["failureMode"] for reference in references] == ["FailOpen", "FailOpen", "FailClose"]
    assert named["InferenceObjective", "batch"]["spec"]["poolRef"]["name"] == "qwen"
    older = merged(VARIANTS["several pools"], {"inferencePool": {"apiVersion": "inference.networking.x-k8s.io/v1alpha2"}})
    for document in generate.render(merged(POOL, older)):
        validate(document)


def test_pools_can_be_selected():
    documents = rendered(VARIANTS["selected pools"])
    assert "InferencePool" not in documents
    assert "--pool-selector=tier in (gold, silver)" in arguments(documents)
    assert not any(flag.startswith("--pool-name=") for flag in arguments(documents))
    names = [
        document["metadata"]["name"]
        for document in generate.render(merged(POOL, VARIANTS["selected pools"]))
        if document["kind"] == "Service"
    ]
    assert names == ["llama-epp", "gold-epp"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"poolSelector": "a=b", "additionalPools": [{"name": "x", "matchLabels": {"a": "b"}}]}, "cannot both be given"),
        ({"additionalPools": [{"name": "x", "matchLabels": {"a": "b"}, "pluginsConfigFile": "y"}]}, "pluginsConfigFile"),
        ({"additionalPools": [{"name": "x"}]}, "matchLabels"),
    ],
)
def test_pools_that_do_not_fit_are_refused(values, message):
    with pytest.raises(Exception, match=message):
        generate.render(merged(POOL, values))


def test_pods_are_safe():
    pod = rendered()["Deployment"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
    container = pod["containers"][0]["securityContext"]
    assert container["readOnlyRootFilesystem"] and not container["allowPrivilegeEscalation"]
    assert container["capabilities"] == {"drop": ["ALL"]}


def test_streams_have_time_to_end():
    spec = rendered()["Deployment"]["spec"]["template"]["spec"]
    drain = next(int(flag.removeprefix("--drain-timeout=")[:-1]) for flag in spec["containers"][0]["args"] if "drain" in flag)
    before = int(spec["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert spec["terminationGracePeriodSeconds"] >= before + drain + 5


def test_rights_are_the_least():
    """Nothing may be written, but leases where a leader is elected; nothing outside the namespace may be read.

    Reviews of who reads the metrics are asked for and stored nowhere; without them nothing of the cluster is needed.
    """
    documents = rendered({"inferenceExtension": {"monitoring": {"prometheus": {"auth": {"enabled": False}}}}})
    assert not documents.keys() & {"ClusterRole", "ClusterRoleBinding", "Secret"}
    assert "--metrics-endpoint-auth=false" in arguments(documents)
    roles = [document for document in generate.render(POOL) if document["kind"] == "ClusterRole"]
    assert [(rule.get("resources", rule.get("nonResourceURLs")), rule["verbs"]) for role in roles for rule in role["rules"]] == [
        (["tokenreviews"], ["create"]),
        (["subjectaccessreviews"], ["create"]),
        (["/metrics"], ["get"]),
    ]
    documents = rendered()
    assert {verb for rule in documents["Role"]["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}
    elected = rendered(VARIANTS["leader election"])
    writing = [rule for rule in elected["Role"]["rules"] if set(rule["verbs"]) - {"get", "list", "watch"}]
    assert [rule["resources"] for rule in writing] == [["leases"]]


def test_prometheus_reads_with_a_token_of_its_own():
    documents = generate.render(merged(POOL, VARIANTS["everything"]))
    named = {(document["kind"], document["metadata"]["name"]): document for document in documents}
    monitor = named["ServiceMonitor", "llama-epp"]["spec"]["endpoints"][0]
    secret = named["Secret", monitor["authorization"]["credentials"]["name"]]
    account = secret["metadata"]["annotations"]["kubernetes.io/service-account.name"]
    assert ("ServiceAccount", account) in named
    bound = {
        document["roleRef"]["name"]: document["subjects"][0]["name"]
        for document in documents
        if document["kind"] == "ClusterRoleBinding"
    }
    picker = named["Deployment", "llama-epp"]["spec"]["template"]["spec"]["serviceAccountName"]
    assert bound == {"default-llama-epp-auth-reviewer": picker, "default-llama-epp-metrics-reader": account}
    assert account != picker


def test_traces_go_to_the_collector():
    container = rendered(VARIANTS["everything"])["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    assert "--tracing" in container["args"]
    assert {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://collector:4317"} in container["env"]
    assert "--tracing" not in arguments(rendered())


def test_leader_election():
    documents = rendered(VARIANTS["leader election"])
    assert documents["Deployment"]["spec"]["replicas"] == 2
    # A pod that is no leader is never ready: a rolling update would wait for ever.
    assert documents["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
    assert "--ha-enable-leader-election" in arguments(documents)


def test_older_pools():
    pool = rendered({"inferencePool": {"apiVersion": "inference.networking.x-k8s.io/v1alpha2", "targetPortNumber": 9000}})
    assert pool["InferencePool"]["spec"]["targetPortNumber"] == 9000
    assert "--pool-group=inference.networking.x-k8s.io" in arguments(pool)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"inferencePool": {"modelServers": {"matchLabels": None}}}, "matchLabels"),
        ({"inferencePool": {"targetPorts": [{"number": 0}]}}, "targetPorts"),
        ({"inferencePool": {"apiVersion": "v1"}}, "apiVersion"),
        ({"inferenceExtension": {"pluginsCustomConfig": {"a.yaml": "x"}}}, "default-plugins.yaml"),
    ],
)
def test_wrong_values_are_named(values, message):
    with pytest.raises(helm_python.HelmError, match=re.escape(message)):
        rendered(values)


@pytest.mark.parametrize("values", VARIANTS.values(), ids=VARIANTS)
def test_the_picker_takes_the_arguments(launch, values):
    """The epp of this repository reads every flag that the chart passes and gets as far as looking for Kubernetes."""
    files = ("--config-file", "--cert-path", "--pool-config")
    flags = [flag for flag in arguments(rendered(values)) if not flag.startswith(files)]
    result = subprocess.run([launch.bin_dir / "epp", *flags], capture_output=True, text=True, timeout=20, env={})
    assert result.returncode == 1
    assert "no Kubernetes API server" in result.stderr


def test_configuration_for_another_engine_is_taken(launch, tmp_path):
    documents = rendered({"inferencePool": {"modelServerType": "sglang"}})
    path = tmp_path / "plugins.yaml"
    path.write_text(documents["ConfigMap"]["data"]["default-plugins.yaml"])
    launch.picker(["127.0.0.1:1"], tls=False, arguments=[f"--config-file={path}"])


def test_generated_files_are_up_to_date():
    for path, text in generate.outputs():
        assert path.read_text() == text, f"{path}: run deploy/kubernetes/generate.py"


@pytest.mark.parametrize("path", sorted((DEPLOY / "examples").glob("*.yaml")), ids=lambda path: path.name)
def test_examples(path):
    documents = list(yaml.safe_load_all(path.read_text()))
    assert documents
    for document in documents:
        assert document["metadata"]["name"]
        validate(document)


def test_every_value_of_the_reference_chart_is_mapped():
    """Each value on the right of the table exists."""
    rows = re.findall(r"^\| `([\w.]+)` \| (.*) \|$", (DEPLOY / "README.md").read_text(), re.MULTILINE)
    assert len(rows) > 40
    values = yaml.safe_load((DEPLOY / "chart" / "values.yaml").read_text())
    # Taken although they are not among the defaults.
    values["inferencePool"]["targetPortNumber"] = None
    for there, here in rows:
        target = re.match(r"`([\w.-]+)`", here)
        path = there if here.startswith("=") else target and target[1].split(".flags.")[0]
        value = values
        for key in path.split(".") if path else []:
            assert key in value, f"{there}: {path}"
            value = value[key]
        assert path or here.startswith("not "), f"{there}: {here}"


def test_image_has_the_libraries_that_the_picker_needs(launch):
    """Every shared library comes from a package that the Dockerfile installs, or from its base image."""
    stage = (DEPLOY / "Dockerfile").read_text().split("\nFROM ")[-1]
    installed = set(re.search(r"--no-install-recommends \\\n(.*?) \\\n &&", stage, re.DOTALL)[1].split())
    base = {"libc6", "libstdc++6", "libgcc-s1", "zlib1g"}
    libraries = subprocess.run(["ldd", launch.bin_dir / "epp"], capture_output=True, text=True, check=True).stdout
    paths = [line.split()[2] for line in libraries.splitlines() if "=> /" in line]
    needed = set()
    for path in paths:
        if "/swift/" in path:
            continue
        real = str(pathlib.Path(path).resolve())
        for candidate in (path, real, real.removeprefix("/usr"), f"/usr{path}"):
            owner = subprocess.run(["dpkg", "-S", candidate], capture_output=True, text=True)
            if owner.returncode == 0:
                needed.add(owner.stdout.split(":")[0])
                break
        else:
            raise AssertionError(f"no package has {path}")
    release = pathlib.Path("/etc/os-release").read_text()
    if 'VERSION_CODENAME=bookworm' not in release:
        pytest.skip("the image is Debian 12, this is not")
    assert needed - base == installed, json.dumps(sorted(needed))
