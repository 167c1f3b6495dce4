"""An authority that only this demo's provider trusts, and the certificate of the partner's address for messages."""

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

AUTHORITY = "authority.pem"
SITE = "messages.pem"
_DAYS = 30


def make_certificates(folder: Path) -> None:
    """Write the authority's certificate, and certificate with key of the address, into the throwaway folder."""
    authority_key, site_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sekisho demo")])
    site_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tabi Points, messages")])
    is_authority = x509.BasicConstraints(ca=True, path_length=0)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    authority = _certificate(name, name, authority_key.public_key(), is_authority, authority_key)
    site = _certificate(site_name, name, site_key.public_key(), address, authority_key)
    (folder / AUTHORITY).write_bytes(authority)
    key = site_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / SITE
    file.touch(mode=0o600)
    file.write_bytes(key + site)


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    extension: x509.ExtensionType,
    signer: ec.EllipticCurvePrivateKey,
) -> bytes:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
    builder = builder.serial_number(x509.random_serial_number()).add_extension(extension, critical=False)
    builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=_DAYS))
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM)
