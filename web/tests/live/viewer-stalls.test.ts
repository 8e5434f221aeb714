import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Hello, Peer } from "../../src/live/protocol";
import { ViewerHub } from "../../src/live/viewer";
import { FakeRtc, FakeStream } from "./fake-rtc";
import { settle, VirtualClock } from "./virtual-clock";

let rtcs: FakeRtc[];
let hub: ViewerHub;
let clock: VirtualClock;

const peer = (name: string, candidate_id: string): Peer => ({ peer: name, role: "candidate", candidate_id });
const hello = (...peers: Peer[]) =>
  ({ type: "hello", ice_servers: [], ice_transport_policy: "all", peers }) as unknown as Hello;
const rtc = (index = 0) => rtcs[index] as FakeRtc;

async function offer(from: string, link: string) {
  hub.receive(from, { epoch: "c", link, description: { type: "offer", sdp: "" } });
  await settle();
}

beforeEach(() => {
  vi.stubGlobal("MediaStream", FakeStream);
  rtcs = [];
  clock = new VirtualClock();
  hub = new ViewerHub({
    epoch: "proctor-page",
    clock,
    send: () => {},
    make: () => {
      rtcs.push(new FakeRtc());
      return rtcs.at(-1) as unknown as RTCPeerConnection;
    },
  });
  hub.greet(hello(peer("A1", "a"), peer("B1", "b")));
});

describe("a picture that stands still on a connection that is fine", () => {
  const state = () => hub.views.get().get("a")?.state;

  it("is not called live, whatever the connection says, until pictures come again", async () => {
    await offer("A1", "L1");
    rtc().connect("connected");
    await clock.pass(20_000);
    expect(state()).toBe("live");
    rtc().frozen = true;
    await clock.pass(10_000);
    expect(state()).toBe("broken");
    rtc().connect("disconnected");
    rtc().connect("connected");
    await clock.pass(10_000);
    expect(state()).toBe("broken");
    rtc().frozen = false;
    await clock.pass(2_000);
    expect(state()).toBe("live");
  });
});
