import { expect, it, vi } from "vitest";
import { Sending, Watching } from "../../src/live/connect";
import type { Carrier, LiveView, MediaMessage } from "../../src/live/media";
import { Store } from "../../src/live/store";
import { settle, VirtualClock } from "./virtual-clock";

const hello = (peer: string, provider = "elsewhere"): MediaMessage => ({
  type: "hello",
  peer,
  role: "candidate",
  provider,
  cursor: 0,
  ice_servers: [],
  ice_transport_policy: "all",
  peers: [],
});
const joined: MediaMessage = { type: "peer_joined", peer: "p", role: "proctor", candidate_id: null };

function carrier() {
  const heard: MediaMessage[] = [];
  const tracks: unknown[][] = [];
  const views = new Store<ReadonlyMap<string, LiveView>>(new Map());
  const close = vi.fn();
  const focus = vi.fn();
  const made: Carrier = {
    sending: () => ({
      incoming: new Store<MediaStream | null>(null),
      setTracks: (each) => tracks.push(each),
      heard: (message) => heard.push(message),
      networkChanged: () => {},
      close,
    }),
    watching: () => ({
      views,
      talkingTo: new Store<string | null>(null),
      talkLost: new Store<string | null>(null),
      trouble: new Store<string | null>(null),
      heard: (message) => heard.push(message),
      focus,
      startTalk: () => true,
      stopTalk: () => {},
      loseTalk: () => {},
      networkChanged: () => {},
      close,
    }),
  };
  return { made, heard, tracks, views, close, focus };
}

const context = (clock = new VirtualClock()) => ({
  epoch: "e",
  clock,
  send: () => {},
  grant: () => Promise.reject(new Error("not asked for here")),
});

it("keeps what is said until the provider's code is there, and says it in order", async () => {
  const one = carrier();
  let arrive: (carrier: Carrier) => void = () => {};
  const sending = new Sending(context(), () => new Promise((done) => (arrive = done)));
  const track = { kind: "video" } as MediaStreamTrack;
  sending.setTracks([track]);
  sending.heard(hello("old"));
  sending.heard(hello("new"));
  sending.heard(joined);
  expect(one.heard).toEqual([]);
  arrive(one.made);
  await settle();
  expect(one.heard).toEqual([hello("new"), joined]);
  expect(one.tracks).toEqual([[track]]);
});

it("tries again when the code cannot be loaded, and says so to the proctor meanwhile", async () => {
  const clock = new VirtualClock();
  const one = carrier();
  let tries = 0;
  const watching = new Watching(context(clock), async () => {
    if (tries++ === 0) throw new Error("no such file");
    return one.made;
  });
  watching.focus("c1");
  watching.heard(hello("p"));
  await settle();
  expect(watching.trouble.get()).toContain("could not be loaded");
  await clock.pass(5000);
  await settle();
  expect(tries).toBe(2);
  expect(watching.trouble.get()).toBeNull();
  expect(one.focus).toHaveBeenCalledWith("c1");
  one.views.set(new Map([["c1", { stream: null, state: "broken" as const }]]));
  expect(watching.views.get().get("c1")?.state).toBe("broken");
});

it("takes the builtin one from a server that names none, without loading anything", () => {
  const load = vi.fn();
  const watching = new Watching(context(), load);
  const { provider: _, ...unnamed } = hello("p") as Extract<MediaMessage, { type: "hello" }>;
  watching.heard({
    ...unnamed,
    role: "proctor",
    peers: [{ peer: "q", role: "candidate", candidate_id: "c1" }],
  });
  watching.heard({ type: "peer_left", peer: "q" });
  expect(load).not.toHaveBeenCalled();
});

it("is told everything again, and loads nothing, when the same server says hello again", async () => {
  const one = carrier();
  const load = vi.fn(async () => one.made);
  const sending = new Sending(context(), load);
  sending.heard(hello("a"));
  await settle();
  sending.heard(hello("b"));
  expect(load).toHaveBeenCalledTimes(1);
  expect(one.close).not.toHaveBeenCalled();
  expect(one.heard).toEqual([hello("a"), hello("b")]);
});
