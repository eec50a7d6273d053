"""Runs in Synapse's environment: writes a certificate for localhost, signed by itself, and its key."""

from __future__ import annotations

import datetime as dt
import importlib
import sys
from pathlib import Path
from typing import Any

# By name: what is installed there is not installed where types are checked.
x509: Any = importlib.import_module("cryptography.x509")
hashes: Any = importlib.import_module("cryptography.hazmat.primitives.hashes")
serialization: Any = importlib.import_module("cryptography.hazmat.primitives.serialization")
ec: Any = importlib.import_module("cryptography.hazmat.primitives.asymmetric.ec")


def main(certificate_file: Path, key_file: Path) -> None:
    """Make both, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(*pem))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
