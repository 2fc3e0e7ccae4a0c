"""TLS on the ext_proc port: which certificate is shown, and what is accepted."""

import socket
import ssl
import subprocess

import pytest
import trustme
from localpool import wait_until


def handshake(port, *, version=None, ciphers=None):
    """Certificate (DER), version and cipher of a new connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    if version:
        context.minimum_version = context.maximum_version = version
    if ciphers:
        context.set_ciphers(ciphers)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        with context.wrap_socket(connection) as tls:
            return tls.getpeercert(binary_form=True), tls.version(), tls.cipher()[0]


def write(directory, authority):
    certificate = authority.issue_cert("epp.example.org")
    certificate.private_key_pem.write_to_path(str(directory / "tls.key"))
    certificate.cert_chain_pems[0].write_to_path(str(directory / "tls.crt"))
    return ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())


def test_replaced_certificate_is_shown_to_new_connections(launch, tmp_path):
    authority = trustme.CA()
    first = write(tmp_path, authority)
    arguments = [f"--cert-path={tmp_path}", "--enable-cert-reload"]
    picker = launch.picker(["127.0.0.1:1"], arguments=arguments)
    assert handshake(picker.port)[0] == first
    (tmp_path / "tls.crt").write_text("not a certificate")
    wait_until(lambda: "stays as it was" in picker.process.log_path.read_text(), "the change was looked at")
    assert handshake(picker.port)[0] == first
    second = write(tmp_path, authority)
    wait_until(lambda: handshake(picker.port)[0] == second, "the new certificate is shown")


def test_versions_and_ciphers(launch):
    picker = launch.picker(["127.0.0.1:1"], arguments=["--tls-min-version=VersionTLS13"])
    assert handshake(picker.port)[1] == "TLSv1.3"
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(picker.port, version=ssl.TLSVersion.TLSv1_2)
    suite = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
    picker = launch.picker(["127.0.0.1:1"], arguments=[f"--tls-cipher-suites={suite}"])
    assert handshake(picker.port, version=ssl.TLSVersion.TLSv1_2)[2].endswith("AES256-GCM-SHA384")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(picker.port, version=ssl.TLSVersion.TLSv1_2, ciphers="AES128-GCM-SHA256:ECDHE+AES128")


@pytest.mark.parametrize("flag", ["--tls-min-version=1.3", "--tls-cipher-suites=RC4"])
def test_unknown_words_are_refused(launch, flag):
    result = subprocess.run(
        [launch.bin_dir / "epp", "--endpoints=127.0.0.1:1", flag], capture_output=True, text=True, timeout=20
    )
    assert result.returncode == 1
    assert flag.partition("=")[0] in result.stderr
