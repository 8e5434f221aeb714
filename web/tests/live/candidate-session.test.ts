import { beforeEach, describe, expect, it, vi } from "vitest";
import { CandidateSession } from "../../src/live/candidate-session";
import { stepOf } from "../../src/live/candidate-state";
import { tokenStore } from "../../src/live/token-store";
import { FakeStream, FakeTrack } from "./fake-rtc";
import { session as exam, myCandidate } from "./shapes";
import { settle, VirtualClock } from "./virtual-clock";

let clock: VirtualClock;
let answers: Record<string, () => Response>;
let calls: Request[];
let sockets: { onmessage: ((e: object) => void) | null; onclose: ((e: object) => void) | null }[];
let camera: FakeTrack;
let workers: { onmessage: ((event: object) => void) | null }[];

const json = (body: object, status = 200) => new Response(JSON.stringify(body), { status });
const refuse = (status: number, code: string) => () =>
  json({ error: { code, message: "No.", fix: "Do this." } }, status);
const joinInfo = () =>
  json({ session: { ...exam, closed: false }, consent: { version: "1", text: ["We watch."] } });
const named = (name: string) => calls.filter(({ url }) => url.endsWith(name));

async function ready(rounds = 15) {
  for (let i = 0; i < rounds; i++) {
    await settle();
    await new Promise((done) => setTimeout(done, 0));
  }
}

function hello() {
  const data = { type: "hello", peer: "me", cursor: 0, ice_servers: [], peers: [] };
  sockets.at(-1)?.onmessage?.({ data: JSON.stringify(data) });
}

beforeEach(() => {
  clock = new VirtualClock();
  calls = [];
  sockets = [];
  workers = [];
  camera = new FakeTrack("video");
  answers = { "join/code": joinInfo, me: () => json(myCandidate()), tickets: () => json({ ticket: "t" }) };
  vi.stubGlobal("MediaStream", FakeStream);
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("fetch", async (request: Request) => {
    calls.push(request);
    const path = new URL(request.url).pathname;
    const name = Object.keys(answers).find((each) => path.endsWith(`/${each}`));
    if (!name) throw new TypeError(`network: ${path}`);
    return answers[name]?.() as Response;
  });
  vi.stubGlobal(
    "WebSocket",
    class {
      readyState = 1;
      onmessage = null;
      onclose = null;
      constructor() {
        sockets.push(this);
      }
      send() {}
      close() {}
    },
  );
  vi.stubGlobal(
    "Worker",
    class {
      onmessage: ((event: object) => void) | null = null;
      constructor() {
        workers.push(this);
      }
      postMessage(order: { type: string; id: number; inMs: number }) {
        if (order.type !== "take") return;
        clock.after(order.inMs, () =>
          this.onmessage?.({ data: { type: "picture", id: order.id, blob: new Blob(["jpeg"]) } }),
        );
      }
      terminate() {}
    },
  );
  vi.stubGlobal(
    "MediaStreamTrackProcessor",
    class {
      readable = {};
    },
  );
  const getUserMedia = async () => new FakeStream([camera]);
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia, addEventListener() {} } });
});

async function opened(code = "code"): Promise<CandidateSession> {
  const session = new CandidateSession(code, clock);
  await session.load();
  await ready();
  return session;
}

async function inRoom(): Promise<CandidateSession> {
  tokenStore.save("code", { sessionId: "s1", token: "secret" });
  answers.me = () => json(myCandidate({ state: "in_room" }));
  answers.frames ??= () => json({ observation: null, warnings: [], next_frame_ms: 5000 });
  const session = await opened();
  hello();
  await ready();
  await clock.pass(0);
  await ready();
  return session;
}

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
    await session.join("Amina", true);
    const body: unknown = await named("join/code").at(-1)?.json();
    expect(body).toEqual({ name: "Amina", consent: { version: "1", accepted: true, compare_face: true } });
    expect(stepOf(session.view.get())).toBe("camera");
    expect(tokenStore.load("code")?.token).toBe("secret");
  });

  it("uses a personal link up, and leaves no secret in the address", async () => {
    const invite = { name: "Amina", opens_at: null, closes_at: null, resumes: false };
    const shown = await joinInfo().json();
    answers["join/code"] = () => json({ ...shown, invite });
    const session = await opened();
    answers["join/code"] = () => json({ candidate: myCandidate(), token: "secret" }, 201);
    await session.join(null, false);
    expect(window.location.pathname).toBe("/join/s1");
    expect(tokenStore.load("s1")?.token).toBe("secret");
  });

  it.each([
    [403, "invited_only", "refused"],
    [404, "x", "unknown_link"],
    [410, "session_closed", "closed"],
    [410, "invite_used", "refused"],
  ])("says what is wrong with the link at %i %s", async (status, code, phase) => {
    answers["join/code"] = refuse(status, code);
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
    camera = new FakeTrack("video");
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
    camera = new FakeTrack("video");
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
