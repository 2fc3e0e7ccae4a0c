"""The certificate of the ext_proc port: given, and swapped while requests are under way."""

import asyncio
import contextlib
import os
import ssl

import pytest
import trustme
from bodies import chat_bytes, unique
from extproc import Client, request_body, request_headers, response_body, response_headers
from localpool import wait_until


@pytest.fixture
def authority():
    return trustme.CA()


def write(directory, certificate):
    """Replaces both files, each in one step, the certificate first."""
    certificate.cert_chain_pems[0].write_to_path(directory / "new.crt")
    certificate.private_key_pem.write_to_path(directory / "new.key")
    os.replace(directory / "new.crt", directory / "tls.crt")
    os.replace(directory / "new.key", directory / "tls.key")


def shown(picker):
    """The certificate that a new connection is shown, in PEM."""
    return ssl.get_server_certificate(("127.0.0.1", picker.port))


def pem(certificate):
    return ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode()))


@pytest.fixture
def first(authority, tmp_path):
    certificate = authority.issue_cert("epp.test")
    write(tmp_path, certificate)
    return certificate


@pytest.fixture
def picker(launch, first, tmp_path):
    arguments = [f"--cert-path={tmp_path}", "--enable-cert-reload"]
    return launch.picker(["127.0.0.1:9"], arguments=arguments)


async def ask(client):
    """A whole request and response."""
    stream = client.stream()
    header, *_ = await stream.ask(request_headers(), request_body(chat_bytes(unique()), True))
    assert header.destination == "127.0.0.1:9"
    await stream.exchange(response_headers(), 1)
    await stream.exchange(response_body(b"{}", True), 1)
    assert (await stream.close()).name == "OK"


async def test_certificate_swapped_under_load(picker, authority, first, tmp_path):
    """New connections get the new one. Streams of old ones go on, and no request is lost."""
    assert shown(picker) == pem(first)
    stop = asyncio.Event()
    asked = 0

    async def load():
        nonlocal asked
        async with Client(picker.address, tls=authority.cert_pem.bytes()) as client:
            while not stop.is_set():
                await ask(client)
                asked += 1

    workers = [asyncio.create_task(load()) for _ in range(4)]
    for _ in range(3):
        certificate = authority.issue_cert("epp.test")
        write(tmp_path, certificate)
        await asyncio.to_thread(wait_until, lambda: shown(picker) == pem(certificate), "the new one is shown")
    stop.set()
    await asyncio.gather(*workers)
    assert asked > 100
    assert picker.metric("inference_objective_request_error_total") == 0


@pytest.mark.parametrize("broken", [b"", b"no certificate"])
def test_certificate_that_cannot_be_used_is_refused(picker, authority, first, tmp_path, broken):
    (tmp_path / "tls.crt").write_bytes(broken)
    wait_until(lambda: "certificate stays" in picker.process.log_tail(), "the refusal is logged")
    assert shown(picker) == pem(first)
    second = authority.issue_cert("epp.test")
    write(tmp_path, second)
    wait_until(lambda: shown(picker) == pem(second), "the good one is shown")


def test_key_of_another_certificate_is_refused(picker, authority, first, tmp_path):
    """What a reader sees between the replacement of the two files."""
    other = authority.issue_cert("epp.test")
    other.private_key_pem.write_to_path(tmp_path / "tls.key")
    wait_until(lambda: "certificate stays" in picker.process.log_tail(), "the refusal is logged")
    assert shown(picker) == pem(first)


def test_missing_certificate_stops_the_start(launch, tmp_path):
    with pytest.raises(Exception) as caught, contextlib.ExitStack():
        launch.picker(["127.0.0.1:9"], arguments=[f"--cert-path={tmp_path}"])
    assert "tls.crt" in str(caught.value)
