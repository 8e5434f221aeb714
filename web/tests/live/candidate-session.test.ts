import { beforeEach, describe, expect, it } from "vitest";
import { stepOf } from "../../src/live/candidate-state";
import { tokenStore } from "../../src/live/token-store";
import {
  answers,
  camera,
  clock,
  inRoom,
  joinInfo,
  json,
  named,
  newCamera,
  opened,
  ready,
  refuse,
  setUp,
  sockets,
} from "./candidate-page";
import { myCandidate } from "./shapes";

beforeEach(setUp);

describe("before consent", () => {
  it("shows the welcome and leaves the camera alone", async () => {
    const session = await opened();
    expect(stepOf(session.view.get())).toBe("welcome");
    expect(session.media.camera.view.get().status).toBe("off");
    expect(sockets).toHaveLength(0);
  });

  it("joins with the consent that was shown and keeps the token", async () => {
    const session = await opened();
    answers["join/code"] = () => json({ candidate: myCandidate(), token: "secret" }, 201);
    await session.join("Amina");
    const body: unknown = await named("join/code").at(-1)?.json();
    expect(body).toEqual({ name: "Amina", consent: { version: "1", accepted: true } });
    expect(stepOf(session.view.get())).toBe("camera");
    expect(tokenStore.load("code")?.token).toBe("secret");
  });

  it.each([
    [404, "unknown_link"],
    [410, "closed"],
  ])("says what is wrong with the link at %i", async (status, phase) => {
    answers["join/code"] = refuse(status, "x");
    expect((await opened()).view.get().phase).toBe(phase);
  });

  it("waits for a server that is away", async () => {
    answers["join/code"] = refuse(503, "unavailable");
    const session = await opened();
    expect(session.view.get().phase).toBe("unreachable");
    answers["join/code"] = joinInfo;
    await clock.pass(2000);
    await ready();
    expect(session.view.get().phase).toBe("open");
  });
});

describe("a reload", () => {
  it("goes on in the room with the same token, camera and all, without a new check-in", async () => {
    const session = await inRoom();
    expect(stepOf(session.view.get())).toBe("room");
    expect(session.media.camera.view.get().status).toBe("on");
    expect(named("join/code")).toHaveLength(0);
    const frame = named("frames")[0];
    expect(frame?.headers.get("Authorization")).toBe("Bearer secret");
    expect(frame?.headers.get("Content-Type")).toBe("image/jpeg");
    expect(frame?.headers.get("X-Invigil-Tab")).toMatch(/^[0-9a-f-]{36}$/);
    session.view.patch({ phase: "closed" });
  });

  it("starts over when the token is no longer known", async () => {
    tokenStore.save("code", { sessionId: "s1", token: "old" });
    answers.me = refuse(401, "not_signed_in");
    const session = await opened();
    expect(stepOf(session.view.get())).toBe("welcome");
    expect(session.view.get().phase).toBe("open");
    expect(tokenStore.load("code")).toBeNull();
  });
});

describe("in the room", () => {
  it("posts the next picture when the server wants it", async () => {
    const session = await inRoom();
    expect(named("frames")).toHaveLength(1);
    await clock.pass(4000);
    await ready();
    expect(named("frames")).toHaveLength(1);
    await clock.pass(1100);
    await ready();
    expect(named("frames")).toHaveLength(2);
    session.view.patch({ phase: "closed" });
  });

  it("calls a full server a technical problem and keeps trying", async () => {
    answers.frames = refuse(503, "storage_full");
    const session = await inRoom();
    expect(session.view.get().trouble?.text).toBe("No.");
    expect(session.view.get().warnings).toEqual([]);
    answers.frames = () => json({ observation: null, warnings: [], next_frame_ms: 5000 });
    await clock.pass(1000);
    await ready();
    expect(session.view.get().trouble).toBeNull();
    session.view.patch({ phase: "closed" });
  });

  it("stops, camera and all, when another tab took over, and can come back", async () => {
    answers.frames = refuse(409, "taken_over");
    const session = await inRoom();
    expect(session.view.get().phase).toBe("taken_over");
    expect(camera.readyState).toBe("ended");
    answers.frames = () => json({ observation: null, warnings: [], next_frame_ms: 5000 });
    const before = named("tickets").length;
    newCamera();
    session.continueHere();
    await ready(30);
    expect(session.view.get().phase).toBe("open");
    expect(named("tickets").length).toBe(before + 1);
    expect(await named("tickets").at(-1)?.json()).toMatchObject({ take_over: true });
    session.view.patch({ phase: "closed" });
  });

  it("does not take the exam back from a newer tab by a mere reconnect", async () => {
    const session = await inRoom();
    answers.tickets = refuse(409, "taken_over");
    sockets.at(-1)?.onclose?.({ code: 1006 });
    await clock.pass(500);
    await ready();
    expect(await named("tickets").at(-1)?.json()).toMatchObject({ take_over: false });
    expect(session.view.get().phase).toBe("taken_over");
  });

  it("tells that the camera is gone, and takes it back", async () => {
    const session = await inRoom();
    camera.onended?.();
    expect(session.media.claim()).toBe("ended");
    newCamera();
    await clock.pass(600);
    await ready();
    expect(session.media.claim()).toBe("ok");
    session.view.patch({ phase: "closed" });
  });

  it("turns everything off when the session is closed", async () => {
    const session = await inRoom();
    sockets.at(-1)?.onclose?.({ code: 4410 });
    expect(session.view.get().phase).toBe("closed");
    expect(camera.readyState).toBe("ended");
  });
});
