"""The programs with TLS on both listeners and a join token, as in production."""

import datetime
import ipaddress
import secrets
import subprocess
from pathlib import Path
from typing import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from support.cluster import BUILD, Cluster
from support.processes import Process, wait_for
from support.stack import ROOT, Stack


def self_signed(directory: Path) -> None:
    """`server.pem` and `server.key` for 127.0.0.1; the certificate is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "binferry test")])
    now = datetime.datetime.utcnow()
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True).sign(key, hashes.SHA256()))
    (directory / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (directory / "server.key").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


@pytest.fixture
def cluster(stack: Stack) -> Iterator[Cluster]:
    """A controller with TLS and a join token; only `controller`, `ports` and `dir` of the cluster are used."""
    with Cluster(stack) as made:
        self_signed(made.dir)
        (made.dir / "token").write_text(secrets.token_hex(16))
        ports = made.dir / "ports"
        made.controller = Process(
            [str(BUILD / "bin/binferry-controller"), "--listen-api", "127.0.0.1:0", "--listen-workers", "127.0.0.1:0",
             "--postgres", made.postgres, "--secret-key-file", str(made.key_file), "--migrations-dir",
             str(ROOT / "migrations"), "--tls-cert", str(made.dir / "server.pem"), "--tls-key",
             str(made.dir / "server.key"), "--join-token-file", str(made.dir / "token"), "--ports-file", str(ports)],
            made.dir / "controller.log")
        wait_for(lambda: ports.exists() or not made.controller.running, 20, "the controller's ports")
        assert made.controller.running, made.controller.output
        made.ports = {line.split("=")[0].replace("_port", ""): int(line.split("=")[1])
                      for line in ports.read_text().split()}
        yield made


def worker(cluster: Cluster, name: str, token: Path) -> Process:
    cluster.workers[name] = Process(
        [str(BUILD / "bin/binferry-worker"), "--controller", f"127.0.0.1:{cluster.ports['workers']}", "--name", name,
         "--region", "local", "--network-types", "VPC", "--tls-ca", str(cluster.dir / "server.pem"),
         "--join-token-file", str(token)], cluster.dir / f"{name}.log")
    return cluster.workers[name]


def binferry(cluster: Cluster, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(BUILD / "bin/binferry"), "--server", f"127.0.0.1:{cluster.ports['api']}", *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)


def test_only_who_verifies_and_is_known_gets_in(cluster: Cluster) -> None:
    ca = ["--tls-ca", str(cluster.dir / "server.pem")]
    wait_for(lambda: binferry(cluster, *ca, "worker", "list").returncode == 0, 20, "the API over TLS")
    worker(cluster, "known", cluster.dir / "token")
    wait_for(lambda: "known" in binferry(cluster, *ca, "worker", "list").stdout, 20, "the worker with the token")
    (cluster.dir / "wrong").write_text("not-the-token")
    stranger = worker(cluster, "stranger", cluster.dir / "wrong")
    stranger.wait_for_output("token", 20)
    assert "stranger" not in binferry(cluster, *ca, "worker", "list").stdout
    assert "not-the-token" not in stranger.output
    # Without TLS, and with an authority that didn't sign: not a word gets through.
    plain = binferry(cluster, "--insecure-dev", "--timeout", "3", "worker", "list")
    assert plain.returncode == 3 and "cannot reach" in plain.stderr
    system = binferry(cluster, "--timeout", "3", "worker", "list")
    assert system.returncode == 3 and "certificate" in system.stderr.lower()
