import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ConsoleStore } from "../../src/live/console-store";
import { FakeRtc, FakeStream, FakeTrack } from "./fake-rtc";
import { at, candidate, incident, session, snapshot } from "./shapes";
import { settle, VirtualClock } from "./virtual-clock";

let clock: VirtualClock;
let answers: Record<string, () => Promise<Response> | Response>;
let opened: string[];
let store: ConsoleStore;
let live: {
  onmessage: ((event: { data: string }) => void) | null;
  onclose: ((event: object) => void) | null;
}[];

const json = (body: object, status = 200) => new Response(JSON.stringify(body), { status });
const say = (message: object) => live.at(-1)?.onmessage?.({ data: JSON.stringify(message) });
const hello = (cursor: number) =>
  say({ type: "hello", peer: "p", cursor, ice_servers: [], ice_transport_policy: "all", peers: [] });
const opens = (seq: number, id: string) =>
  say({
    type: "event",
    seq,
    at: at(seq),
    event: { kind: "incident_changed", opened: true, incident: incident(id, { started_at: at(seq) }) },
  });
const ids = () => store.view.get().incidents.map(({ id }) => id);
const ready = async () => {
  for (let i = 0; i < 30; i++) {
    await settle();
    await new Promise((done) => setTimeout(done, 0));
  }
};

beforeEach(() => {
  clock = new VirtualClock();
  opened = [];
  live = [];
  answers = {
    snapshot: () => json(snapshot({ incidents: [incident("old")] })),
    tickets: () => json({ ticket: "t", expires_in_s: 30 }),
  };
  vi.stubGlobal("fetch", async (request: Request) => {
    const name = new URL(request.url).pathname.split("/").at(-1) ?? "";
    const answer = answers[name];
    if (!answer) throw new Error(`no answer for ${request.url}`);
    return answer();
  });
  vi.stubGlobal(
    "WebSocket",
    class {
      readyState = 1;
      onmessage = null;
      onclose = null;
      constructor() {
        live.push(this);
      }
      send() {}
      close() {}
    },
  );
  store = new ConsoleStore(
    "s1",
    (event) => {
      if (event.kind === "incident_changed" && event.opened) opened.push(event.incident.id);
    },
    clock,
  );
});

afterEach(() => store.stop());

async function start() {
  store.start();
  await ready();
  hello(10);
}

it("shows the snapshot and then what happens", async () => {
  await start();
  expect(ids()).toEqual(["old"]);
  opens(11, "new");
  opens(11, "new");
  expect(ids()).toEqual(["new", "old"]);
  expect(opened).toEqual(["new"]);
});

it("loses nothing that happens while it loads the picture again", async () => {
  await start();
  let release = (_: Response) => {};
  answers.snapshot = () => new Promise<Response>((done) => (release = done));
  say({ type: "resync" });
  await ready();
  opens(12, "in snapshot");
  opens(14, "after");
  expect(ids()).toEqual(["old"]);
  release(json(snapshot({ cursor: 13, incidents: [incident("in snapshot", { started_at: at(12) })] })));
  await ready();
  expect(ids()).toEqual(["after", "in snapshot"]);
  expect(opened).toEqual(["after"]);
});

it("tries again until the server answers", async () => {
  answers.snapshot = () => json({ error: { code: "unavailable", message: "" } }, 503);
  store.start();
  await ready();
  expect(store.view.get().status).toBe("failed");
  answers.snapshot = () => json(snapshot());
  await clock.pass(1000);
  await ready();
  expect(store.view.get().status).toBe("ready");
});

it.each([
  [401, "signed_out"],
  [404, "not_found"],
])("says what is wrong at %i", async (status, shown) => {
  answers.snapshot = () => json({ error: { code: "x", message: "" } }, status);
  store.start();
  await ready();
  expect(store.view.get().status).toBe(shown);
  expect(live).toHaveLength(0);
});

it("keeps what a decision answers", async () => {
  await start();
  const decision = {
    decision: "dismissed",
    reason: "Poster",
    by: "P",
    by_id: "p1",
    proposed: false,
    decided_at: at(1),
  } as const;
  answers.decisions = () => json(incident("old", { decision, updated_at: at(1) }));
  await store.decide("old", "dismissed", "Poster");
  expect(store.view.get().incidents[0]?.decision).toEqual(decision);
});

it("reads everything again when the session is as it was: somebody was erased", async () => {
  await start();
  const changed = (seq: number, part: object) =>
    say({
      type: "event",
      seq,
      at: at(seq),
      event: { kind: "session_changed", session: { ...session, ...part } },
    });
  answers.snapshot = () => json(snapshot({ session: { ...session, holds: 1 } }));
  changed(11, { holds: 1 });
  await ready();
  expect(ids()).toEqual(["old"]);
  expect(store.view.get().session?.holds).toBe(1);
  changed(12, { holds: 1, unreviewed_incidents: 0 });
  await ready();
  expect(ids()).toEqual([]);
});

it.each([
  ["is removed", { kind: "candidate_changed", candidate: candidate("c1", { state: "removed" }) }],
  ["has finished", { kind: "candidate_changed", candidate: candidate("c1", { state: "finished" }) }],
  ["loses the session", { kind: "session_changed", session: { ...session, closed_at: at(60) } }],
])("turns the proctor's microphone off when the candidate %s", async (_, event) => {
  vi.stubGlobal("RTCPeerConnection", FakeRtc);
  vi.stubGlobal("MediaStream", FakeStream);
  answers.snapshot = () => json(snapshot({ candidates: [candidate("c1")] }));
  store.start();
  await ready();
  const peers = [{ peer: "A1", role: "candidate", candidate_id: "c1" }];
  say({ type: "hello", peer: "p", cursor: 10, ice_servers: [], ice_transport_policy: "all", peers });
  const description = { type: "offer", sdp: "" };
  say({ type: "signal", from: "A1", signal: { epoch: "c", link: "L1", description } });
  const microphone = new FakeTrack("audio");
  const stream = new FakeStream([microphone]) as unknown as MediaStream;
  expect(store.viewers.startTalk("c1", stream)).toBe(true);
  const paused = { kind: "candidate_changed", candidate: candidate("c1", { state: "paused" }) };
  say({ type: "event", seq: 11, at: at(11), event: paused });
  expect(store.viewers.talkingTo.get()).toBe("c1");
  say({ type: "event", seq: 12, at: at(12), event });
  expect(store.viewers.talkingTo.get()).toBeNull();
  expect(store.viewers.talkLost.get()).toBe("c1");
  expect(microphone.readyState).toBe("ended");
});
