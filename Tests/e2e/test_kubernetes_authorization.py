"""Who may read the metrics port where there is a Kubernetes API to ask."""

import pytest
from kubeapi.objects import inference_pool
from kubeapi.server import APIServer
from kubernetes import kubernetes_picker, log_entries
from localpool import request


@pytest.fixture
def api(tmp_path):
    api = APIServer(tmp_path)
    api.store.apply(inference_pool("pool", [8000]))
    api.reviews.users = {"prometheus": ("scraper", ["readers"]), "somebody": ("somebody", ["others"])}
    api.reviews.rights = {"readers": {("get", "/metrics")}}
    yield api
    api.stop()


def get(picker, token=None, path="/metrics"):
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return request(picker.metrics_address, path, headers=headers)


def following(launch, api, *flags):
    """A picker with the reference's default for `--metrics-endpoint-auth`, unless `flags` say something else."""
    return kubernetes_picker(launch, api, *(flags or ["--metrics-endpoint-auth"]))


def test_readers_are_asked_for(launch, api):
    picker = following(launch, api)
    nobody = get(picker)
    assert (nobody.status, nobody.headers["www-authenticate"]) == (401, "Bearer")
    assert get(picker, "stranger").status == 401
    assert get(picker, "somebody").status == 403
    allowed = get(picker, "prometheus")
    assert allowed.status == 200
    assert "epp_leases" in allowed.text
    # A right to read the metrics is no right to read anything else there.
    for path in ("/", "/debug/state", "/debug/config", "/debug/decisions"):
        assert get(picker, path=path).status == 401
        assert get(picker, "prometheus", path).status == 403
    assert "stranger" not in picker.process.log_path.read_text(), "no token gets into the log"


def test_answers_are_remembered(launch, api):
    picker = following(launch, api)
    for _ in range(20):
        assert get(picker, "prometheus").status == 200
        assert get(picker, "stranger").status == 401
    assert sorted(api.reviews.asked) == ["SubjectAccessReview", "TokenReview", "TokenReview"]


def test_reviews_that_cannot_be_made(launch, api):
    """The ClusterRole is missing, or the server is away: nobody is let in, and the log says why."""
    picker = following(launch, api)
    api.reviews.are_allowed = False
    assert get(picker, "prometheus").status == 500
    [entry] = log_entries(picker, "metrics authorization failed")
    assert "reviews may not be created" in entry["error"]
    api.reviews.are_allowed = True
    assert get(picker, "prometheus").status == 200, "a failure is not remembered"
    api.stop()
    assert get(picker, "somebody").status == 500
    assert get(picker, "prometheus").status == 200, "what was answered is still believed"


def test_everybody_may_read_when_told_so(launch, api):
    picker = following(launch, api, "--metrics-endpoint-auth=false")
    assert get(picker).status == 200
    assert api.reviews.asked == []


def test_reviews_are_the_default(launch, api):
    picker = launch.picker(tls=False, arguments=[f"--kubeconfig={api.kubeconfig()}", "--pool-name=pool"])
    assert get(picker).status == 401
    assert get(picker, "prometheus").status == 200


def test_without_an_api_everybody_may_read(launch):
    picker = launch.picker(["127.0.0.1:1"], tls=False, arguments=["--metrics-endpoint-auth"])
    assert get(picker).status == 200
    assert "there is no Kubernetes API to ask" in picker.process.log_path.read_text()
