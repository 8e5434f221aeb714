"""The built web pages. Two entries: the proctors' and the candidates'."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from invigil.domain.errors import NotFound
from invigil.domain.secrets import new_nonce

STATIC = Path(__file__).parent.parent / "static"
_NO_CACHE = {"Cache-Control": "no-store"}
_NONCE = "__CSP_NONCE__"  # as in web/vite.config.ts
_FOR_EVER = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)

MISSING = """<!doctype html><meta charset="utf-8"><title>Invigil</title>
<h1>The web pages are not built</h1>
<p>Run <code>make setup</code> in the project's folder and start the server again.</p>"""


NOT_HERE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Invigil: no such page</title>
<h1>There is nothing at this address</h1>
<p><strong>You take an exam?</strong> The link is cut off or has a typing error. Open it from your
invitation again, or copy the whole of it. If it still fails, ask your exam office.</p>
<p><strong>You supervise an exam?</strong> Go to the <a href="/">list of sessions</a>, or open the
link that the organiser sent you.</p></html>"""


def wants_page(request: Request) -> bool:
    """Whether a person is before it, in a browser that opens an address."""
    path = request.url.path
    asks = request.method in {"GET", "HEAD"} and not path.startswith(("/api/", "/assets/"))
    return asks and "text/html" in request.headers.get("accept", "")


def not_here() -> Response:
    return HTMLResponse(NOT_HERE, status_code=404, headers=_NO_CACHE)


def _page(request: Request, name: str) -> Response:
    path = STATIC / name
    if not path.is_file():
        return HTMLResponse(MISSING, status_code=503)
    # Middleware names it in the policy that goes with this copy of the page.
    request.state.csp_nonce = nonce = new_nonce()
    return HTMLResponse(_read(path).replace(_NONCE, nonce), headers=_NO_CACHE)


@cache
def _read(path: Path) -> str:
    return path.read_text("utf-8")


@router.get("/")
async def root(request: Request) -> Response:
    """The proctors' page for browsers; JSON for everything else, as the tutorial had it."""
    if wants_page(request):
        return _page(request, "index.html")
    return JSONResponse({"message": "Invigil is running. Open this address in a browser."})


@router.get("/proctor-invite")
async def proctor_invite(request: Request) -> Response:
    """What comes after the # stays in the browser."""
    return _page(request, "index.html")


@router.get("/sessions/{session_id}")
async def console(request: Request, session_id: str) -> Response:  # noqa: ARG001 - the page reads it
    return _page(request, "index.html")


@router.get("/join/{code}")
async def candidate(request: Request, code: str) -> Response:  # noqa: ARG001 - the page reads it
    return _page(request, "candidate.html")


@router.get("/favicon.svg")
@router.get("/favicon.ico")
async def favicon() -> Response:
    path = STATIC / "favicon.svg"
    if not path.is_file():
        raise NotFound
    return FileResponse(path, media_type="image/svg+xml")


class Assets(StaticFiles):
    """Files whose names hold their hash: kept for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.setdefault("Cache-Control", _FOR_EVER)
        return response


def assets() -> StaticFiles:
    return Assets(directory=STATIC / "assets", check_dir=False)
