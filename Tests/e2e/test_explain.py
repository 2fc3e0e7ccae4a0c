"""Decisions as people and proxies are told them: on request, in metadata, in the log and in its file."""

import json
import re

import pytest
from bodies import MODEL, chat, chat_bytes, unique
from configurations import by_queue
from extproc import Client, request_body, request_headers
from localpool import request, wait_until

HASH = re.compile(r"^[0-9a-f]{16}$")


def ask(pool, body, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return pool.ask("/v1/chat/completions", body, headers=headers)


@pytest.fixture(scope="module")
def explaining(module_launch):
    return module_launch.pool(arguments=["--enable-explain", "--emit-endpoint-scores"])


def test_a_request_gets_its_decision(explaining):
    prompt = "".join(unique("line of a context that comes back") for _ in range(60))
    first = ask(explaining, chat(prompt), x_epp_explain="1")
    answer = ask(explaining, chat(prompt), x_epp_explain="1")
    assert answer.status == 200, answer.text
    text = answer.headers["x-epp-decision"]
    assert len(text) <= 4_096
    decision = json.loads(text)
    assert decision["endpoint"] == answer.headers["x-model-server"] == first.headers["x-model-server"]
    assert decision["candidates"] == 3 and decision["profile"] == "default"
    assert [name for name, _ in decision["scorers"]] == [
        "queue-scorer",
        "kv-cache-utilization-scorer",
        "prefix-cache-scorer",
    ]
    weights = [weight for _, weight in decision["scorers"]]
    assert len(decision["scores"]) == 3 and decision["more"] == 0
    for endpoint, total, scores in decision["scores"]:
        assert endpoint in explaining.servers.endpoints
        assert total == pytest.approx(sum(weight * score for weight, score in zip(weights, scores)), abs=1e-3)
    assert decision["scores"][0][0] == decision["endpoint"]
    assert decision["scores"][0][2][2] > 0.9, "the prefix counts"
    assert decision["us"]["schedule"] > 0


@pytest.mark.parametrize("value", [None, "0", "true", "11"])
def test_nobody_else_is_told(explaining, value):
    headers = {} if value is None else {"x_epp_explain": value}
    answer = ask(explaining, chat(unique()), **headers)
    assert answer.status == 200
    assert "x-epp-decision" not in answer.headers


def test_nothing_is_told_unless_enabled(gateway):
    answer = ask(gateway, chat(unique()), x_epp_explain="1")
    assert answer.status == 200
    assert "x-epp-decision" not in answer.headers


def test_refusals_are_explained_too(launch, tmp_path):
    servers = launch.servers(count=1)
    config = json.loads(by_queue())
    config["plugins"].append({"type": "header-based-testing-filter"})
    config["schedulingProfiles"][0]["plugins"].insert(0, {"pluginRef": "header-based-testing-filter"})
    picker = launch.picker(servers.endpoints, config=json.dumps(config), arguments=["--enable-explain"])
    envoy = launch.envoy(picker, endpoints=servers.endpoints)
    headers = {"x-epp-explain": "1", "test-epp-endpoint-selection": "10.9.9.9"}
    answer = request(envoy.address, "/v1/chat/completions", chat(unique()), headers=headers)
    assert answer.status == 429
    decision = json.loads(answer.headers["x-epp-decision"])
    assert decision["rejected"] == "ResourceExhausted"
    assert decision["filters"] == [["header-based-testing-filter", 0, servers.endpoints]]
    [noted] = picker.decisions()
    assert noted["rejected"]["status"] == 429
    assert noted["rejected"]["message"]
    assert "endpoint" not in noted


async def test_scores_and_decision_are_in_the_metadata(explaining, launch):
    picker = launch.picker(
        explaining.servers.endpoints, tls=False, arguments=["--enable-explain", "--emit-endpoint-scores"]
    )
    async with Client(picker.address) as client:
        stream = client.stream()
        headers = request_headers(headers=[("x-epp-explain", "1")])
        answer, *_ = await stream.ask(headers, request_body(chat_bytes(unique()), end_of_stream=True))
        await stream.close()
    fields = answer.message.dynamic_metadata.fields["envoy.lb"].struct_value.fields
    scores = fields["x-gateway-destination-endpoint-scores"].struct_value.fields
    picked = fields["x-gateway-destination-endpoint"].string_value
    assert set(scores) == set(explaining.servers.endpoints)
    assert scores[picked].number_value == max(score.number_value for score in scores.values())
    assert json.loads(fields["x-epp-decision"].string_value)["endpoint"] == picked


def test_the_log_tells_how_requests_ended(launch):
    pool = launch.pool(arguments=["--decision-log-rate=1000"])
    body = chat(unique() * 20, stream=True, stream_options={"include_usage": True}, max_tokens=6)
    assert ask(pool, body, x_request_id="streamed").status == 200
    assert ask(pool, chat(unique(), max_tokens=3), x_request_id="whole").status == 200

    def ended():
        noted = {decision["request_id"]: decision for decision in pool.picker.decisions()}
        return noted if len(noted) == 2 and all("response" in decision for decision in noted.values()) else None

    noted = wait_until(ended, "both have ended")
    streamed, whole = noted["streamed"], noted["whole"]
    assert streamed["v"] == 1 and streamed["model"] == streamed["target_model"] == MODEL
    assert streamed["stream"] is True and whole["stream"] is False
    assert streamed["max_output_tokens"] == 6
    assert streamed["prompt_bytes"] > 1_000
    assert streamed["prompt_tokens"] == pytest.approx(streamed["prompt_bytes"] / 4, abs=2)
    assert streamed["blocks"] == -(-streamed["prompt_tokens"] // streamed["block_tokens"])
    assert streamed["matched_blocks"] == 0
    assert HASH.match(streamed["prefix_group"]) and "block_hashes" not in streamed
    assert streamed["response"]["status"] == 200
    assert streamed["response"]["output_tokens"] == 6 and whole["response"]["output_tokens"] == 3
    assert 0 < streamed["response"]["first_token_ms"] <= streamed["response"]["duration_ms"]
    assert streamed["endpoint"] in pool.servers.endpoints


def test_the_file_holds_every_request_and_rotates(launch, tmp_path):
    path = tmp_path / "decisions.jsonl"
    pool = launch.pool(
        arguments=[
            f"--decision-log-file={path}",
            "--decision-log-rate=100000",
            "--decision-log-block-hashes",
            "--decision-log-max-file-size=40Ki",
            "--decision-log-max-files=3",
        ]
    )
    prefix = "".join(unique("shared line") for _ in range(30))
    count = 150
    for number in range(count):
        assert ask(pool, chat(prefix + unique() * 10), x_request_id=f"r{number}").status == 200
    wait_until(lambda: pool.picker.metric("epp_decision_log_written_total") == count, "all are written")
    files = [path.with_name(path.name + suffix) for suffix in (".2", ".1", "")]
    assert not path.with_name(path.name + ".3").exists()
    texts = [file.read_text() for file in files]
    assert all(len(text) <= 40 * 1024 * 1.5 for text in texts)
    noted = [json.loads(line) for text in texts for line in text.splitlines()]
    numbers = [int(decision["request_id"][1:]) for decision in noted]
    assert numbers == list(range(count - len(numbers), count)), "the latest, in order"

    first, second = noted[0], noted[1]
    assert len(first["block_hashes"]) == first["blocks"] > 10
    assert first["block_hashes"][0] == first["prefix_group"] == second["prefix_group"]
    shared = sum(a == b for a, b in zip(first["block_hashes"], second["block_hashes"]))
    assert 5 < shared < first["blocks"], "chained hashes differ from the first difference on"
    assert prefix[:20] not in "".join(texts)


def test_what_waits_is_written_before_the_end(launch, tmp_path):
    path = tmp_path / "decisions.jsonl"
    pool = launch.pool(count=1, arguments=[f"--decision-log-file={path}"])
    assert ask(pool, chat(unique()), x_request_id="last").status == 200
    pool.envoy.stop()
    assert pool.picker.stop() == 0
    assert [json.loads(line)["request_id"] for line in path.read_text().splitlines()] == ["last"]


def test_a_full_disk_harms_nobody(launch):
    pool = launch.pool(arguments=["--decision-log-file=/dev/full", "--decision-log-rate=100000"])
    for _ in range(20):
        assert ask(pool, chat(unique())).status == 200
    wait_until(lambda: pool.picker.metric("epp_decision_log_dropped_total") == 20, "dropped notes are counted")
    assert pool.picker.metric("epp_decision_log_written_total") == 0
    assert "No space left on device" in pool.picker.process.log_path.read_text()
    assert ask(pool, chat(unique())).status == 200


def test_the_log_can_be_off(launch):
    pool = launch.pool(count=1, arguments=["--decision-log-rate=0"])
    assert ask(pool, chat(unique())).status == 200
    assert pool.picker.decisions() == []
