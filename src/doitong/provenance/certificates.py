"""The installation's certificates: a root for ten years, leaves for one, on P-256, as C2PA's certificate profile asks.

The root's key is sealed with a key that is derived from the installation's secret: HKDF-SHA256 (RFC 5869), then
AES-256-GCM (NIST SP 800-38D). A copy of the database can sign films until the leaf ends, but can make no leaf.
"""

import secrets
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from doitong.provenance.model import Leaf, Root
from doitong.provenance.rules import LEAF_LIFETIME, ROOT_LIFETIME

_NONCE_BYTES = 12
_CLOCKS_DIFFER = timedelta(hours=1)
_NO_USAGE = {
    "digital_signature": False,
    "content_commitment": False,
    "key_encipherment": False,
    "data_encipherment": False,
    "key_agreement": False,
    "key_cert_sign": False,
    "crl_sign": False,
    "encipher_only": False,
    "decipher_only": False,
}


class RootSealed(Exception):
    """This process does not have the secret that the root's key was sealed with."""


def make_root(now: datetime, secret: bytes) -> Root:
    """A new authority, named after nobody but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Doitong installation {secrets.token_hex(4)}")
    expires_at = now + ROOT_LIFETIME
    public = key.public_key()
    certificate = (
        _builder(name, name, public, public, now, expires_at)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**_NO_USAGE | {"key_cert_sign": True, "crl_sign": True}), critical=True)
        .sign(key, hashes.SHA256())
    )
    sealed = _seal(_pem_of(key).encode(), secret)
    return Root(_fingerprint(certificate), _text_of(certificate), sealed, expires_at)


def make_leaf(root: Root, now: datetime, secret: bytes) -> Leaf:
    """A new signing certificate under the root. Raises `RootSealed` without the root's secret."""
    authority = x509.load_pem_x509_certificate(root.certificate.encode())
    authority_key = serialization.load_pem_private_key(_unseal(root.sealed_key, secret), None)
    assert isinstance(authority_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    expires_at = min(now + LEAF_LIFETIME, root.expires_at)
    name = _name("Doitong film signer")
    certificate = (
        _builder(name, authority.subject, key.public_key(), authority_key.public_key(), now, expires_at)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**_NO_USAGE | {"digital_signature": True}), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    return Leaf(_fingerprint(certificate), root.fingerprint, _text_of(certificate), _pem_of(key), expires_at)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    authority: ec.EllipticCurvePublicKey,
    now: datetime,
    expires_at: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(expires_at)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), critical=False)
    )


def _name(common: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Doitong")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _seal(key: bytes, secret: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(_sealing_key(secret)).encrypt(nonce, key, None)


def _unseal(sealed: bytes, secret: bytes) -> bytes:
    try:
        return AESGCM(_sealing_key(secret)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except InvalidTag as error:
        raise RootSealed from error


def _sealing_key(secret: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, None, b"doitong provenance root").derive(secret)


def _pem_of(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _text_of(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()
