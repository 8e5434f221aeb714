import { act, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Candidate } from "../../src/api/types";
import { fromSnapshot, withCandidate } from "../../src/live/console-state";
import { ConsoleStore } from "../../src/live/console-store";
import { SeenIncidents } from "../../src/live/unread";
import { ConsoleContext, type ConsoleParts } from "../../src/proctor/console-context";
import { ConsoleUi } from "../../src/proctor/console-ui";
import { FocusPanel } from "../../src/proctor/focus-panel";
import { FakeStream, FakeTrack } from "../live/fake-rtc";
import { candidate, session, snapshot } from "../live/shapes";
import { show } from "./render";

let store: ConsoleStore;

beforeEach(() => {
  vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
  vi.spyOn(HTMLMediaElement.prototype, "srcObject", "set").mockImplementation(() => {});
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ kinds: [] })));
});

/** The large view of one candidate, on a console that has no connections. */
function open(part: Partial<Candidate> = {}, closed_at: string | null = null) {
  store = new ConsoleStore("s1");
  const candidates = [candidate("c1", part)];
  store.view.set(fromSnapshot(snapshot({ candidates, session: { ...session, closed_at } })));
  const seen = new SeenIncidents("s1");
  const ui = new ConsoleUi(store, seen, () => {}, "p");
  ui.focus("c1");
  const proctor = { id: "p", person: "p", name: "Olga", role: "proctor" };
  show(
    <ConsoleContext value={{ proctor, store, seen, ui } as ConsoleParts}>
      <FocusPanel candidateId="c1" />
    </ConsoleContext>,
  );
}

it.each(["joined", "checking_in", "waiting_for_proctor", "approved", "in_room", "paused"] as const)(
  "offers to speak to a candidate who is %s",
  (state) => {
    open({ state });
    expect(screen.getByTestId("talk-toggle")).toBeTruthy();
  },
);

it.each([
  ["removed", null],
  ["finished", null],
  ["in_room", "2026-11-22T11:00:00Z"],
] as const)("offers nobody to speak to whose page plays nothing: %s", (state, closed_at) => {
  open({ state }, closed_at);
  expect(screen.queryByTestId("talk-toggle")).toBeNull();
  expect(screen.queryByTestId("listen-toggle")).toBeNull();
});

it("offers to speak to somebody on a break, who is not heard", () => {
  open({ state: "paused" });
  expect(screen.getByTestId("talk-toggle")).toBeTruthy();
  expect(screen.queryByTestId("listen-toggle")).toBeNull();
});

it("says that microphone and camera went off because the candidate is gone", () => {
  open();
  expect(screen.queryByTestId("talk-lost")).toBeNull();
  act(() => {
    store.viewers.talkLost.set("c1");
    store.view.set(withCandidate(store.view.get(), candidate("c1", { state: "finished" })));
  });
  expect(screen.getByTestId("talk-lost").textContent).toContain("Your microphone and camera are off");
});

describe("talk", () => {
  const turnOn = async (getUserMedia: () => Promise<FakeStream>) => {
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("navigator", { mediaDevices: { getUserMedia }, userAgent: "" });
    open();
    // A live connection is all that is missing on this console.
    vi.spyOn(store.viewers, "startTalk").mockImplementation((id) => {
      store.viewers.talkingTo.set(id);
      return true;
    });
    expect(screen.getByTestId("talk-toggle").textContent).toBe("Talk (they see and hear you)");
    await act(async () => screen.getByTestId("talk-toggle").click());
  };

  it("says that the candidate sees the proctor as well", async () => {
    await turnOn(async () => new FakeStream([new FakeTrack("audio"), new FakeTrack("video")]));
    expect(screen.getByTestId("talk-how").textContent).toBe("The candidate sees and hears you.");
  });

  it("says that there is no camera", async () => {
    await turnOn(async () => new FakeStream([new FakeTrack("audio")]));
    expect(screen.getByTestId("talk-how").textContent).toContain("Your camera is not on");
  });
});

it("says nothing of faces and likeness while the camera is off", () => {
  const live = { faces: 1, identity: "match", reason: null, usable: true } as const;
  const last_frame_at = new Date().toISOString();
  open({ camera: "ended", live, last_frame_at });
  const panel = screen.getByTestId("focus-panel");
  expect(panel.textContent).toContain("The camera is off: no pictures come");
  expect(panel.textContent).not.toContain("1 face");
  expect(panel.textContent).not.toContain("Matches the check-in photos");
  act(() => store.view.set(withCandidate(store.view.get(), candidate("c1", { live, last_frame_at }))));
  expect(panel.textContent).toContain("1 face in the last picture");
  expect(panel.textContent).toContain("Matches the check-in photos");
});

it.each([
  [["video", "audio"], "live", "You hear the candidate"],
  [["video"], "live", "No sound from the candidate"],
  [["video", "audio"], "broken", "No sound from the candidate"],
] as const)("says with %j on a %s connection: %s", async (kinds, state, words) => {
  open({ last_frame_at: new Date().toISOString() });
  const listen = screen.getByTestId("listen-toggle");
  expect(listen.textContent).toBe("Listen");
  const stream = new FakeStream(kinds.map((kind) => new FakeTrack(kind))) as unknown as MediaStream;
  act(() => store.viewers.views.set(new Map([["c1", { stream, state }]])));
  await userEvent.click(listen);
  expect(listen.textContent).toBe(words);
  expect(screen.queryByTestId("no-sound") === null).toBe(words === "You hear the candidate");
});
