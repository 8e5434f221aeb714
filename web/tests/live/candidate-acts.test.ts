import { describe, expect, it } from "vitest";
import type { MyCandidate } from "../../src/api/types";
import type { CandidateSession } from "../../src/live/candidate-session";
import { stepOf } from "../../src/live/candidate-state";
import { tokenStore } from "../../src/live/token-store";
import { inRoom, json, named, page, ready, refuse } from "./candidate-page";
import { FakeTrack } from "./fake-rtc";
import { myCandidate } from "./shapes";

describe("what a proctor does", () => {
  const become = (session: CandidateSession, state: MyCandidate["state"]) => {
    page.answers.me = () => json(myCandidate({ state }));
    const event = { kind: "state_changed", candidate: myCandidate({ state }) };
    page.sockets.at(-1)?.onmessage?.({ data: JSON.stringify({ type: "event", seq: ++seq, at: "", event }) });
    return session;
  };
  let seq = 0;

  it("turns camera and pictures off in a pause, and on again after it", async () => {
    const session = become(await inRoom(), "paused");
    expect(stepOf(session.view.get())).toBe("paused");
    expect(page.camera.readyState).toBe("ended");
    const before = named("frames").length;
    await page.clock.pass(60_000);
    // A connection may have been made anew meanwhile: what is said next is said on that.
    await ready(60);
    expect(named("frames")).toHaveLength(before);
    page.camera = new FakeTrack("video");
    become(session, "in_room");
    await ready();
    await page.clock.pass(0);
    for (let i = 0; i < 30 && named("frames").length === before; i++) await ready();
    expect(session.media.camera.view.get().status).toBe("on");
    expect(named("frames").length).toBeGreaterThan(before);
    session.view.patch({ phase: "closed" });
  });

  it("notices a pause also by a refused picture", async () => {
    page.answers.frames = () => {
      page.answers.me = () => json(myCandidate({ state: "paused" }));
      return refuse(409, "paused")();
    };
    const session = await inRoom();
    await page.clock.pass(0);
    await ready();
    expect(stepOf(session.view.get())).toBe("paused");
    session.view.patch({ phase: "closed" });
  });

  it("waits outside when it was removed, and comes back when it is let in again", async () => {
    const session = become(await inRoom(), "removed");
    const open = page.sockets.length;
    page.sockets.at(-1)?.onclose?.({ code: 4411 });
    await ready();
    expect(stepOf(session.view.get())).toBe("removed");
    expect(session.view.get().phase).toBe("open");
    expect(page.camera.readyState).toBe("ended");
    await page.clock.pass(5000);
    await ready();
    expect(page.sockets).toHaveLength(open);
    page.camera = new FakeTrack("video");
    page.answers.me = () => json(myCandidate({ state: "approved" }));
    await page.clock.pass(5000);
    await ready();
    expect(stepOf(session.view.get())).toBe("ready");
    expect(page.sockets).toHaveLength(open + 1);
    session.view.patch({ phase: "closed" });
  });

  it("shows nothing of the own exam any more once it was erased", async () => {
    const session = become(await inRoom(), "finished");
    page.sockets.at(-1)?.onclose?.({ code: 4410 });
    await ready();
    await page.clock.pass(300_000);
    await ready();
    expect(stepOf(session.view.get())).toBe("finished");
    page.answers.me = refuse(401, "not_signed_in");
    await page.clock.pass(300_000);
    await ready();
    expect(stepOf(session.view.get())).toBe("welcome");
    expect(session.view.get().me).toBeNull();
    expect(tokenStore.load("code")).toBeNull();
    const asked = named("me").length;
    await page.clock.pass(3_000_000);
    await ready();
    expect(named("me")).toHaveLength(asked);
  });
});
