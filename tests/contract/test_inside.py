"""What a process finds: image, user, environment, secrets, files, volumes, memory that is writable."""

from __future__ import annotations

import secrets

import pytest

from tests.contract.conftest import Application, Noted
from tests.environment import Environment


def test_an_image_of_the_kits_own_base(mirror: Application) -> None:
    facts = mirror.ask("facts")
    assert (facts["python"], facts["user"]) == ("3.13", "10123:10124")
    assert "trixie" in mirror.ask("file", path="/etc/os-release")["content"]


def test_another_debian_and_its_python(elder: Application) -> None:
    facts = elder.ask("facts")
    assert (facts["python"], facts["user"]) == ("3.11", "10100:10100")
    assert "bookworm" in elder.ask("file", path="/etc/os-release")["content"]


def test_packages_are_in_the_image_and_those_of_the_build_are_not(mirror: Application, elder: Application) -> None:
    assert elder.ask("file", path="/usr/share/fonts/truetype/dejavu")["uid"] == 0
    assert mirror.ask("file", path="/app/mirror/built-with")["content"].strip() == "/usr/bin/xxd"
    assert elder.ask("file", path="/app/mirror/built-with")["content"] == ""
    for absent in ("/usr/bin/xxd", "/usr/share/fonts/truetype/dejavu", "/usr/bin/gcc"):
        assert mirror(f"/ask/file?path={absent}").status_code == 500


def test_build_arguments_reach_the_build(mirror: Application) -> None:
    assert mirror.ask("file", path="/app/mirror/flavour")["content"] == "of the day"


def test_environment_variables_arrive_as_they_are_stated(mirror: Application, noted: Noted, raw: str) -> None:
    environ = mirror.ask("facts")["environ"]
    assert environ["RAW"] == raw
    assert (environ["NUMBER"], environ["EMPTY"], environ["ONLY_WEB"]) == ("17", "", "yes")
    worker = noted("mirror-worker-1")["environ"]
    assert worker["RAW"] == raw
    assert "ONLY_WEB" not in worker
    assert (worker["SLIPWAY_APPLICATION"], worker["SLIPWAY_PROCESS"]) == ("mirror", "worker")


def test_secrets_are_variables_of_the_process_and_of_nobody_else(mirror: Application, environment: Environment) -> None:
    environ, kept = mirror.ask("facts")["environ"], environment.secrets
    assert environ["SECRET_KEY"] == kept["mirror/SECRET_KEY"]
    assert len(environ["SECRET_KEY"]) == 50
    assert environ["NAME_OF_ITS_OWN"] == kept["mirror/SIGNING_SECRET"]
    assert len(environ["NAME_OF_ITS_OWN"]) == 40
    assert environ["ISSUED"].startswith("issued-")
    assert "SIGNING_SECRET" not in environ
    assert "PRIVATE" not in environ
    stated = environment.containers()["mirror-web-1"]
    for value in (environ["SECRET_KEY"], environ["ISSUED"], kept["mirror/PRIVATE"], environ["DB_PASSWORD"]):
        assert value not in str(stated)


def test_a_secret_is_a_file_at_the_applications_own_path(mirror: Application, environment: Environment) -> None:
    found = mirror.ask("file", path="/app/mirror/keys/private.pem")
    assert found["content"] == environment.secrets["mirror/PRIVATE"]
    assert (found["uid"], found["mode"]) == (10123, "0400")
    assert mirror.ask("file", path="/run/secrets/SECRET_KEY")["content"] == environment.secrets["mirror/SECRET_KEY"]


def test_files_stand_where_they_are_stated(mirror: Application, raw: str) -> None:
    found = mirror.ask("file", path="/etc/mirror/settings.ini")
    assert (found["content"], found["mode"]) == (raw + "\n", "0444")


def test_single_files_stand_within_the_applications_folder(mirror: Application) -> None:
    local = mirror.ask("file", path="/app/mirror/local.py")
    assert (local["content"], local["mode"]) == ("VALUE = 7\n", "0440")
    hidden = mirror.ask("file", path="/app/mirror/hidden.txt")
    assert (hidden["content"], hidden["mode"]) == ("nobody shows this", "0400")
    assert "application" in mirror.ask("file", path="/app/mirror/web.py")["content"], "its neighbours are gone"


@pytest.mark.parametrize("path", ["/app/mirror/local.py", "/etc/mirror/settings.ini", "/app/other", "/etc/other"])
def test_nothing_else_is_writable(mirror: Application, path: str) -> None:
    answer = mirror("/ask/write", params={"path": path, "text": "x"})
    assert answer.status_code == 500
    assert "Read-only file system" in answer.text or "Permission denied" in answer.text


def test_memory_is_writable_where_it_is_stated(mirror: Application) -> None:
    found = mirror.ask("write", path="/app/scratch/one", text="x")
    assert found["uid"] == 10123
    assert mirror.ask("file", path="/app/scratch")["mode"] == "0700"
    mounts = mirror.ask("facts")["mounts"]
    assert "noexec" in mounts["/app/scratch"]
    assert "/tmp" in mounts


def test_volumes_belong_to_the_process_and_are_shared(mirror: Application, environment: Environment) -> None:
    """The image has neither directory, and the engine would give both to root."""
    text = secrets.token_hex(8)
    assert mirror.ask("write", path="/srv/shared/from-web", text=text)["uid"] == 10123
    for container in ("mirror-worker-1", "mirror-clock-1", "mirror-live-1"):
        assert environment.execute(container, "cat", "/srv/shared/from-web") == text
    shared = mirror.ask("file", path="/srv/shared")
    assert (shared["uid"], shared["gid"], shared["mode"]) == (10123, 10124, "2770")


def test_a_volume_is_only_where_it_is_stated(mirror: Application, environment: Environment) -> None:
    mirror.ask("write", path="/app/media/one", text="seen")
    assert environment.execute("mirror-worker-2", "cat", "/app/media/one") == "seen"
    media = mirror.ask("file", path="/app/media")
    assert (media["uid"], media["gid"]) == (10123, 10124)
    with pytest.raises(RuntimeError):
        environment.execute("mirror-live-1", "ls", "/app/media")
