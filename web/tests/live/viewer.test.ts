import { beforeEach, describe, expect, it } from "vitest";
import type { Signal } from "../../src/live/protocol";
import type { ViewerHub } from "../../src/live/viewer";
import { type FakeRtc, FakeStream, FakeTrack } from "./fake-rtc";
import { GreetedHub, hello, peer } from "./viewer-hub";
import { settle, type VirtualClock } from "./virtual-clock";

let rtcs: FakeRtc[];
let sent: { to: string; signal: Signal }[];
let hub: ViewerHub;
let clock: VirtualClock;
let offer: (from: string, link: string) => Promise<void>;

const wants = () => sent.flatMap(({ to, signal }) => (signal.want ? [`${to} ${signal.want}`] : []));
const rtc = (index = 0) => rtcs[index] as FakeRtc;

beforeEach(() => {
  const greeted = new GreetedHub();
  ({ rtcs, sent, hub, clock } = greeted);
  offer = (from, link) => greeted.offer(from, link);
});

it("asks everybody for the small picture and the focused one for the large", () => {
  expect(wants()).toEqual(["A1 thumb", "B1 thumb"]);
  hub.focus("a");
  hub.focus("b");
  expect(wants().slice(2)).toEqual(["A1 focus", "A1 thumb", "B1 focus"]);
});

it("answers an offer and shows that candidate only", async () => {
  await offer("A1", "L1");
  expect(sent.at(-1)).toMatchObject({ to: "A1", signal: { link: "L1", description: { type: "answer" } } });
  rtc().connect("connected");
  expect(hub.views.get().get("a")?.state).toBe("live");
  expect(hub.views.get().has("b")).toBe(false);
});

it("says that there is no picture when no way is found, and asks for another try", async () => {
  await offer("A1", "L1");
  await clock.pass(14_000);
  expect(hub.views.get().get("a")?.state).toBe("connecting");
  await clock.pass(2_000);
  expect(hub.views.get().get("a")?.state).toBe("broken");
  expect(sent.at(-1)).toMatchObject({ to: "A1", signal: { link: "L1", restart: true } });
  rtc().connect("connected");
  expect(hub.views.get().get("a")?.state).toBe("live");
  const before = sent.length;
  await clock.pass(60_000);
  expect(sent.length).toBe(before);
});

it("hears nothing from strangers", async () => {
  await offer("unknown", "L1");
  hub.joined({ peer: "P2", role: "proctor", candidate_id: null });
  await offer("P2", "L2");
  expect(rtcs).toHaveLength(0);
});

it("keeps the picture when only the candidate's socket was lost", async () => {
  await offer("A1", "L1");
  rtc().connect("connected");
  hub.left("A1");
  hub.joined(peer("A2", "a"));
  expect(hub.views.get().get("a")?.state).toBe("live");
  expect(sent.at(-1)).toMatchObject({ to: "A2", signal: { link: "L1", want: "thumb" } });
});

it("takes the new picture of a reloaded page", async () => {
  await offer("A1", "L1");
  hub.joined(peer("A2", "a"));
  await offer("A2", "L2");
  expect(rtc(0).connectionState).toBe("closed");
  expect(rtcs).toHaveLength(2);
});

it("gives way when both sides offer", async () => {
  await offer("A1", "L1");
  rtc().signalingState = "have-local-offer";
  await offer("A1", "L1");
  expect(sent.at(-1)?.signal.description?.type).toBe("answer");
});

it("asks for a restart when the link failed", async () => {
  await offer("A1", "L1");
  rtc().connect("failed");
  expect(sent.at(-1)).toMatchObject({ to: "A1", signal: { restart: true, link: "L1" } });
});

it("forgets a candidate who went away once the picture stops, too", async () => {
  await offer("A1", "L1");
  rtc().connect("connected");
  hub.left("A1");
  expect(hub.views.get().get("a")?.state).toBe("live");
  rtc().connect("disconnected");
  expect(rtc().connectionState).toBe("closed");
  expect(hub.views.get().get("a")?.stream).toBeNull();
});

it("clears the picture at a goodbye", async () => {
  await offer("A1", "L1");
  hub.receive("A1", { epoch: "c", link: "L1", bye: true });
  expect(hub.views.get().get("a")?.stream).toBeNull();
  expect(rtc().connectionState).toBe("closed");
});

it("speaks to the focused candidate only, and turns the microphone off after", async () => {
  const microphone = new FakeTrack("audio");
  const stream = new FakeStream([microphone]) as unknown as MediaStream;
  expect(hub.startTalk("a", stream)).toBe(false);
  await offer("A1", "L1");
  rtc().addTrack(new FakeTrack("audio"));
  hub.focus("a");
  expect(hub.startTalk("a", stream)).toBe(true);
  expect(rtc().transceivers[0]).toMatchObject({ direction: "sendrecv" });
  expect(rtc().getSenders()[0]?.track).toBe(microphone);
  hub.focus("b");
  await settle();
  expect(hub.talkingTo.get()).toBeNull();
  expect(microphone.readyState).toBe("ended");
  expect(rtc().transceivers[0]?.direction).toBe("recvonly");
});

describe("talk across a gap in the signalling", () => {
  const stream = () => new FakeStream([new FakeTrack("audio")]) as unknown as MediaStream;
  const lastOffer = () => sent.filter(({ signal }) => signal.description?.type === "offer").at(-1);
  const answer = async (from: string) => {
    hub.receive(from, { epoch: "c", link: "L1", description: { type: "answer", sdp: "" } });
    await settle();
  };

  beforeEach(async () => {
    await offer("A1", "L1");
    rtc().connect("connected");
    rtc().addTransceiver("audio", { direction: "recvonly" });
    await settle();
    await answer("A1");
    hub.focus("a");
  });

  it.each(["candidate", "server"])("is told to the candidate when the %s comes back", async (who) => {
    if (who === "candidate") hub.left("A1");
    hub.startTalk("a", stream());
    await settle();
    sent.length = 0;
    if (who === "candidate") hub.joined(peer("A2", "a"));
    else hub.greet(hello(peer("A2", "a")));
    expect(sent.map(({ to }) => to)).toEqual(["A2", "A2"]);
    expect(sent[0]?.signal).toMatchObject({ link: "L1", want: "focus" });
    expect(sent[1]?.signal).toMatchObject({ link: "L1", description: { type: "offer" } });
    await answer("A2");
    expect(rtc().signalingState).toBe("stable");
    expect(rtc().restarts).toBe(0);
  });

  it("is ended for the candidate, too, when it was turned off in between", async () => {
    hub.startTalk("a", stream());
    await settle();
    await answer("A1");
    hub.left("A1");
    hub.stopTalk();
    await settle();
    sent.length = 0;
    hub.joined(peer("A2", "a"));
    expect(lastOffer()).toMatchObject({ to: "A2", signal: { link: "L1" } });
    expect(rtc().transceivers[0]?.direction).toBe("recvonly");
  });

  it("offers nothing again to a candidate who has answered everything", async () => {
    hub.joined(peer("A2", "a"));
    expect(lastOffer()?.to).not.toBe("A2");
  });
});

describe("talk when the candidate goes away", () => {
  const microphone = new FakeTrack("audio");

  beforeEach(async () => {
    microphone.readyState = "live";
    await offer("A1", "L1");
    rtc().connect("connected");
    hub.focus("a");
    hub.startTalk("a", new FakeStream([microphone]) as unknown as MediaStream);
  });

  it.each([
    ["says goodbye", () => hub.receive("A1", { epoch: "c", link: "L1", bye: true })],
    [
      "is gone without a word",
      () => {
        hub.left("A1");
        rtc().connect("disconnected");
      },
    ],
  ])("ends, microphone and all, when the page %s", (_, goes) => {
    goes();
    expect(hub.talkingTo.get()).toBeNull();
    expect(hub.talkLost.get()).toBe("a");
    expect(microphone.readyState).toBe("ended");
    hub.focus(null);
    expect(hub.talkLost.get()).toBeNull();
  });

  it("goes on while only the candidate's socket is lost", () => {
    hub.left("A1");
    expect([hub.talkingTo.get(), hub.talkLost.get()]).toEqual(["a", null]);
    expect(microphone.readyState).toBe("live");
  });

  it("is not lost when the proctor ends it, nor when others go", async () => {
    hub.receive("B1", { epoch: "c", link: "L9", bye: true });
    hub.left("B1");
    expect(hub.talkingTo.get()).toBe("a");
    hub.stopTalk();
    expect(hub.talkLost.get()).toBeNull();
  });
});
