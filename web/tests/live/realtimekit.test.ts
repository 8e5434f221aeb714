import { beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "../../src/api/http";
import type { MediaGrant } from "../../src/api/types";
import type { MediaMessage } from "../../src/live/media";
import { RtkSending, RtkWatching } from "../../src/live/realtimekit";
import type { RtkClient, RtkOptions, RtkPerson } from "../../src/live/realtimekit-room";
import { FakeStream, FakeTrack } from "./fake-rtc";
import { settle, VirtualClock } from "./virtual-clock";

vi.mock("@cloudflare/realtimekit", () => ({ default: { init: () => Promise.reject(new Error("real")) } }));

/** Enough of the vendor's client to test what we ask of it; it knows no network. */
class FakeClient {
  calls: string[] = [];
  given: FakeTrack[] = [];
  people: FakePerson[] = [];
  private listeners = new Map<string, ((who?: unknown) => void)[]>();
  constructor(readonly options: RtkOptions) {}

  private listen = (event: string, listener: (who?: unknown) => void) => {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  };
  emit(event: string, who?: unknown) {
    for (const listener of this.listeners.get(event) ?? []) listener(who);
  }
  join = async () => void this.calls.push("join");
  leave = async () => void this.calls.push("leave");
  private take = (call: string) => async (track?: unknown) => {
    this.calls.push(call);
    if (track) this.given.push(track as FakeTrack);
  };
  self = {
    enableVideo: this.take("video on"),
    enableAudio: this.take("audio on"),
    disableVideo: this.take("video off"),
    disableAudio: this.take("audio off"),
    on: this.listen,
  };
  participants = { joined: { toArray: () => this.people as unknown as RtkPerson[], on: this.listen } };
}

class FakePerson {
  id = "peer";
  videoEnabled = true;
  audioEnabled = false;
  videoTrack: FakeTrack | undefined = new FakeTrack("video");
  audioTrack: FakeTrack | undefined;
  private listeners: (() => void)[] = [];
  constructor(readonly customParticipantId: string) {}
  on = (_: string, listener: () => void) => void this.listeners.push(listener);
  update = () => {
    for (const each of this.listeners) each();
  };
}

let clock: VirtualClock;
let clients: FakeClient[];
let asked: (string | undefined)[];
let refuse: Error | null;

const make = async (options: RtkOptions) => {
  clients.push(new FakeClient(options));
  return clients.at(-1) as unknown as RtkClient;
};
const context = () => ({
  epoch: "e",
  clock,
  send: () => {},
  grant: async (candidateId?: string) => {
    asked.push(candidateId);
    if (refuse) throw refuse;
    const options = { base_uri: "live.example.edu" };
    return { provider: "realtimekit", token: `token-${asked.length}`, options } as unknown as MediaGrant;
  },
});
const hello = (...candidates: string[]): MediaMessage => ({
  type: "hello",
  peer: "me",
  role: "candidate",
  provider: "realtimekit",
  cursor: 0,
  ice_servers: [],
  ice_transport_policy: "all",
  peers: candidates.map((id) => ({ peer: `peer-${id}`, role: "candidate", candidate_id: id })),
});
const client = (index = 0) => clients[index] as FakeClient;
const track = (kind: "video" | "audio") => new FakeTrack(kind) as unknown as MediaStreamTrack;

beforeEach(() => {
  vi.stubGlobal("MediaStream", FakeStream);
  clock = new VirtualClock();
  clients = [];
  asked = [];
  refuse = null;
});

it("sends copies of the candidate's own camera and microphone, and ends nothing of ours", async () => {
  const sending = new RtkSending(context(), make);
  sending.heard(hello());
  await clock.pass(0);
  expect(clients).toHaveLength(0);
  const [camera, microphone] = [track("video"), track("audio")];
  sending.setTracks([camera, microphone]);
  await clock.pass(0);
  expect(client().options).toMatchObject({
    authToken: "token-1",
    baseURI: "live.example.edu",
    defaults: { audio: false, video: false },
  });
  expect(client().calls).toEqual(["join", "video on", "audio on"]);
  expect(client().given).not.toContain(camera);
  const another = track("video");
  sending.setTracks([another, microphone]);
  await settle();
  expect(client().calls.slice(3)).toEqual(["video on"]);
  expect(client().given[0]?.readyState).toBe("ended");
  sending.setTracks([]);
  await settle();
  expect(client().calls.slice(4)).toEqual(["video off", "audio off"]);
  sending.close();
  expect(client().calls.at(-1)).toBe("leave");
  for (const each of [camera, microphone, another]) expect(each.readyState).toBe("live");
});

it("comes back with a fresh pass when the meeting is lost, and publishes again", async () => {
  const sending = new RtkSending(context(), make);
  sending.heard(hello());
  sending.setTracks([track("video")]);
  await clock.pass(0);
  client().emit("roomLeft", { state: "disconnected" });
  await clock.pass(1000);
  expect(clients).toHaveLength(2);
  expect(client(1).options.authToken).toBe("token-2");
  expect(client(1).calls).toEqual(["join", "video on"]);
});

it("gives up when our own server says that the exam is over for this page", async () => {
  const sending = new RtkSending(context(), make);
  refuse = new ApiError(409, "illegal_transition", "You have finished this exam.");
  sending.heard(hello());
  sending.setTracks([track("video")]);
  await clock.pass(120_000);
  expect(asked).toHaveLength(1);
});

it("joins each candidate's own meeting, one after another, and shows that candidate alone", async () => {
  const watching = new RtkWatching(context(), make);
  watching.heard(hello("a", "b"));
  await clock.pass(0);
  expect(asked).toEqual(["a"]);
  await clock.pass(300);
  expect(asked).toEqual(["a", "b"]);
  const [ada, eve] = [new FakePerson("a"), new FakePerson("v-other-proctor")];
  client().emit("participantJoined", eve);
  expect(watching.views.get().get("a")).toMatchObject({ stream: null, state: "connecting" });
  client().emit("participantJoined", ada);
  const view = watching.views.get().get("a");
  expect(view?.state).toBe("live");
  expect(view?.stream?.getVideoTracks()).toEqual([ada.videoTrack]);
  expect(watching.views.get().get("b")?.stream).toBeNull();
  ada.videoEnabled = false;
  ada.update();
  expect(watching.views.get().get("a")).toEqual({ stream: null, state: "broken" });
  ada.videoEnabled = true;
  ada.update();
  expect(watching.views.get().get("a")?.state).toBe("live");
});

it("keeps the meeting of a candidate whose page reconnects, and leaves an empty one", async () => {
  const watching = new RtkWatching(context(), make);
  watching.heard(hello("a"));
  await clock.pass(0);
  client().emit("participantJoined", new FakePerson("a"));
  watching.heard({ type: "peer_left", peer: "peer-a" });
  await clock.pass(30_000);
  watching.heard({ type: "peer_joined", peer: "again", role: "candidate", candidate_id: "a" });
  await clock.pass(60_000);
  expect(client().calls).toEqual(["join"]);
  expect(watching.views.get().get("a")?.state).toBe("live");
  watching.heard({ type: "peer_left", peer: "again" });
  await clock.pass(60_000);
  expect(client().calls).toEqual(["join", "leave"]);
  expect(watching.views.get().get("a")).toEqual({ stream: null, state: "connecting" });
});

it("says what our server says while there are no passes, and goes on when there are", async () => {
  const watching = new RtkWatching(context(), make);
  refuse = new ApiError(503, "media_unavailable", "The live-video server cannot be reached right now.");
  watching.heard(hello("a"));
  await clock.pass(10);
  expect(watching.trouble.get()).toContain("cannot be reached");
  expect(watching.views.get().get("a")?.state).toBe("broken");
  refuse = null;
  await clock.pass(15_000);
  expect(watching.trouble.get()).toBeNull();
  expect(client().calls).toEqual(["join"]);
  watching.close();
  expect(client().calls).toEqual(["join", "leave"]);
});
