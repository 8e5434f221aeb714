import { beforeEach, describe, expect, it } from "vitest";
import type { MyCandidate } from "../../src/api/types";
import type { CandidateSession } from "../../src/live/candidate-session";
import { stepOf } from "../../src/live/candidate-state";
import {
  answers,
  camera,
  clock,
  inRoom,
  json,
  named,
  newCamera,
  ready,
  refuse,
  setUp,
  sockets,
} from "./candidate-page";
import { myCandidate } from "./shapes";

beforeEach(setUp);

describe("what a proctor does", () => {
  const become = (session: CandidateSession, state: MyCandidate["state"]) => {
    answers.me = () => json(myCandidate({ state }));
    const event = { kind: "state_changed", candidate: myCandidate({ state }) };
    sockets.at(-1)?.onmessage?.({ data: JSON.stringify({ type: "event", seq: ++seq, at: "", event }) });
    return session;
  };
  let seq = 0;

  it("turns camera and pictures off in a pause, and on again after it", async () => {
    const session = become(await inRoom(), "paused");
    expect(stepOf(session.view.get())).toBe("paused");
    expect(camera.readyState).toBe("ended");
    const before = named("frames").length;
    await clock.pass(60_000);
    await ready();
    expect(named("frames")).toHaveLength(before);
    newCamera();
    become(session, "in_room");
    await ready();
    await clock.pass(0);
    await ready();
    expect(session.media.camera.view.get().status).toBe("on");
    expect(named("frames").length).toBeGreaterThan(before);
    session.view.patch({ phase: "closed" });
  });

  it("notices a pause also by a refused picture", async () => {
    answers.frames = () => {
      answers.me = () => json(myCandidate({ state: "paused" }));
      return refuse(409, "paused")();
    };
    const session = await inRoom();
    await clock.pass(0);
    await ready();
    expect(stepOf(session.view.get())).toBe("paused");
    session.view.patch({ phase: "closed" });
  });

  it("waits outside when it was removed, and comes back when it is let in again", async () => {
    const session = become(await inRoom(), "removed");
    const open = sockets.length;
    sockets.at(-1)?.onclose?.({ code: 4411 });
    await ready();
    expect(stepOf(session.view.get())).toBe("removed");
    expect(session.view.get().phase).toBe("open");
    expect(camera.readyState).toBe("ended");
    await clock.pass(5000);
    await ready();
    expect(sockets).toHaveLength(open);
    newCamera();
    answers.me = () => json(myCandidate({ state: "approved" }));
    await clock.pass(5000);
    await ready();
    expect(stepOf(session.view.get())).toBe("ready");
    expect(sockets).toHaveLength(open + 1);
    session.view.patch({ phase: "closed" });
  });
});
