import { vi } from "vitest";
import { CandidateSession } from "../../src/live/candidate-session";
import { tokenStore } from "../../src/live/token-store";
import { FakeStream, FakeTrack } from "./fake-rtc";
import { session as exam, myCandidate } from "./shapes";
import { settle, VirtualClock } from "./virtual-clock";

export let clock: VirtualClock;
export let answers: Record<string, () => Response>;
export let calls: Request[];
export let sockets: { onmessage: ((e: object) => void) | null; onclose: ((e: object) => void) | null }[];
export let camera: FakeTrack;
export let workers: { onmessage: ((event: object) => void) | null }[];

export const json = (body: object, status = 200) => new Response(JSON.stringify(body), { status });
export const refuse = (status: number, code: string) => () =>
  json({ error: { code, message: "No.", fix: "Do this." } }, status);
export const joinInfo = () =>
  json({ session: { ...exam, closed: false }, consent: { version: "1", text: ["We watch."] } });
export const named = (name: string) => calls.filter(({ url }) => url.endsWith(name));

export async function ready(rounds = 15) {
  for (let i = 0; i < rounds; i++) {
    await settle();
    await new Promise((done) => setTimeout(done, 0));
  }
}

export function hello() {
  const data = { type: "hello", peer: "me", cursor: 0, ice_servers: [], peers: [] };
  sockets.at(-1)?.onmessage?.({ data: JSON.stringify(data) });
}

/** A page with nothing behind it but these answers. */
export function setUp(): void {
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
}

export async function opened(code = "code"): Promise<CandidateSession> {
  const session = new CandidateSession(code, clock);
  await session.load();
  await ready();
  return session;
}

export async function inRoom(): Promise<CandidateSession> {
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

/** Another camera for the next time that one is asked for. */
export function newCamera(): void {
  camera = new FakeTrack("video");
}
