"""The command line says what it does, and what is wrong."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from invigil import __version__
from invigil.clock import system_clock
from invigil.server import print_way_in
from invigil.storage.database.tables_roster import invite as invite_table
from tests.support.clock import Clock
from tests.support.house import read, running
from tests.support.process import command
from tests.support.scripted import ScriptedEngine


def names_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def test_version(tmp_path: Path) -> None:
    assert await command("version", cwd=tmp_path) == (0, f"{__version__}\n")


async def test_help_names_the_commands(tmp_path: Path) -> None:
    code, said = await command("--help", cwd=tmp_path)
    assert code == 0
    for name in ("serve", "demo", "version", "sign-in-link"):
        assert name in said


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("INVIGIL_PUBLIC_URL", "proctor.example.edu", "must be a scheme and a host"),
        ("INVIGIL_CLASSIC_API", "maybe", "token"),
        ("DB_PORT", "99999", "less than or equal to 65535"),
    ],
)
async def test_a_wrong_setting_is_named_without_a_traceback(
    tmp_path: Path, name: str, value: str, part: str
) -> None:
    code, said = await command("serve", cwd=tmp_path, **{name: value})
    assert code == 2
    assert said.startswith(f"{name}: ")
    assert part in said
    assert "Traceback" not in said
    assert "Value error" not in said
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240


async def test_a_setting_of_the_file_is_named_as_it_stands_there(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DB_PORT=many\nINVIGIL_PORT=many\n")
    code, said = await command("db", "upgrade", cwd=tmp_path)
    assert code == 2
    assert {line.partition(":")[0] for line in said.splitlines()} == {"DB_PORT", "INVIGIL_PORT"}


async def test_a_rule_over_several_settings_is_one_plain_sentence(tmp_path: Path) -> None:
    code, said = await command("serve", cwd=tmp_path, INVIGIL_RELAY_ONLY="true")
    assert code == 2
    assert said.startswith("INVIGIL_RELAY_ONLY sends all video through TURN")


async def test_a_sign_in_link_for_a_server_that_runs(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running(data, Clock(system_clock()), ScriptedEngine()) as house:
        code, said = await command("sign-in-link", "--data-dir", str(data), cwd=tmp_path)
        assert code == 0
        before, _, token = said.strip().rpartition("?token=")
        assert before == "Sign in (works once): http://localhost:8000/"
        client = await house.client({"Origin": house.base_url})
        read(await client.post("/api/v1/sign-in", json={"token": token}))


async def test_a_start_prints_no_secret_once_there_are_accounts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    async with running(data, Clock(system_clock()), ScriptedEngine()) as house:
        server = house.app.state.house
        await print_way_in(server.settings, server)
        assert "?token=" in capsys.readouterr().out
        await server.accounts.add("Olga Example", "four northern lights 7")
        await print_way_in(server.settings, server)
        said = capsys.readouterr().out
    assert said == f"Sign in with your account: {house.base_url}/\n"


async def test_the_data_folder_is_the_owners_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running(data, Clock(), ScriptedEngine()):
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in data.iterdir()}
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert modes["secret.key"] == 0o600
    assert modes["objects"] == 0o700


async def test_organisers_and_tokens_by_command(tmp_path: Path) -> None:
    """Also ahead of the server's first start; the password never is an argument."""
    data = ("--data-dir", str(tmp_path / "data"))
    name, password = "Olga Example", "four northern lights 7"
    code, said = await command("organiser", "add", name, *data, cwd=tmp_path, typed=password)
    assert (code, said.strip()) == (0, f"{name} can sign in at http://localhost:8000 now.")
    code, said = await command("organiser", "add", name, *data, cwd=tmp_path, typed=password)
    assert (code, said.partition(".")[0]) == (1, "There is an organiser of this name already")
    code, said = await command("organiser", "add", "Otto", *data, cwd=tmp_path, typed="short")
    assert (code, "12 to 200 characters" in said) == (1, True)
    code, said = await command("organiser", "list", *data, cwd=tmp_path)
    assert said.startswith(f"{name}  since ")
    code, secret = await command(
        "token", "create", "Importer", "--scope", "sessions:read", *data, cwd=tmp_path
    )
    assert code == 0
    async with running(tmp_path / "data", Clock(system_clock()), ScriptedEngine()) as house:
        client = await house.client({"Origin": house.base_url})
        body = {"name": name, "password": password}
        read(await client.post("/api/v1/sign-in/password", json=body))
        program = await house.client({"Authorization": f"Bearer {secret.strip()}"})
        read(await program.get("/api/v1/sessions"))
        _, listed = await command("token", "list", *data, cwd=tmp_path)
        assert listed.split()[1:] == ["good", "sessions:read", "Importer"]
        code, _ = await command("token", "revoke", listed.split()[0], *data, cwd=tmp_path)
        assert code == 0
        assert (await program.get("/api/v1/sessions")).status_code == 401
        code, _ = await command("organiser", "remove", name, *data, cwd=tmp_path)
        assert code == 0
        assert (await client.get("/api/v1/me")).status_code == 401


async def test_a_port_that_is_taken_is_said_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        code, said = await command("serve", "--port", port, cwd=tmp_path, INVIGIL_DATA_DIR="data")
    assert code == 1
    assert f"port {port} already" in said
    assert "invigil sign-in-link" in said
    assert "Traceback" not in said
    assert not (tmp_path / "data").exists()


async def test_an_address_that_is_none_of_ours_is_said_at_once(tmp_path: Path) -> None:
    chosen = {"INVIGIL_DATA_DIR": "data", "INVIGIL_HOST": "192.0.2.1"}
    code, said = await command("serve", cwd=tmp_path, **chosen)
    assert code == 1
    assert "Check INVIGIL_HOST" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("hold", "set", "nobody", "--reason", "case 1"),
        ("erase", "nobody", "--yes"),
        ("export", "nobody"),
        ("export-candidate", "nobody"),
    ],
)
async def test_an_id_that_nothing_has_is_no_matter_of_signing_in(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert (await command("db", "upgrade", cwd=tmp_path, INVIGIL_DATA_DIR="data"))[0] == 0
    code, said = await command(*arguments, cwd=tmp_path, INVIGIL_DATA_DIR="data")
    assert code == 1
    assert "Nothing here has this id or name." in said
    assert "sign in" not in said
    assert names_in(tmp_path) == ["data"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("hold", "list"),
        ("export", "nobody"),
        ("audit", "head"),
        ("audit", "verify"),
        ("retention", "certificate"),
    ],
)
async def test_a_data_folder_that_holds_nothing_is_named(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    code, said = await command(*arguments, cwd=tmp_path, INVIGIL_DATA_DIR="slip")
    assert code == 1
    assert said.splitlines() == [
        "There is no installation in slip. Check --data-dir or INVIGIL_DATA_DIR."
    ]
    assert not (tmp_path / "slip").exists()


async def test_nobody_is_invited_where_the_links_can_not_be_written(tmp_path: Path) -> None:
    """They exist nowhere else."""
    data = tmp_path / "data"
    (tmp_path / "list.csv").write_text("name\nAda Example\n")
    (tmp_path / "wrong.csv").write_text("name\n")
    async with running(data, Clock(), ScriptedEngine()) as house:
        session = await (await house.proctor()).open_session()

        async def invite(people: str, to: str) -> tuple[int, str]:
            arguments = ("roster", "import", session["id"], people, "--to", to)
            return await command(*arguments, "--data-dir", str(data), cwd=tmp_path)

        code, said = await invite("list.csv", "missing/links.csv")
        assert code == 1
        assert "missing/links.csv cannot be written (No such file or directory)" in said
        assert await house.rows(invite_table) == 0
        assert (await invite("wrong.csv", "links.csv"))[0] == 1
        assert not (tmp_path / "links.csv").exists()
        assert (await invite("list.csv", "links.csv"))[0] == 0
        assert await house.rows(invite_table) == 1
    links = tmp_path / "links.csv"
    assert links.read_text().splitlines()[1].startswith("Ada Example,,,http://localhost:8000/join/")
    assert links.stat().st_mode & 0o777 == 0o600
