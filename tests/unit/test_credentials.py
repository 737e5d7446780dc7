"""Roles secrets and pki through the playbook that runs them: made once, kept, and never shown."""

from __future__ import annotations

import stat
from pathlib import Path

import yaml
from cryptography import x509

from tests.unit.test_preflight_inventories import BASE, changed, run

CERTIFICATES = [
    {"name": "patroni", "common_name": "root", "dns": [], "ip": [], "client": True, "server": False},
    {"name": "nginx", "common_name": "nginx", "dns": ["shop.test"], "ip": ["127.0.0.1"], "client": False},
]
GIVEN = "Gv7kQ2mX9pLw4TzR8sNd3HfY6bJc1VaE"


def test_credentials_are_made_once_and_never_shown(tmp_path: Path) -> None:
    variables = {
        "pki_certificates": CERTIFICATES,
        "secrets_given": {"sentinel/admin": GIVEN},
        "slipway_control_dir": str(tmp_path / "control"),
    }
    inventory = changed(BASE, {"vars": variables})
    first, second = (run(inventory, tmp_path, "credentials") for _ in range(2))
    assert first.returncode == 0, first.stdout
    assert "changed=0" in second.stdout, second.stdout

    control = tmp_path / "control"
    secrets = yaml.safe_load((control / "secrets.yml").read_text())
    assert "sentinel/admin" not in secrets  # it was given
    assert {"postgres/replication", "shop/SECRET_KEY"} < set(secrets)
    said = first.stdout + first.stderr + second.stdout + second.stderr
    assert not [name for name, value in {**secrets, "sentinel/admin": GIVEN}.items() if value in said]
    assert "PRIVATE KEY" not in said

    assert stat.S_IMODE(control.stat().st_mode) == 0o700
    assert stat.S_IMODE((control / "secrets.yml").stat().st_mode) == 0o600
    assert stat.S_IMODE((control / "pki").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (control / "pki").glob("*.key")} == {0o400}

    authority, nginx, patroni = (
        x509.load_pem_x509_certificate((control / f"pki/{name}.crt").read_bytes())
        for name in ("ca", "nginx", "patroni")
    )
    basic = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    assert "test" in authority.subject.rfc4514_string()
    nginx.verify_directly_issued_by(authority)
    patroni.verify_directly_issued_by(authority)
    assert (nginx.not_valid_after_utc - nginx.not_valid_before_utc).days == 90
    assert "CN=root" in patroni.subject.rfc4514_string()


def test_check_mode_makes_nothing_and_says_what_it_would(tmp_path: Path) -> None:
    variables = {"pki_certificates": CERTIFICATES, "slipway_control_dir": str(tmp_path / "control")}
    done = run(changed(BASE, {"vars": variables}), tmp_path, "credentials", "--check")
    assert done.returncode == 0, done.stdout
    assert "nginx: not issued yet" in done.stdout
    assert not (tmp_path / "control").exists()
