"""Certificates and keys in a directory: which are due to be issued again, and why.

For each name there are ``<name>.crt`` and ``<name>.key``; the authority is ``ca``. Runs on the control machine.
"""

from __future__ import annotations

import os
import stat
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KEY_MODE = 0o400


class Held:
    """A certificate and its key as they are on disk. Where there is ``trouble`` there is no ``certificate``."""

    certificate: x509.Certificate

    def __init__(self, directory: str, name: str) -> None:
        self.name = name
        self.certificate_path = os.path.join(directory, name + ".crt")
        self.key_path = os.path.join(directory, name + ".key")
        self.certificate_pem = _read(self.certificate_path)
        self.key_pem = _read(self.key_path)
        self.trouble = self._load()

    def _load(self) -> str:
        if not self.certificate_pem or not self.key_pem:
            return "not issued yet" if not self.certificate_pem else "its key is gone"
        if stat.S_IMODE(os.stat(self.key_path).st_mode) & 0o077:
            return "its key could be read by others"
        try:
            certificate = x509.load_pem_x509_certificate(self.certificate_pem)
            key = serialization.load_pem_private_key(self.key_pem, password=None)
        except (ValueError, TypeError):
            return "it cannot be read"
        if certificate.public_key() != key.public_key():
            return "its key belongs to another certificate"
        self.certificate = certificate
        return ""

    @property
    def common_name(self) -> str:
        names = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(names[0].value) if names else ""

    def days_left(self, now: datetime) -> int:
        return (_not_after(self.certificate) - now) // timedelta(days=1)

    def names(self) -> Tuple[List[str], List[str]]:
        """Its alternative names: of hosts, and addresses."""
        try:
            alternative = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return [], []
        addresses = [str(address) for address in alternative.get_values_for_type(x509.IPAddress)]
        return alternative.get_values_for_type(x509.DNSName), addresses

    def purposes(self) -> Tuple[bool, bool]:
        """Whether it is good for a client, and for a server."""
        try:
            usage = list(self.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        except x509.ExtensionNotFound:
            return False, False
        return ExtendedKeyUsageOID.CLIENT_AUTH in usage, ExtendedKeyUsageOID.SERVER_AUTH in usage


def _not_after(certificate: x509.Certificate) -> datetime:
    """The end of validity with its time zone; cryptography before 42 only has it without."""
    if hasattr(certificate, "not_valid_after_utc"):
        return certificate.not_valid_after_utc
    return certificate.not_valid_after.replace(tzinfo=timezone.utc)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return b""


def authority_trouble(held: Held, common_name: str, renew_days: int, now: datetime) -> str:
    """Why the authority is due to be made again; empty where it is not."""
    if held.trouble:
        return held.trouble
    if held.common_name != common_name:
        return "its name changed"
    left = held.days_left(now)
    return f"{left} days are left" if left < renew_days else ""


def leaf_trouble(
    held: Held, wanted: Mapping[str, Any], authority: Optional[Held], renew_days: int, now: datetime
) -> str:
    """Why a certificate is due to be issued again; empty where it is not."""
    if held.trouble:
        return held.trouble
    if authority is None:
        return "the authority is new"
    try:
        held.certificate.verify_directly_issued_by(authority.certificate)
    except (InvalidSignature, ValueError, TypeError):
        return "another authority issued it"
    dns, addresses = held.names()
    if held.common_name != wanted["common_name"] or (set(dns), set(addresses)) != (
        set(wanted["dns"]),
        set(wanted["ip"]),
    ):
        return "its names changed"
    if held.purposes() != (wanted["client"], wanted["server"]):
        return "its purposes changed"
    left = held.days_left(now)
    return f"{left} days are left" if left < renew_days else ""


def certificate_state(
    directory: str,
    wanted: Sequence[Mapping[str, Any]],
    authority_name: str,
    renew_days: int,
    authority_renew_days: int,
    now: datetime,
) -> Dict[str, Any]:
    """What is due and why, and what is there.

    :return: ``{"ca": reason or "", "due": [{**wanted, "reason": …}], "pki": {name: {certificate, key, not_after}}}``
    """
    authority = Held(directory, "ca")
    reason = authority_trouble(authority, authority_name, authority_renew_days, now)
    due, pki = [], {"ca": {"certificate": authority.certificate_pem.decode() or "[certificate ca: not issued yet]"}}
    for entry in wanted:
        held = Held(directory, entry["name"])
        trouble = leaf_trouble(held, entry, None if reason else authority, renew_days, now)
        if trouble:
            due.append({**entry, "reason": trouble})
        if not held.trouble:
            pki[entry["name"]] = {
                "certificate": held.certificate_pem.decode(),
                "key": held.key_pem.decode(),
                "not_after": _not_after(held.certificate).isoformat(),
            }
        else:
            pki[entry["name"]] = {
                part: f"[{part} {entry['name']}: not issued yet]" for part in ("certificate", "key", "not_after")
            }
    return {"ca": reason, "due": due, "pki": pki}
