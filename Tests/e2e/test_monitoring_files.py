"""The Grafana dashboard and the alert rules speak of metrics and labels that epp exports."""

import json
import pathlib
import re

import pytest
import yaml
from bodies import chat, unique
from localpool import request, wait_until

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
DASHBOARD = DEPLOY / "grafana" / "epp-dashboard.json"
ALERTS = DEPLOY / "prometheus" / "epp-alerts.yaml"

_METRIC = re.compile(r"\b((?:llm_d_epp|epp|inference|process)_[a-z0-9_]+)(?:\{([^}]*)\})?")
_BY = re.compile(r"\bby \(([^)]*)\)")
_SAMPLE = re.compile(r"^([A-Za-z_:][\w:]*)(?:\{(.*)\})? ")


def dashboard_queries():
    dashboard = json.loads(DASHBOARD.read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    return [*queries, *(v["definition"] for v in dashboard["templating"]["list"] if "definition" in v)]


def alert_rules():
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


@pytest.fixture(scope="module")
def exported(module_launch, tmp_path_factory):
    """The labels of every series of a picker that has served and refused requests, with everything switched on."""
    pool = module_launch.pool(
        count=2,
        arguments=[
            "--refresh-prometheus-metrics-interval=100ms",
            f"--decision-log-file={tmp_path_factory.mktemp('log') / 'decisions.jsonl'}",
        ],
        environment={"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
    )
    # The second time the prompt is in a cache.
    prompt = unique() * 20
    for stream in (False, True):
        usage = {"stream_options": {"include_usage": True}} if stream else {}
        body = chat(prompt, stream=stream, max_tokens=4, **usage)
        assert pool.ask("/v1/chat/completions", body).status == 200
    assert pool.ask("/v1/chat/completions", {"messages": 1}).status == 400
    wait_until(lambda: pool.picker.metric("llm_d_epp_ready_endpoints") == 2, "the gauges are set")
    lag = "epp_event_loop_lag_seconds_count"
    wait_until(lambda: pool.picker.metric(lag) > 0, "the lag of the loops was looked at")

    series = {}
    for line in request(pool.picker.metrics_address, "/metrics").text.splitlines():
        if line.startswith("# TYPE "):
            series.setdefault(line.split()[2], set())
        elif sample := _SAMPLE.match(line):
            labels = re.findall(r'(\w+)="', sample[2] or "")
            series.setdefault(sample[1], set()).update(labels)
    return series


@pytest.mark.parametrize("source", ["dashboard", "alerts"])
def test_every_metric_and_label_exists(exported, source):
    queries = dashboard_queries() if source == "dashboard" else [rule["expr"] for rule in alert_rules()]
    assert queries
    missing = []
    for query in queries:
        named = _METRIC.findall(query)
        assert named, f"no metric in {query}"
        known = {"le", "job"}
        for name, selectors in named:
            if name not in exported:
                missing.append(name)
                continue
            known |= exported[name]
            used = set(re.findall(r"(\w+)\s*[=!]", selectors)) - {"job"}
            missing += [f"{name}{{{label}}}" for label in used - exported[name]]
        for labels in _BY.findall(query):
            missing += [f"{label} in {query}" for label in re.split(r",\s*", labels) if label not in known]
    assert not missing


def test_labels_in_alert_texts_exist(exported):
    for rule in alert_rules():
        known = set().union(*(exported.get(name, set()) for name, _ in _METRIC.findall(rule["expr"])))
        used = set(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])))
        assert used <= known, rule["alert"]


def test_dashboard_panels_are_whole():
    dashboard = json.loads(DASHBOARD.read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert max(x for x, _ in cells) < 24
        assert not cells & places, panel["title"]
        places |= cells
        assert panel["type"] == "row" or panel["targets"]
