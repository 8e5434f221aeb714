import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Hello, Signal } from "../../src/live/protocol";
import { Publisher } from "../../src/live/publisher";
import { FakeRtc, FakeStream, FakeTrack } from "./fake-rtc";
import { settle, VirtualClock } from "./virtual-clock";

let clock: VirtualClock;
let rtcs: FakeRtc[];
let sent: { to: string; signal: Signal }[];
let publisher: Publisher;

const hello = (...peers: string[]): Hello => ({
  type: "hello",
  peer: "me",
  role: "candidate",
  cursor: 0,
  ice_servers: [],
  ice_transport_policy: "all",
  peers: peers.map((peer) => ({ peer, role: "proctor", candidate_id: null })),
});
const proctor = (peer: string) => ({ peer, role: "proctor", candidate_id: null }) as const;
const offersTo = (peer: string) =>
  sent.filter(({ to, signal }) => to === peer && signal.description?.type === "offer");
const linkOf = (peer: string) => offersTo(peer).at(-1)?.signal.link as string;
const rtc = (index = 0) => rtcs[index] as FakeRtc;
const answer = (peer: string) =>
  publisher.receive(peer, { epoch: "p", link: linkOf(peer), description: { type: "answer", sdp: "" } });

beforeEach(async () => {
  vi.stubGlobal("MediaStream", FakeStream);
  clock = new VirtualClock();
  rtcs = [];
  sent = [];
  publisher = new Publisher({
    epoch: "candidate-page",
    clock,
    send: (to, signal) => sent.push({ to, signal }),
    make: () => {
      rtcs.push(new FakeRtc());
      return rtcs.at(-1) as unknown as RTCPeerConnection;
    },
  });
  const tracks = [new FakeTrack("video"), new FakeTrack("audio")];
  publisher.setTracks(tracks as unknown as MediaStreamTrack[]);
  publisher.greet(hello("P1"));
  await settle();
});

async function goLive() {
  answer("P1");
  await settle();
  rtc().connect("connected");
}

it("offers camera and microphone to each proctor page, and to nobody else", async () => {
  publisher.joined(proctor("P2"));
  publisher.joined({ peer: "C2", role: "candidate", candidate_id: "c2" });
  await settle();
  expect(offersTo("P1").length).toBeGreaterThan(0);
  expect(offersTo("P2").length).toBeGreaterThan(0);
  expect(rtcs).toHaveLength(2);
  expect(
    rtc()
      .getSenders()
      .map(({ track }) => track?.kind),
  ).toEqual(["video", "audio"]);
});

describe("quality", () => {
  const encoding = () => rtc().getSenders()[0]?.parameters.encodings[0];
  it("is small until a proctor looks closely, and small again after", async () => {
    await goLive();
    await settle();
    expect(encoding()).toMatchObject({ scaleResolutionDownBy: 2, maxFramerate: 10, maxBitrate: 150_000 });
    publisher.receive("P1", { epoch: "p", want: "focus" });
    publisher.receive("P1", { epoch: "p", want: "thumb" });
    publisher.receive("P1", { epoch: "p", want: "focus" });
    await settle();
    expect(encoding()).toMatchObject({ scaleResolutionDownBy: 1, maxFramerate: 15 });
  });
});

describe("after the socket was lost", () => {
  it("sends an unanswered offer again", async () => {
    const before = offersTo("P1").length;
    publisher.greet(hello("P1"));
    await settle();
    expect(offersTo("P1")).toHaveLength(before + 1);
    expect(rtc().restarts).toBe(0);
    expect(rtcs).toHaveLength(1);
  });

  it("leaves a picture that flows alone", async () => {
    await goLive();
    sent = [];
    publisher.greet(hello("P1"));
    await settle();
    expect(sent).toEqual([]);
    expect(rtc().restarts).toBe(0);
  });

  it("restarts what does not flow", async () => {
    await goLive();
    rtc().connect("disconnected");
    publisher.greet(hello("P1"));
    expect(rtc().restarts).toBe(1);
  });
});

describe("a proctor page that comes back under a new name", () => {
  it("keeps its running link", async () => {
    await goLive();
    const link = linkOf("P1");
    publisher.left("P1");
    publisher.joined(proctor("P9"));
    publisher.receive("P9", { epoch: "p", link, want: "thumb" });
    await clock.pass(20_000);
    expect(rtcs).toHaveLength(1);
    expect(rtc().connectionState).toBe("connected");
  });

  it("is answered when it turned its microphone on or off meanwhile", async () => {
    await goLive();
    const link = linkOf("P1");
    publisher.left("P1");
    publisher.joined(proctor("P9"));
    publisher.receive("P9", { epoch: "p", link, want: "focus" });
    publisher.receive("P9", { epoch: "p", link, description: { type: "offer", sdp: "" } });
    await settle();
    expect(sent.at(-1)).toMatchObject({ to: "P9", signal: { link, description: { type: "answer" } } });
  });

  it("gets a new link when it names none", async () => {
    await goLive();
    publisher.left("P1");
    publisher.joined(proctor("P9"));
    await clock.pass(500);
    expect(offersTo("P9").length).toBeGreaterThan(0);
    await clock.pass(15_000);
    expect(rtc(0).connectionState).toBe("closed");
    expect(rtc(1).connectionState).not.toBe("closed");
  });
});

it("restarts a broken link again and again until it flows", async () => {
  await goLive();
  rtc().connect("failed");
  expect(rtc().restarts).toBe(1);
  await clock.pass(11_000);
  expect(rtc().restarts).toBe(3);
  rtc().connect("connected");
  await clock.pass(30_000);
  expect(rtc().restarts).toBe(3);
});

it("forgets a proctor page that left for good, also while its link is broken", async () => {
  await goLive();
  publisher.left("P1");
  rtc().connect("disconnected");
  await clock.pass(16_000);
  expect(rtc().connectionState).toBe("closed");
});

it("gives way to nobody: an offer that crosses its own is ignored", async () => {
  const crossing = { epoch: "p", link: linkOf("P1"), description: { type: "offer", sdp: "" } } as const;
  publisher.receive("P1", crossing);
  await settle();
  expect(rtc().remoteDescription).toBeNull();
  answer("P1");
  await settle();
  publisher.receive("P1", crossing);
  await settle();
  expect(sent.at(-1)?.signal.description?.type).toBe("answer");
});

it("keeps early network addresses until the answer is there", async () => {
  publisher.receive("P1", { epoch: "p", link: linkOf("P1"), candidate: { candidate: "a" } });
  await settle();
  expect(rtc().candidates).toEqual([]);
  answer("P1");
  await settle();
  expect(rtc().candidates).toEqual([{ candidate: "a" }]);
});

it("shows the proctor while he or she speaks, and not after", async () => {
  await goLive();
  const transceiver = rtc().transceivers[1];
  if (!transceiver) throw new Error("no transceiver");
  transceiver.currentDirection = "sendrecv";
  rtc().ontrack?.();
  expect(publisher.incoming.get()?.getTracks()).toEqual([transceiver.receiver.track]);
  transceiver.currentDirection = "sendonly";
  rtc().onsignalingstatechange?.();
  expect(publisher.incoming.get()).toBeNull();
});

it("puts a new camera on the running connections", async () => {
  await goLive();
  const camera = new FakeTrack("video");
  publisher.setTracks([camera] as unknown as MediaStreamTrack[]);
  expect(
    rtc()
      .getSenders()
      .map(({ track }) => track),
  ).toEqual([camera, null]);
  expect(rtcs).toHaveLength(1);
});

it("says goodbye when it closes", () => {
  publisher.close();
  expect(sent.at(-1)).toMatchObject({ to: "P1", signal: { bye: true } });
  expect(rtc().connectionState).toBe("closed");
});

it("offers no sound while there is no microphone, and again once there is one", async () => {
  await goLive();
  const video = new FakeTrack("video");
  const put = async (...tracks: FakeTrack[]) => {
    publisher.setTracks(tracks as unknown as MediaStreamTrack[]);
    await settle();
  };
  const directions = () => rtc().transceivers.map(({ direction }) => direction);
  const before = offersTo("P1").length;
  await put(video);
  expect(directions()).toEqual(["sendrecv", "recvonly"]);
  expect(offersTo("P1")).toHaveLength(before + 1);
  answer("P1");
  await put(video, new FakeTrack("audio"));
  expect(directions()).toEqual(["sendrecv", "sendrecv"]);
});
