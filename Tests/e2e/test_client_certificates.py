"""Who has to show a certificate to whom: the proxy to the picker, and the picker to model servers."""

import datetime
import os
import signal
import subprocess

import grpc
import pytest
import trustme
from bodies import chat_bytes, unique
from extproc import Client, request_body, request_headers
from grpc_health.v1 import health_pb2, health_pb2_grpc
from localpool import wait_until
from model_server import ModelServer


def write(path, pem):
    """Replaces a file in one step."""
    fresh = path.with_suffix(".new")
    pem.write_to_path(fresh)
    os.replace(fresh, path)


def serves(picker, certificate):
    """Whether the ext_proc port answers a client that has this certificate, or none."""
    chain = b"".join(pem.bytes() for pem in certificate.cert_chain_pems) if certificate else None
    key = certificate.private_key_pem.bytes() if certificate else None
    credentials = grpc.ssl_channel_credentials(picker.authority, key, chain)
    options = [("grpc.ssl_target_name_override", "epp.test"), ("grpc.use_local_subchannel_pool", 1)]
    with grpc.secure_channel(picker.address, credentials, options=options) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE, error
            return False
    return answer.status == health_pb2.HealthCheckResponse.SERVING


class Certificates:
    """The server's authority, two of clients, and a certificate from each."""

    def __init__(self, directory):
        self.server = trustme.CA()
        self.authority, self.other = trustme.CA(), trustme.CA()
        self.client, self.stranger = (ca.issue_cert("proxy.test") for ca in (self.authority, self.other))
        self.directory = directory / "server"
        self.directory.mkdir()
        shown = self.server.issue_cert("epp.test")
        shown.cert_chain_pems[0].write_to_path(self.directory / "tls.crt")
        shown.private_key_pem.write_to_path(self.directory / "tls.key")
        self.ca_file = directory / "clients.pem"
        write(self.ca_file, self.authority.cert_pem)


@pytest.fixture
def certificates(tmp_path):
    return Certificates(tmp_path)


def start(launch, certificates, *arguments):
    picker = launch.picker(
        ["127.0.0.1:9"],
        arguments=[
            f"--cert-path={certificates.directory}",
            f"--client-ca-file={certificates.ca_file}",
            "--health-checking",
            *arguments,
        ],
    )
    picker.authority = certificates.server.cert_pem.bytes()
    return picker


def test_only_clients_with_a_certificate_are_served(launch, certificates):
    picker = start(launch, certificates)
    assert serves(picker, certificates.client)
    assert not serves(picker, certificates.stranger)
    assert not serves(picker, None)
    # An expired one is none.
    expired = certificates.authority.issue_cert(
        "proxy.test", not_after=datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    )
    assert not serves(picker, expired)
    assert serves(picker, certificates.client)
    wait_until(lambda: picker.metric("epp_connections") == 0, "nobody is left")


async def test_without_the_flag_nobody_needs_one(launch, certificates):
    picker = launch.picker(["127.0.0.1:9"], arguments=[f"--cert-path={certificates.directory}"])
    async with Client(picker.address, tls=certificates.server.cert_pem.bytes()) as client:
        stream = client.stream()
        header, *_ = await stream.ask(request_headers(), request_body(chat_bytes(unique()), True))
        assert header.destination == "127.0.0.1:9"
        await stream.reset()


@pytest.mark.parametrize("by", ["watch", "signal"])
def test_replaced_file_decides_about_new_connections(launch, certificates, by):
    picker = start(launch, certificates, *(["--enable-cert-reload"] if by == "watch" else []))
    assert serves(picker, certificates.client)
    write(certificates.ca_file, certificates.other.cert_pem)
    if by == "signal":
        os.kill(picker.process.pid, signal.SIGHUP)
    wait_until(lambda: serves(picker, certificates.stranger), "the other authority counts")
    assert not serves(picker, certificates.client)
    certificates.ca_file.write_text("no certificate")
    if by == "signal":
        os.kill(picker.process.pid, signal.SIGHUP)
    failures = {"file": "certificate", "result": "failure"}
    wait_until(lambda: picker.metric("epp_reloads_total", **failures) > 0, "the file is refused")
    assert "clients.pem" in picker.process.log_tail()
    assert serves(picker, certificates.stranger)
    assert not serves(picker, None)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--client-ca-file=/nowhere"], "--client-ca-file: cannot read /nowhere"),
        (["--client-ca-file=/dev/null"], "--client-ca-file: cannot read /dev/null"),
        (["--client-ca-file=/x", "--secure-serving=false"], "--client-ca-file needs --secure-serving"),
    ],
)
def test_flag_that_cannot_work_stops_the_start(launch, arguments, message):
    command = [launch.bin_dir / "epp", "--endpoints=127.0.0.1:1", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert (done.returncode, message in done.stderr) == (1, True), done.stderr


# Towards model servers.


def scraping(parameters):
    return (
        "apiVersion: llm-d.ai/v1alpha1\nkind: EndpointPickerConfig\n"
        f"plugins: [{{type: metrics-data-source, parameters: {{scheme: https, {parameters}}}}}]\n"
    )


@pytest.fixture
def server(tmp_path, certificates):
    server = ModelServer(certificate_directory=tmp_path, client_authority=certificates.ca_file)
    yield server
    server.close()


def scraped(launch, server, parameters):
    """Whether the server's page is read with these parameters."""
    picker = launch.picker([server.address], tls=False, config=scraping(parameters))
    wait_until(
        lambda: any(picker.metric("epp_scrapes_total", result=result) > 1 for result in ("success", "failure")),
        "the server was asked",
    )
    return picker.metric("epp_scrapes_total", result="success") > 0


def pair(directory, certificate, name="client"):
    chain, key = directory / f"{name}.crt", directory / f"{name}.key"
    certificate.cert_chain_pems[0].write_to_path(chain)
    certificate.private_key_pem.write_to_path(key)
    return f"clientCertPath: {chain}, clientKeyPath: {key}"


def test_server_that_asks_for_a_certificate_is_shown_one(launch, server, certificates, tmp_path):
    authority = f"caCertPath: {server.certificate}"
    assert scraped(launch, server, f"{authority}, {pair(tmp_path, certificates.client)}")
    assert not scraped(launch, server, authority)
    assert not scraped(launch, server, f"{authority}, {pair(tmp_path, certificates.stranger, 'stranger')}")


def test_server_is_checked_once_an_authority_is_named(launch, server, certificates, tmp_path):
    """Unless it is said that it is not to be."""
    own = pair(tmp_path, certificates.client)
    other = tmp_path / "other.pem"
    certificates.other.cert_pem.write_to_path(other)
    assert not scraped(launch, server, f"caCertPath: {other}, {own}")
    assert scraped(launch, server, f"caCertPath: {other}, insecureSkipVerify: true, {own}")
    assert scraped(launch, server, own)


@pytest.mark.parametrize("by", ["watch", "signal"])
def test_replaced_certificate_is_shown_to_servers(launch, server, certificates, tmp_path, by):
    """And one that does not fit its key changes nothing."""
    own = pair(tmp_path, certificates.stranger)
    picker = launch.picker([server.address], tls=False, config=scraping(f"caCertPath: {server.certificate}, {own}"))
    wait_until(lambda: picker.metric("epp_scrapes_total", result="failure") > 1, "the server refuses")

    def replaced(certificate, parts=("crt", "key")):
        fresh = tmp_path / "fresh"
        fresh.mkdir(exist_ok=True)
        pair(fresh, certificate)
        for part in parts:
            os.replace(fresh / f"client.{part}", tmp_path / f"client.{part}")
        if by == "signal":
            os.kill(picker.process.pid, signal.SIGHUP)

    replaced(certificates.client)
    wait_until(lambda: picker.metric("epp_scrapes_total", result="success") > 1, "the server is read")
    replaced(certificates.stranger, ["crt"])
    failures = {"file": "scrape_certificate", "result": "failure"}
    wait_until(lambda: picker.metric("epp_reloads_total", **failures) > 0, "the pair is refused")
    assert picker.metric("epp_last_reload_successful", file="scrape_certificate") == 0
    assert "certificates towards model servers stay" in picker.process.log_tail()


def test_server_at_another_address_than_its_certificate_says_is_refused(launch, tmp_path):
    server = ModelServer(certificate_directory=tmp_path, certified_address="127.0.0.9")
    assert not scraped(launch, server, f"caCertPath: {server.certificate}")
    assert scraped(launch, server, "insecureSkipVerify: true")
    server.close()
