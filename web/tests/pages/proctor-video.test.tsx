import { act, screen } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { CandidateApp } from "../../src/candidate/app";
import type { CandidateSession } from "../../src/live/candidate-session";
import { blank, type CandidateView } from "../../src/live/candidate-state";
import { Store } from "../../src/live/store";
import { FakeStream, FakeTrack } from "../live/fake-rtc";
import { myCandidate } from "../live/shapes";
import { show } from "./render";

let incoming: Store<MediaStream | null>;

beforeEach(() => {
  incoming = new Store<MediaStream | null>(null);
  vi.stubGlobal("MediaStream", FakeStream);
  vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
  vi.spyOn(HTMLMediaElement.prototype, "srcObject", "set").mockImplementation(() => {});
});

function open(part: Partial<CandidateView>) {
  const view = new Store<CandidateView>({ ...blank, phase: "open", connection: "online", ...part });
  const camera = { view: new Store({ status: "on", problem: null, stream: null, microphone: true }) };
  const session = { view, media: { camera, live: { incoming } }, reader: () => ({}) };
  show(<CandidateApp session={session as unknown as CandidateSession} />);
}

const speak = (...kinds: ("audio" | "video")[]) =>
  act(() => {
    const tracks = kinds.map((kind) => new FakeTrack(kind));
    incoming.set(new FakeStream(tracks) as unknown as MediaStream);
  });

it.each(["joined", "checking_in", "waiting_for_proctor", "approved", "in_room", "paused"] as const)(
  "plays the proctor to a candidate who is %s",
  (state) => {
    open({ me: myCandidate({ state }), cameraConfirmed: true });
    expect(screen.queryByTestId("proctor-speaks")).toBeNull();
    speak("audio", "video");
    expect(screen.getAllByTestId("proctor-video")).toHaveLength(1);
    act(() => incoming.set(null));
    expect(screen.queryByTestId("proctor-speaks")).toBeNull();
  },
);

it("shows no empty picture of a proctor without a camera", () => {
  open({ me: myCandidate({ state: "in_room" }) });
  speak("audio");
  expect(screen.queryByTestId("proctor-video")).toBeNull();
  expect(screen.getByTestId("proctor-voice")).toBeTruthy();
  expect(screen.getByTestId("proctor-speaks").textContent).toContain("The proctor is speaking to you");
  expect(HTMLMediaElement.prototype.play).toHaveBeenCalledOnce();
});

it("plays nothing once the exam is over", () => {
  open({ me: myCandidate({ state: "removed" }) });
  speak("audio");
  expect(screen.queryByTestId("proctor-speaks")).toBeNull();
});
