import { vi } from "vitest";
import type { Hello, Peer, Signal } from "../../src/live/protocol";
import { ViewerHub } from "../../src/live/viewer";
import { FakeRtc, FakeStream } from "./fake-rtc";
import { settle, VirtualClock } from "./virtual-clock";

export const peer = (name: string, candidate_id: string): Peer => ({
  peer: name,
  role: "candidate",
  candidate_id,
});

export const hello = (...peers: Peer[]) =>
  ({ type: "hello", ice_servers: [], ice_transport_policy: "all", peers }) as unknown as Hello;

/** A console's hub that has been greeted by the candidates `a` and `b`, what it sends, and its connections. */
export class GreetedHub {
  readonly rtcs: FakeRtc[] = [];
  readonly sent: { to: string; signal: Signal }[] = [];
  readonly clock = new VirtualClock();
  readonly hub: ViewerHub;

  constructor() {
    vi.stubGlobal("MediaStream", FakeStream);
    this.hub = new ViewerHub({
      epoch: "proctor-page",
      clock: this.clock,
      send: (to, signal) => this.sent.push({ to, signal }),
      make: () => {
        this.rtcs.push(new FakeRtc());
        return this.rtcs.at(-1) as unknown as RTCPeerConnection;
      },
    });
    this.hub.greet(hello(peer("A1", "a"), peer("B1", "b")));
  }

  rtc(index = 0): FakeRtc {
    return this.rtcs[index] as FakeRtc;
  }

  async offer(from: string, link: string) {
    this.hub.receive(from, { epoch: "c", link, description: { type: "offer", sdp: "" } });
    await settle();
  }
}
