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

_PLAIN = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Invigil: {title}</title>
<style nonce="{nonce}">
:root {{ color-scheme: light dark; font: 1.0625rem/1.55 system-ui, sans-serif }}
body {{ max-width: 38rem; margin: 15vh auto 0; padding: 0 1.25rem }}
h1 {{ font-size: 1.6rem; line-height: 1.25 }}
</style>
<h1>{title}</h1>
{text}</html>"""

MISSING = (
    """<p>Run <code>make setup</code> in the project's folder and start the server again.</p>"""
)

NOT_HERE = """<p><strong>You take an exam?</strong> The link is cut off or has a typing error. Open
it from your invitation again, or copy the whole of it. If it still fails, ask your exam office.</p>
<p><strong>You supervise an exam?</strong> Go to the <a href="/">list of sessions</a>, or open the
link that the organiser sent you.</p>"""


def wants_page(request: Request) -> bool:
    """Whether a person is before it, in a browser that opens an address."""
    path = request.url.path
    asks = request.method in {"GET", "HEAD"} and not path.startswith(("/api/", "/assets/"))
    return asks and "text/html" in request.headers.get("accept", "")


def not_here(request: Request) -> Response:
    return _plain(request, 404, "There is nothing at this address", NOT_HERE)


def _plain(request: Request, status: int, title: str, text: str) -> Response:
    """A page that needs no file of the built ones."""
    page = _PLAIN.format(title=title, text=text, nonce=_nonce_of(request))
    return HTMLResponse(page, status_code=status, headers=_NO_CACHE)


def _nonce_of(request: Request) -> str:
    """Middleware names it in the policy that goes with this copy of the page."""
    request.state.csp_nonce = nonce = new_nonce()
    return nonce


def _page(request: Request, name: str) -> Response:
    path = STATIC / name
    if not path.is_file():
        return _plain(request, 503, "The web pages are not built", MISSING)
    return HTMLResponse(_read(path).replace(_NONCE, _nonce_of(request)), headers=_NO_CACHE)


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
