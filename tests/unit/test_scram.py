"""Verifiers: as Postgres computes them, and compared without a password leaving the process."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.scram import matches, verifier

# The exchange of RFC 7677: user "user", password "pencil".
SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")


def test_the_verifier_proves_the_exchange_of_rfc_7677() -> None:

    stored, server = verifier("pencil", SALT, 4096).split("$")[2].split(":")
    message = (
        b"n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    signature = hmac.new(base64.b64decode(server), message, hashlib.sha256).digest()
    assert base64.b64encode(signature) == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    client_signature = hmac.new(base64.b64decode(stored), message, hashlib.sha256).digest()
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    client_key = bytes(a ^ b for a, b in zip(proof, client_signature, strict=True))
    assert hashlib.sha256(client_key).digest() == base64.b64decode(stored)


def test_a_verifier_matches_its_password_only() -> None:
    stored = verifier("correct horse battery staple")
    assert matches("correct horse battery staple", stored)
    assert not matches("correct horse battery stapl", stored)


def test_two_verifiers_of_one_password_differ() -> None:
    assert verifier("pencil") != verifier("pencil")


def test_a_verifier_with_other_iterations_matches() -> None:
    assert matches("pencil", verifier("pencil", SALT, 8192))


@pytest.mark.parametrize(
    "stored",
    [None, "", "pencil", "md5c9bd1b4f3d3b1f0f", "SCRAM-SHA-256$4096:!!!$a:b", "SCRAM-SHA-256$4096:abc$YQ==:YQ=="],
    ids=["none", "empty", "clear text", "md5", "not base64", "broken salt"],
)
def test_what_is_no_verifier_matches_nothing(stored: str | None) -> None:
    assert not matches("pencil", stored)


@pytest.mark.parametrize("password", ["", "pässwort", "tab\there"])
def test_a_password_that_drivers_would_read_differently_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        verifier(password)
