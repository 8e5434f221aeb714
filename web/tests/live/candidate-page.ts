/** A candidate's page without a browser: what the session touches is here, to be looked at and changed. */
import { beforeEach, vi } from "vitest";
import { CandidateSession } from "../../src/live/candidate-session";
import { tokenStore } from "../../src/live/token-store";
import { FakeStream, FakeTrack } from "./fake-rtc";
import { session as exam, myCandidate } from "./shapes";
import { settle, VirtualClock } from "./virtual-clock";

interface Page {
  clock: VirtualClock;
  answers: Record<string, () => Response>;
  calls: Request[];
  sockets: { onmessage: ((e: object) => void) | null; onclose: ((e: object) => void) | null }[];
  camera: FakeTrack;
  workers: { onmessage: ((event: object) => void) | null }[];
}

/** Made anew before each test. */
export const page = {} as Page;

export const json = (body: object, status = 200) => new Response(JSON.stringify(body), { status });
export const refuse = (status: number, code: string) => () =>
  json({ error: { code, message: "No.", fix: "Do this." } }, status);
export const joinInfo = () =>
  json({ session: { ...exam, closed: false }, consent: { version: "1", text: ["We watch."] } });
export const named = (name: string) => page.calls.filter(({ url }) => url.endsWith(name));

export async function ready(rounds = 15) {
  for (let i = 0; i < rounds; i++) {
    await settle();
    await new Promise((done) => setTimeout(done, 0));
  }
}

export function hello() {
  const data = { type: "hello", peer: "me", cursor: 0, ice_servers: [], peers: [] };
  page.sockets.at(-1)?.onmessage?.({ data: JSON.stringify(data) });
}

beforeEach(() => {
  page.clock = new VirtualClock();
  page.calls = [];
  page.sockets = [];
  page.workers = [];
  page.camera = new FakeTrack("video");
  page.answers = {
    "join/code": joinInfo,
    me: () => json(myCandidate()),
    tickets: () => json({ ticket: "t" }),
    "frame-windows": () => json({ nonce: "n", next_seq: 1 }, 201),
  };
  vi.stubGlobal("MediaStream", FakeStream);
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("fetch", async (request: Request) => {
    page.calls.push(request);
    const path = new URL(request.url).pathname;
    const name = Object.keys(page.answers).find((each) => path.endsWith(`/${each}`));
    if (!name) throw new TypeError(`network: ${path}`);
    return page.answers[name]?.() as Response;
  });
  vi.stubGlobal(
    "WebSocket",
    class {
      readyState = 1;
      onmessage = null;
      onclose = null;
      constructor() {
        page.sockets.push(this);
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
        page.workers.push(this);
      }
      postMessage(order: { type: string; id: number; inMs: number }) {
        if (order.type !== "take") return;
        page.clock.after(order.inMs, () =>
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
  const getUserMedia = async () => new FakeStream([page.camera]);
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia, addEventListener() {} } });
});

export async function opened(code = "code"): Promise<CandidateSession> {
  const session = new CandidateSession(code, page.clock);
  await session.load();
  await ready();
  return session;
}

export async function inRoom(): Promise<CandidateSession> {
  tokenStore.save("code", { sessionId: "s1", token: "secret" });
  page.answers.me = () => json(myCandidate({ state: "in_room" }));
  page.answers.frames ??= () => json({ observation: null, warnings: [], next_frame_ms: 5000 });
  const session = await opened();
  hello();
  await ready();
  await page.clock.pass(0);
  // The window for its numbers first, then the first picture.
  for (let i = 0; i < 20 && named("frames").length === 0; i++) await ready();
  return session;
}
