import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { CandidateApp } from "../../src/candidate/app";
import type { CameraView } from "../../src/live/camera";
import type { CandidateSession } from "../../src/live/candidate-session";
import { blank, type CandidateView } from "../../src/live/candidate-state";
import { Store } from "../../src/live/store";
import { session as exam, myCandidate } from "../live/shapes";
import { show } from "./render";

const did: string[] = [];

/** In the room, with a camera that gives nothing any more. */
function page(problem: CameraView["problem"]): CandidateSession {
  did.length = 0;
  const join = { session: { ...exam, closed: false }, consent: { version: "1", text: ["We watch."] } };
  const me = myCandidate({ state: "in_room" });
  const view = new Store<CandidateView>({ ...blank, phase: "open", join, me, connection: "online" });
  const camera = new Store<CameraView>({ status: "lost", problem, stream: null, microphone: false });
  const start = async () => void did.push("start");
  const media = { camera: { view: camera, start }, live: { incoming: new Store(null) } };
  return { view, media, reader: () => null } as unknown as CandidateSession;
}

it.each([
  ["denied", "Your camera is not allowed any more", "Set Camera and Microphone to Allow."],
  ["in_use", "Your camera stopped", "Please close video calls and camera programs"],
  ["ended", "Your camera stopped", "Please check its cable and cover"],
] as const)("helps when the camera goes away in mid-exam: %s", async (problem, title, fix) => {
  show(<CandidateApp session={page(problem)} />);
  expect(screen.getByTestId("room-status").textContent).toContain(title);
  expect(screen.getByTestId("camera-problem").textContent).toContain(fix);
  await userEvent.click(screen.getByTestId("camera-retry"));
  expect(did).toEqual(["start"]);
});
