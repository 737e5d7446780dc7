"""What policies read of an environment: contracts with their defaults, and secrets as facts."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.environment_document import environment_document

GIVEN = "Gv7kQ2mX9pLw4TzR8sNd3HfY6bJc1VaE"
SHOP = {
    "version": "1.0",
    "image": {"reference": "registry.example/shop@sha256:" + "0" * 64},
    "domains": ["shop.test"],
    "processes": {"web": {"server": "gunicorn", "module": "shop.wsgi", "port": 8000, "probe": {"path": "/ready"}}},
    "routes": [{"path": "/", "process": "web"}],
    "env": {"LEAKED": f"token={GIVEN}"},
    "secrets": {"SECRET_KEY": {"min_length": 32}},
}


def facts(**changes: Any) -> dict[str, Any]:
    return {
        "environment": "test",
        "production": True,
        "topology": {"app": ["node1"]},
        "addresses": {"node1": "10.0.0.1"},
        "applications": {"shop": SHOP},
        "platform": {"debian": "13"},
        "firewall_also": [],
        "secrets_given": {"shop/SECRET_KEY": GIVEN},
        "generated": "",
        "others": {},
        **changes,
    }


def test_contracts_have_their_defaults() -> None:
    assert environment_document(facts())["applications"]["shop"]["processes"]["web"]["replicas"] == 2


def test_no_secret_is_in_it_wherever_it_stood() -> None:
    document = environment_document(facts())
    assert GIVEN not in json.dumps(document)
    assert document["applications"]["shop"]["env"]["LEAKED"] == "token=[secret shop/SECRET_KEY]"


def test_facts_of_secrets() -> None:
    generated = f"patroni/restapi: changeme\nsentinel/admin: {GIVEN}\n"
    secrets = environment_document(facts(generated=generated, others={"staging": f"any: {GIVEN}\n"}))["secrets"]
    assert secrets["patroni/restapi"] == {
        "source": "generated",
        "length": 8,
        "problem": "is a placeholder",
        "same_as": [],
        "same_in": [],
    }
    assert secrets["shop/SECRET_KEY"]["source"] == "given"
    assert secrets["shop/SECRET_KEY"]["same_as"] == ["sentinel/admin"]
    assert secrets["shop/SECRET_KEY"]["same_in"] == ["staging"]
    assert secrets["kit/checksum_key"]["source"] == "not made yet"
