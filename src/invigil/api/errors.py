"""One handler renders every error: status, code, plain words, what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from invigil.api import pages
from invigil.api.schemas import InviteWindow
from invigil.domain.errors import InvalidRequest, InvigilError, NotFound
from invigil.domain.invite_errors import InviteOver

_BAD_REQUEST = 400
_METHOD_NOT_ALLOWED = 405
_NO_JSON = "The body could not be read as JSON."


def render(error: InvigilError) -> JSONResponse:
    headers = {"Cache-Control": "no-store"}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    body: dict[str, object] = {
        "code": error.code,
        "message": error.message,
        "fix": error.fix,
        "retry_after_s": error.retry_after_s,
    }
    if error.fields:
        body["fields"] = dict(error.fields)
    if isinstance(error, InviteOver):
        window = InviteWindow(opens_at=error.opened_at, closes_at=error.closed_at)
        body["window"] = window.model_dump(mode="json")
    return JSONResponse({"error": body}, status_code=error.status, headers=headers)


def _answer(request: Request, error: InvigilError) -> JSONResponse:
    house = getattr(request.app.state, "house", None)
    if house is not None:
        house.telemetry.error(error.code)
    return render(error)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    return _answer(request, error if isinstance(error, InvigilError) else InvigilError())


async def _validation(request: Request, error: Exception) -> JSONResponse:
    # The value itself is not repeated: it may be a secret or a name.
    parts: list[str] = []
    fields: dict[str, str] = {}
    if isinstance(error, RequestValidationError):
        for problem in error.errors():
            place = ".".join(str(part) for part in problem["loc"] if part != "body")
            words = _sentence(problem["msg"])
            parts.append(f"{place or 'body'}: {words}")
            if place and _names_a_field(problem["loc"]):
                fields.setdefault(place, words)
    return _answer(request, InvalidRequest(" ".join(parts) or None, fields=fields))


def _names_a_field(place: Sequence[int | str]) -> bool:
    """Whether it is in the body, and not just an offset in JSON that is none."""
    return place[0] == "body" and isinstance(place[1], str)


def _sentence(words: str) -> str:
    words = words.removeprefix("Value error, ").rstrip(".")
    return f"{words[:1].upper()}{words[1:]}."


async def _http(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == _METHOD_NOT_ALLOWED:
        refused = InvigilError("This address does not know this method.", fix="See /api/docs.")
        refused.status = _METHOD_NOT_ALLOWED
        refused.code = "method_not_allowed"
        return _answer(request, refused)
    if isinstance(error, HTTPException) and error.status_code == _BAD_REQUEST:
        # Reading the body failed; when our own limit did it, that is the reason to tell.
        cause = error.__cause__
        ours = cause if isinstance(cause, InvigilError) else InvalidRequest(_NO_JSON)
        return _answer(request, ours)
    answer = _answer(request, NotFound())
    # A person who followed a link that was cut off reads words, not JSON.
    return pages.not_here(request) if pages.wants_page(request) else answer


def install(app: FastAPI) -> None:
    app.add_exception_handler(InvigilError, _ours)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
