"""What makes a broker a secured one: certificates, users and rules of access.

The same broker process serves these beside its PLAINTEXT listener, whose clients may do anything:

  SSL              clients must present a certificate
  SASL_PLAINTEXT,  PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER
  SASL_SSL         the same, encrypted
  UNREACHABLE      PLAINTEXT, but it advertises a host name that no resolver knows

A user may do what it has rules (ACLs) for, and at first nobody has any. Users are `carrier` and `stranger`,
with PASSWORD; `CN=carrier` is who presents the client's certificate; tokens say who their user is. The
certificates lie in `kafka/security` of the stack: `ca.pem` signed the others, `other.pem` signed nothing."""

import struct
import subprocess
from hashlib import sha1
from pathlib import Path
from ssl import PEM_cert_to_DER_cert
from typing import Dict, List

from .process import StackError

PASSWORD = "carrier-word"
USERS = ("carrier", "stranger")
LISTENERS = {"SSL": "ssl_port", "SASL_PLAINTEXT": "sasl_port", "SASL_SSL": "sasl_ssl_port",
             "UNREACHABLE": "unreachable_port"}


def create(folder: Path) -> None:
    """Makes an authority, the broker's and a client's certificates, and Java's stores of them."""
    folder.mkdir()
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    _run(folder, "openssl", "req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-days", "30",
         "-subj", "/CN=Test authority")
    # An authority that signed nothing.
    _run(folder, "openssl", "req", "-x509", *curve, "-keyout", "other.key", "-out", "other.pem", "-days", "30",
         "-subj", "/CN=Other authority")
    for name, common_name, names in (("broker", "broker", "DNS:localhost"), ("client", "carrier", "DNS:client")):
        _run(folder, "openssl", "req", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr",
             "-subj", f"/CN={common_name}")
        (folder / f"{name}.ext").write_text(f"subjectAltName={names}\n")
        _run(folder, "openssl", "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
             "-CAcreateserial", "-days", "30", "-extfile", f"{name}.ext", "-out", f"{name}.pem")
    (folder / "broker-store.pem").write_text(
        (folder / "broker.key").read_text() + (folder / "broker.pem").read_text())
    _run(folder, "openssl", "pkcs12", "-export", "-in", "client.pem", "-inkey", "client.key", "-name", "carrier",
         "-out", "client.p12", "-passout", f"pass:{PASSWORD}")
    (folder / "trust.jks").write_bytes(_jks((folder / "ca.pem").read_text(), PASSWORD))


def _jks(pem: str, password: str) -> bytes:
    """A store of Java that trusts one certificate; keytool's own would take a second to make."""
    der = PEM_cert_to_DER_cert(pem)
    body = struct.pack(">IIIIH2sQH5sI", 0xFEEDFEED, 2, 1, 2, 2, b"ca", 0, 5, b"X.509", len(der)) + der
    return body + sha1(password.encode("utf-16-be") + b"Mighty Aphrodite" + body).digest()


def storage_options() -> List[str]:
    """Of StorageTool format: the users of SCRAM."""
    options: List[str] = []
    for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
        for user in USERS:
            options += ["--add-scram", f"{mechanism}=[name={user},password={PASSWORD}]"]
    return options


def properties(folder: Path, ports: Dict[str, int]) -> Dict[str, str]:
    """The broker's properties beside those of every broker."""
    host = {"SSL": "localhost", "SASL_SSL": "localhost", "UNREACHABLE": "broker.invalid"}
    listeners = [f"{name}://127.0.0.1:{ports[port]}" for name, port in LISTENERS.items()]
    advertised = [f"{name}://{host.get(name, '127.0.0.1')}:{ports[port]}" for name, port in LISTENERS.items()]
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
    bearer = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
    users = " ".join(f'user_{user}="{PASSWORD}"' for user in USERS)
    result = {
        "listeners": ",".join(listeners),
        "advertised.listeners": ",".join(advertised),
        "listener.security.protocol.map":
            "SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,UNREACHABLE:PLAINTEXT",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / "broker-store.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(folder / "ca.pem"),
        "listener.name.ssl.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        # Clients of the PLAINTEXT listeners, and so of the controller, are ANONYMOUS.
        "super.users": "User:ANONYMOUS",
    }
    for listener in ("sasl_plaintext", "sasl_ssl"):
        prefix = f"listener.name.{listener}"
        result.update({
            f"{prefix}.plain.sasl.jaas.config": f"{plain} required {users};",
            f"{prefix}.scram-sha-256.sasl.jaas.config": f"{scram} required;",
            f"{prefix}.scram-sha-512.sasl.jaas.config": f"{scram} required;",
            # Unsecured tokens: what they say of their subject is believed.
            f"{prefix}.oauthbearer.sasl.jaas.config": f"{bearer} required;",
        })
    return result


def exports(folder: Path, ports: Dict[str, int]) -> Dict[str, str]:
    """The environment variables that tell programs of the listeners and certificates."""
    result = {f"BINFERRY_TEST_KAFKA_{name}": f"{'localhost' if name.endswith('SSL') else '127.0.0.1'}:{ports[port]}"
              for name, port in LISTENERS.items()}
    result["BINFERRY_TEST_KAFKA_SECURITY_DIR"] = str(folder)
    return result


def _run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise StackError(f"{' '.join(command[:3])} failed:\n{done.stdout[-2000:]}")
