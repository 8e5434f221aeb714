import { describe, expect, it, vi } from "vitest";
import { stepOf } from "../../src/live/candidate-state";
import { tokenStore } from "../../src/live/token-store";
import { inRoom, joinInfo, json, named, opened, page, ready, refuse } from "./candidate-page";
import { FakeStream, FakeTrack } from "./fake-rtc";
import { session as exam, myCandidate } from "./shapes";

describe("before consent", () => {
  it("shows the welcome and leaves the camera alone", async () => {
    const session = await opened();
    expect(stepOf(session.view.get())).toBe("welcome");
    expect(session.media.camera.view.get().status).toBe("off");
    expect(page.sockets).toHaveLength(0);
  });

  it("joins with the consent that was shown and keeps the token", async () => {
    const session = await opened();
    page.answers["join/code"] = () => json({ candidate: myCandidate(), token: "secret" }, 201);
    await session.join("Amina", true);
    const body: unknown = await named("join/code").at(-1)?.json();
    expect(body).toEqual({ name: "Amina", consent: { version: "1", accepted: true, compare_face: true } });
    expect(stepOf(session.view.get())).toBe("camera");
    expect(tokenStore.load("code")?.token).toBe("secret");
  });

  it("uses a personal link up, and leaves no secret in the address", async () => {
    page.answers["join/code"] = () =>
      json({
        session: { ...exam, closed: false },
        consent: { version: "1", text: ["We watch."] },
        invite: { name: "Amina", opens_at: null, closes_at: null, resumes: false },
      });
    const session = await opened();
    page.answers["join/code"] = () => json({ candidate: myCandidate(), token: "secret" }, 201);
    await session.join(null, false);
    const body: unknown = await named("join/code").at(-1)?.json();
    expect(body).toEqual({ name: null, consent: { version: "1", accepted: true, compare_face: false } });
    expect(window.location.pathname).toBe("/join/s1");
    expect(tokenStore.load("s1")?.token).toBe("secret");
  });

  it("says in the words of the server why a personal link lets nobody in", async () => {
    page.answers["join/code"] = refuse(410, "invite_used");
    const { phase, refusal } = (await opened()).view.get();
    expect([phase, refusal?.code]).toEqual(["refused", "invite_used"]);
  });

  it.each([
    [403, "refused"],
    [404, "unknown_link"],
    [410, "closed"],
  ])("says what is wrong with the link at %i", async (status, phase) => {
    page.answers["join/code"] = refuse(status, "x");
    expect((await opened()).view.get().phase).toBe(phase);
  });

  it("waits for a server that is away", async () => {
    page.answers["join/code"] = refuse(503, "unavailable");
    const session = await opened();
    expect(session.view.get().phase).toBe("unreachable");
    page.answers["join/code"] = joinInfo;
    await page.clock.pass(2000);
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
    page.answers.me = refuse(401, "not_signed_in");
    const session = await opened();
    expect(stepOf(session.view.get())).toBe("welcome");
    expect(session.view.get().phase).toBe("open");
    expect(tokenStore.load("code")).toBeNull();
  });
});

describe("while a proctor is awaited", () => {
  const waiting = { state: "waiting_for_proctor", collected: 0, needed: 3, hint: null, next_frame_ms: 5000 };

  it("goes on sending pictures, as the proctor decides by who sits there now", async () => {
    tokenStore.save("code", { sessionId: "s1", token: "secret" });
    page.answers.me = () => json(myCandidate({ state: "waiting_for_proctor" }));
    page.answers["check-in-frames"] = () => json(waiting);
    const session = await opened();
    await page.clock.pass(0);
    await ready();
    expect(named("check-in-frames")).toHaveLength(1);
    await page.clock.pass(5000);
    await ready();
    expect(named("check-in-frames")).toHaveLength(2);
    expect(stepOf(session.view.get())).toBe("waiting");
    session.view.patch({ phase: "closed" });
  });
});

describe("in the room", () => {
  it("posts the next picture when the server wants it", async () => {
    const session = await inRoom();
    expect(named("frames")).toHaveLength(1);
    await page.clock.pass(4000);
    await ready();
    expect(named("frames")).toHaveLength(1);
    await page.clock.pass(1100);
    await ready();
    expect(named("frames")).toHaveLength(2);
    session.view.patch({ phase: "closed" });
  });

  it("calls a full server a technical problem and keeps trying", async () => {
    page.answers.frames = refuse(503, "storage_full");
    const session = await inRoom();
    expect(session.view.get().trouble?.text).toBe("No.");
    expect(session.view.get().warnings).toEqual([]);
    page.answers.frames = () => json({ observation: null, warnings: [], next_frame_ms: 5000 });
    await page.clock.pass(1000);
    await ready();
    expect(session.view.get().trouble).toBeNull();
    session.view.patch({ phase: "closed" });
  });

  it("tells that the camera is gone, and takes it back", async () => {
    const session = await inRoom();
    page.camera.onended?.();
    expect(session.media.claim()).toBe("ended");
    page.camera = new FakeTrack("video");
    await page.clock.pass(600);
    await ready();
    expect(session.media.claim()).toBe("ok");
    session.view.patch({ phase: "closed" });
  });

  it("waits for a lost camera also after a try by hand that was refused", async () => {
    const session = await inRoom();
    const { camera } = session.media;
    let allowed = false;
    const getUserMedia = async () => {
      if (!allowed) throw Object.assign(new Error(), { name: "NotAllowedError" });
      return new FakeStream([new FakeTrack("video")]);
    };
    vi.stubGlobal("navigator", { mediaDevices: { getUserMedia, addEventListener() {} } });
    page.camera.onended?.();
    await page.clock.pass(600);
    await ready();
    expect(camera.view.get()).toMatchObject({ status: "lost", problem: "denied" });
    expect(await camera.start()).toBe(false);
    expect(camera.view.get()).toMatchObject({ status: "lost", problem: "denied" });
    allowed = true;
    await page.clock.pass(5000);
    await ready();
    expect(camera.view.get().status).toBe("on");
    session.view.patch({ phase: "closed" });
  });

  it.each(["at once", "without an event"])("sends no sound of a microphone that ended %s", async (how) => {
    const microphone = new FakeTrack("audio");
    const getUserMedia = async () => new FakeStream([page.camera, microphone]);
    vi.stubGlobal("navigator", { mediaDevices: { getUserMedia, addEventListener() {} } });
    const session = await inRoom();
    const { camera } = session.media;
    expect(camera.view.get().microphone).toBe(true);
    microphone.stop();
    if (how === "at once") microphone.onended?.();
    else await page.clock.pass(1000);
    const { stream, microphone: heard, status } = camera.view.get();
    expect([stream?.getTracks(), heard, status]).toEqual([[page.camera], false, "on"]);
    session.view.patch({ phase: "closed" });
  });

  it("takes the camera back also when the microphone ended right after it", async () => {
    const microphone = new FakeTrack("audio");
    const getUserMedia = async () => new FakeStream([page.camera, microphone]);
    vi.stubGlobal("navigator", { mediaDevices: { getUserMedia, addEventListener() {} } });
    const session = await inRoom();
    const lost = page.camera;
    lost.stop();
    lost.onended?.();
    microphone.stop();
    microphone.onended?.();
    page.camera = new FakeTrack("video");
    await page.clock.pass(600);
    await ready();
    expect(session.media.camera.view.get().status).toBe("on");
    session.view.patch({ phase: "closed" });
  });

  it("turns everything off when the session is closed", async () => {
    const session = await inRoom();
    page.sockets.at(-1)?.onclose?.({ code: 4410 });
    expect(session.view.get().phase).toBe("closed");
    expect(page.camera.readyState).toBe("ended");
  });
});
