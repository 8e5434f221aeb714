"""Traces by the real exporter, over HTTP, to a collector that reads OTLP's protobuf."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from invigil.domain.telemetry import Step
from tests.support.clock import Clock
from tests.support.house import read, running
from tests.support.ports import free_port
from tests.support.process import command, served
from tests.support.scripted import ScriptedEngine

NAME = "Canaria Zwolfenbein"


class Collector:
    """What an OpenTelemetry collector takes at `/v1/traces`."""

    def __init__(self) -> None:
        self.port = free_port()
        self.bodies: list[bytes] = []
        self.requests: list[ExportTraceServiceRequest] = []

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def traces(self) -> list[dict[str, Any]]:
        """Spans by name, for each trace."""
        found: dict[bytes, dict[str, Any]] = {}
        for span in self.spans:
            found.setdefault(span.trace_id, {})[span.name] = span
        return list(found.values())

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            body = await reader.readexactly(int(fields["content-length"]))
            assert head.startswith("post /v1/traces ")
            assert fields["content-type"] == "application/x-protobuf"
            if fields.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            self.bodies.append(body)
            self.requests.append(ExportTraceServiceRequest.FromString(body))
            answer = ExportTraceServiceResponse().SerializeToString()
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n"
                b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer
            )
            await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    collector = Collector()
    server = await asyncio.start_server(collector.take, "127.0.0.1", collector.port)
    async with server:
        yield collector


async def exam(
    tmp_path: Path, clock: Clock, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[str], list[str]]:
    """Frames of all sorts with traces on; what must not show, and the secrets among it."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with running(tmp_path / "data", clock, ScriptedEngine(), traces=True) as house:
        proctor = await house.proctor()
        session = await proctor.open_session(title="Canary exam")
        ada = await house.enter(session, NAME, face=b"me")
        ada.client.headers["traceparent"] = f"00-{'ab' * 16}-{'cd' * 8}-01"
        await ada.frame(b"me")
        await ada.film(b"two", 4)
        assert (await ada.send(b"no picture")).status_code == 422
        await ada.post("leave")
        assert (await ada.send(b"me")).status_code == 409
        code = session["join_url"].rpartition("/")[2]
        return [ada.id, session["id"], NAME, "Canary"], [ada.token, code]


async def test_a_frame_is_traced_from_receipt_to_publishing(
    tmp_path: Path, clock: Clock, dialect: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collecting() as collector:
        await exam(tmp_path, clock, collector, monkeypatch)
    whole = [trace for trace in collector.traces() if Step.RULES.value in trace]
    assert len(whole) >= 4
    for trace in whole:
        assert set(trace) == {"frame", *(step.value for step in Step)}
        frame, commit = trace["frame"], trace["commit"]
        assert frame.parent_span_id == b""
        assert trace["rules"].parent_span_id == commit.span_id
        for step in set(Step) - {Step.RULES}:
            assert trace[step.value].parent_span_id == frame.span_id, step
        way = (Step.RECEIVE, Step.ADMIT, Step.LOOK, Step.COMMIT, Step.RULES, Step.PUBLISH)
        order = [trace[step.value].start_time_unix_nano for step in way]
        assert order == sorted(order)
        for span in trace.values():
            assert frame.start_time_unix_nano <= span.start_time_unix_nano
            assert span.end_time_unix_nano <= frame.end_time_unix_nano
        assert attributes(frame) == {"invigil.outcome": "recorded"}


def attributes(span: Any) -> dict[str, str]:
    return {each.key: each.value.string_value for each in span.attributes}


async def test_traces_hold_nobody_and_follow_nobody(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collecting() as collector:
        people, secrets = await exam(tmp_path, clock, collector, monkeypatch)
    outcomes = [attributes(span).get("invigil.outcome") for span in collector.spans]
    assert outcomes.count("refused") == 2
    everything = b"".join(collector.bodies)
    for canary in (*people, *secrets):
        assert canary.encode() not in everything
    for span in collector.spans:
        assert span.trace_id != b"\xab" * 16, "a page chose the trace"
        assert set(attributes(span)) <= {"invigil.outcome"}
        assert not span.events, "an exception's text"
        assert not span.status.message
    (resource,) = {
        request.resource_spans[0].resource.SerializeToString() for request in collector.requests
    }
    assert b"service.name" in resource
    assert b"invigil" in resource


async def test_they_are_off_by_default(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.port}")
        async with running(tmp_path / "data", clock, ScriptedEngine()) as house:
            session = await (await house.proctor()).open_session()
            ada = await house.enter(session, face=b"me")
            read(await ada.send(b"me"))
    assert collector.requests == []


async def test_a_real_server_sends_what_is_left_when_it_ends(tmp_path: Path) -> None:
    async with collecting() as collector:
        chosen = {
            "INVIGIL_TRACES": "on",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}",
            "OTEL_SERVICE_NAME": "exam-hall",
            "INVIGIL_ANALYSIS_WORKERS": "1",
            "NO_PROXY": "127.0.0.1",
        }
        async with served(tmp_path / "data", free_port(), **chosen) as up:
            async with up.client(Authorization="Bearer nobody") as client:
                answer = await client.post("/api/v1/candidates/me/frames", content=b"x")
                assert answer.status_code == 401
            await up.stop()
    (trace,) = collector.traces()
    assert "frame" in trace
    resource = collector.requests[0].resource_spans[0].resource
    assert {each.key: each.value.string_value for each in resource.attributes}[
        "service.name"
    ] == "exam-hall"


async def test_a_collector_that_is_away_harms_nothing(tmp_path: Path) -> None:
    chosen = {
        "INVIGIL_TRACES": "on",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "INVIGIL_ANALYSIS_WORKERS": "1",
        "NO_PROXY": "127.0.0.1",
    }
    async with served(tmp_path / "data", free_port(), **chosen) as up:
        async with up.client(Authorization="Bearer nobody") as client:
            for _ in range(5):
                answer = await client.post("/api/v1/candidates/me/frames", content=b"x")
                assert answer.status_code == 401
        await up.stop()


async def test_without_the_extra_the_start_says_what_to_install(tmp_path: Path) -> None:
    """As on a machine without it: its packages cannot be found."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.startswith('opentelemetry.exporter'):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Hide())\n"
    )
    code, said = await command("serve", cwd=tmp_path, PYTHONPATH=str(hidden), INVIGIL_TRACES="on")
    assert code == 1
    assert "INVIGIL_TRACES is on and OpenTelemetry is not installed" in said
    assert "invigil[otel]" in said
    assert "Traceback" not in said
