"""What a list of candidates may look like, and what is said of one that does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from invigil.domain.accommodations import Accommodations
from invigil.domain.errors import RosterRefused
from invigil.domain.incident import IncidentKind
from invigil.services.roster_csv import read
from invigil.storage.database import tables_roster as r
from tests.support.house import Json, Proctor, Running, refused
from tests.support.house import read as read_json


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a BOM"])
@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_every_usual_sort_of_csv_is_read(mark: bytes, separator: str, end: str) -> None:
    cells = [
        ["NAME", "E-Mail", "External_ID", "window start", "Extra Time"],
        ["Zoë Ünal", "zoe@example.org", "007", "2026-05-04T09:00+02:00", "1,25"],
        ['"Doe, Jane; Dr."', "", "", "", "50 %"],
    ]
    if separator == ",":
        cells[1][4] = "1.25"
    text = end.join(separator.join(row) for row in cells) + end + end
    zoe, jane = read(mark + text.encode())
    assert (zoe.name, zoe.email, zoe.external_id) == ("Zoë Ünal", "zoe@example.org", "007")
    assert zoe.opens_at == datetime(2026, 5, 4, 7, tzinfo=UTC)
    assert zoe.accommodations == Accommodations(extra_time_percent=25)
    assert (jane.line, jane.name, jane.email) == (3, "Doe, Jane; Dr.", None)
    assert jane.accommodations.extra_time_percent == 50


def test_what_is_arranged_is_read() -> None:
    (ada,) = read(
        b"name;detectors off;picture every (s);breaks;break minutes\n"
        b"Ada;multiple_faces, No_Face;30;2;15"
    )
    assert ada.accommodations == Accommodations(
        frozenset({IncidentKind.MULTIPLE_FACES, IncidentKind.NO_FACE}), 30, 2, 15
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Line 1: there is no column"),
        ("name\n\n\n", "Line 1: there is nobody"),
        ("name,shoe size\nAda,38", "Line 1: unknown columns: shoe size"),
        ("name,Name\nAda,Ada", "Line 1: a column is there twice"),
        ("email\na@b", "Line 1: there is no column"),
        ("name,email\n,a@b", "Line 2: the name is missing"),
        ("name,email\nAda,nobody", "Line 2: “nobody” is not an email address"),
        ("name\nAda,more", "Line 2: there are more cells than columns"),
        ('name\n"A\nda"', "Line 2: name holds a line break"),
        ('name\nAda\n"Ben', "Line 3: the quotation marks do not fit"),
        ("name\n" + "x" * 201, "Line 2: name is longer than 200"),
        ("name,window start\nAda,tomorrow", "Line 2: window start: “tomorrow” is not a time"),
        ("name,window end\nAda,0001-01-01T00:00+14:00", "Line 2: window end: “0001-01-01"),
        ("name,window end\nAda,9999-12-31T23:00-14:00", "Line 2: window end: “9999-12-31"),
        (
            "name,window start,window end\nAda,2026-05-04T09:00Z,2026-05-04T08:00Z",
            "Line 2: the window ends before it starts",
        ),
        ("name,extra time\nAda,a lot", "Line 2: extra time"),
        ("name,extra time\nAda,25", "Line 2: extra time"),
        ("name,extra time\nAda,999 %", "Line 2: extra time"),
        ("name,breaks\nAda,2", "Line 2: breaks and break minutes belong together"),
        ("name,breaks,break minutes\nAda,-1,5", "Line 2: breaks: “-1”"),
        ("name,detectors off\nAda,camera_lost", "Line 2: detectors off: camera_lost"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(RosterRefused) as refusal:
        read(text.encode())
    assert refusal.value.message.startswith(said)


def test_bytes_of_another_encoding_are_named_with_their_line() -> None:
    with pytest.raises(RosterRefused, match="Line 3: this is not UTF-8"):
        read("name\nAda\nZoë".encode("latin-1"))


def test_every_wrong_line_is_named_up_to_a_limit() -> None:
    with pytest.raises(RosterRefused) as refusal:
        read(b"name,email\n" + b"Ada,nobody\n" * 60)
    lines = refusal.value.message.splitlines()
    assert lines[0].startswith("Line 2:")
    assert lines[49].startswith("Line 51:")
    assert lines[50:] == ["And 10 more lines."]


@pytest.mark.parametrize(
    "text", ["name,email\nAda,a@b\nEve,nobody", "name\nAda\nada\n", "name,email\nA,x@y\nB,X@Y"]
)
async def test_of_a_list_with_one_wrong_line_nobody_is_invited(
    scripted: Running, text: str
) -> None:
    staff = await scripted.proctor()
    exam = await staff.open_session()
    answer = await staff.client.post(
        f"/api/v1/sessions/{exam['id']}/invites", content=text.encode()
    )
    assert "Line 3:" in refused(answer, 422, "roster_refused")["message"]
    assert await scripted.rows(r.invite) == 0


async def test_a_window_that_is_over_is_named_with_its_line(scripted: Running) -> None:
    staff = await scripted.proctor()
    exam = await staff.open_session()
    where = f"/api/v1/sessions/{exam['id']}/invites"
    now, later = scripted.clock(), scripted.clock() + timedelta(minutes=1)
    text = f"name,window end\nAda,{later.isoformat()}\nEve,{now.isoformat()}\n,x"
    answer = refused(await staff.client.post(where, content=text.encode()), 422, "roster_refused")
    assert answer["message"].splitlines() == [
        "Line 3: the window is over already: it ended at 2026-05-04 09:00 UTC.",
        "Line 4: the name is missing.",
    ]
    assert await scripted.rows(r.invite) == 0


async def test_the_same_list_twice_is_refused(scripted: Running) -> None:
    staff: Proctor = await scripted.proctor()
    exam: Json = await staff.open_session()
    where = f"/api/v1/sessions/{exam['id']}/invites"
    text = b"name,email\nAda,ada@example.org"
    assert (await staff.client.post(where, content=text)).status_code == 201
    answer = refused(await staff.client.post(where, content=text), 422, "roster_refused")
    assert answer["message"] == "Line 2: Ada is invited already."
    assert await scripted.rows(r.invite) == 1


async def test_a_long_list_is_written_in_as_many_statements_as_a_short_one(
    scripted: Running,
) -> None:
    """Others who write wait for all of them, however quick each is."""
    staff: Proctor = await scripted.proctor()
    exam: Json = await staff.open_session()
    where = f"/api/v1/sessions/{exam['id']}/invites"
    engine = scripted.storage.database.engine.sync_engine
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    counts = []
    for number, lines in enumerate((1, 3000)):
        statements.clear()
        people = "".join(f"No. {number}.{line}\n" for line in range(lines))
        answer = await staff.client.post(where, content=f"name\n{people}".encode())
        assert len(read_json(answer, 201)["invites"]) == lines
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert await scripted.rows(r.invite) == await scripted.rows(r.invite_link) == 3001


async def test_a_file_that_is_far_too_large_is_refused(scripted: Running) -> None:
    staff = await scripted.proctor()
    exam = await staff.open_session()
    where = f"/api/v1/sessions/{exam['id']}/invites"
    refused(await staff.client.post(where, content=b"x" * 2_000_001), 422, "roster_refused")
