"""`epp replay`: configurations and baselines on a trace of our own."""

import json
import random
import xml.etree.ElementTree

import pytest
from bodies import chat, unique
from commands import run
from localpool import wait_until

BASELINES = ("--baseline", "round-robin", "--baseline", "least-request")
QUEUE_ONLY = """
apiVersion: llm-d.ai/v1alpha1
kind: EndpointPickerConfig
plugins:
- type: queue-scorer
"""


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    """Conversations that grow by a block with every turn, in a random order."""
    choices = random.Random(5)
    turns = {conversation: 0 for conversation in range(30)}
    lines = []
    for number in range(240):
        conversation = choices.choice(sorted(turns))
        turns[conversation] += 1
        blocks = [conversation * 1_000 + index for index in range(10 + turns[conversation])]
        line = {
            "timestamp": number * 250,
            "input_length": len(blocks) * 512 - 100,
            "output_length": choices.randrange(1, 200),
            "hash_ids": blocks,
        }
        lines.append(json.dumps(line))
    path = tmp_path_factory.mktemp("trace") / "conversations.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_default_configuration_is_ahead_of_the_baselines(launch, trace):
    outcome = run(launch, "replay", "--trace", trace, *BASELINES, "--servers", 4, "--json")
    assert outcome.status == 0, outcome.errors
    own, *others = outcome.json["runs"]
    assert [entry["name"] for entry in outcome.json["runs"]] == ["default", "round-robin", "least-request"]
    for other in others:
        assert own["prefix_hit_share"] > other["prefix_hit_share"]
        assert own["ttft"]["mean"] < other["ttft"]["mean"]
        assert own["ttft"]["p99"] < other["ttft"]["p99"]
        assert 0 < other["disagreement"] <= 1
    assert own["requests"] == 240 and own["turned_away"] == 0


def test_two_configurations_side_by_side_with_a_plot(launch, trace, tmp_path):
    config = tmp_path / "queue-only.yaml"
    config.write_text(QUEUE_ONLY)
    plot = tmp_path / "plot.svg"
    both = ("--config-file", config, "--config-file", config)
    outcome = run(launch, "replay", "--trace", trace, *both, "--svg", plot)
    assert outcome.status == 0, outcome.errors
    lines = outcome.text.splitlines()
    assert lines[0].split() == ["queue-only.yaml", "queue-only.yaml"]
    # The same configuration and seed choose the same servers.
    assert lines[-1].split()[-2:] == ["0.0", "%"]
    root = xml.etree.ElementTree.parse(plot).getroot()
    assert len(root.findall("{http://www.w3.org/2000/svg}polyline")) == 2


def test_the_seed_decides(launch, trace):
    arguments = ("replay", "--trace", trace, *BASELINES, "--json")
    first = run(launch, *arguments, "--seed", 3)
    assert run(launch, *arguments, "--seed", 3).text == first.text
    assert run(launch, *arguments, "--seed", 4).text != first.text


@pytest.mark.parametrize(
    "arguments,status,message",
    [
        ((), 2, "either --trace or --decisions"),
        (("--trace", "/nonexistent"), 1, "can't open"),
        (("--trace", "{trace}", "--servers", "0"), 1, "--servers must be 1 to 1024"),
        (("--trace", "{trace}", "--speed", "-1"), 2, "speed"),
        (("--trace", "{trace}", "--baseline", "magic"), 2, "magic"),
        (("--trace", "{trace}", "--config-file", "/nonexistent"), 1, "can't open"),
        (("--decisions", "{trace}"), 1, "not a line of a decision log"),
    ],
)
def test_bad_arguments(launch, trace, arguments, status, message):
    outcome = run(launch, "replay", *(argument.format(trace=trace) for argument in arguments))
    assert outcome.status == status
    assert message in outcome.errors


def test_decision_log_is_replayed(launch, tmp_path):
    log = tmp_path / "decisions.jsonl"
    noting = [f"--decision-log-file={log}", "--decision-log-rate=100000", "--decision-log-block-hashes"]
    pool = launch.pool(count=3, arguments=noting)
    prompts = [unique() * 20 for _ in range(4)]
    for number in range(40):
        assert pool.ask("/v1/chat/completions", chat(prompts[number % 4] + unique(), max_tokens=8)).status == 200
    wait_until(lambda: log.exists() and len(log.read_text().splitlines()) == 40, "all decisions are written")

    outcome = run(launch, "replay", "--decisions", log, "--baseline", "round-robin", "--json")
    assert outcome.status == 0, outcome.errors
    assert outcome.errors == ""
    own, other = outcome.json["runs"]
    assert own["requests"] == 40 and own["turned_away"] == 0
    assert len(own["mean_in_flight"]) == 3
    assert own["prefix_hit_share"] > other["prefix_hit_share"]
    # One prompt in four kinds: the same scheduler keeps each kind where it was, round robin moves them about.
    assert 0 <= own["recorded_disagreement"] <= 1
    assert other["recorded_disagreement"] > 0
