import { act, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import type { OwnIncidentList } from "../../src/api/types";
import { CandidateApp } from "../../src/candidate/app";
import type { CameraView } from "../../src/live/camera";
import type { CandidateSession } from "../../src/live/candidate-session";
import { blank, type CandidateView } from "../../src/live/candidate-state";
import { Store } from "../../src/live/store";
import { at, session as exam, myCandidate } from "../live/shapes";
import { show } from "./render";

let view: Store<CandidateView>;
let camera: Store<CameraView>;
let did: unknown[];
let own: OwnIncidentList;

const note =
  (name: string) =>
  (...given: unknown[]) => {
    did.push([name, ...given]);
    return Promise.resolve(true);
  };

beforeEach(() => {
  did = [];
  const join = { session: { ...exam, closed: false }, consent: { version: "1", text: ["We watch."] } };
  view = new Store<CandidateView>({ ...blank, phase: "open", join, connection: "online" });
  camera = new Store<CameraView>({ status: "off", problem: null, stream: null, microphone: false });
  const media = {
    camera: { view: camera, start: note("start") },
    live: { incoming: new Store(null) },
    take: async () => new Blob(["x"]),
  };
  const actions = ["join", "stopComparing", "confirmCamera", "sendPhoto", "askProctor", "enter", "finish"];
  own = { setting: "never", ended: true, waiting: 0, incidents: [] };
  const reader = () => ({
    ownIncidents: async () => own,
    ownEvidence: async () => new Blob(["x"]),
    answerIncident: async (id: string, text: string) => {
      did.push(["answer", id, text]);
      return { ...own.incidents[0], answer: { text, answered_at: at(9) }, answer_until: null };
    },
  });
  const session = { ...Object.fromEntries(actions.map((name) => [name, note(name)])), reader };
  show(<CandidateApp session={{ ...session, view, media } as unknown as CandidateSession} />);
});

const become = (part: Partial<CandidateView>) => act(() => view.patch(part));

it("needs a name and the consent, and asks for no help before there is somebody to help", async () => {
  expect(screen.getByText("We watch.")).toBeTruthy();
  expect(screen.queryByTestId("ask-help")).toBeNull();
  await userEvent.click(screen.getByTestId("join-accept"));
  expect(did).toEqual([]);
  expect(screen.getByText("Please enter your name.")).toBeTruthy();
  await userEvent.type(screen.getByTestId("join-name"), "  Amina ");
  await userEvent.click(screen.getByTestId("join-consent"));
  await userEvent.click(screen.getByTestId("join-accept"));
  expect(did).toEqual([]);
  expect(screen.getByText("Please choose one of the two.")).toBeTruthy();
  await userEvent.click(screen.getByTestId("choose-proctor"));
  await userEvent.click(screen.getByTestId("join-accept"));
  expect(did).toEqual([["join", "Amina", false]]);
});

it("has neither way chosen beforehand", () => {
  for (const way of ["choose-proctor", "choose-software"])
    expect((screen.getByTestId(way) as HTMLInputElement).checked).toBe(false);
});

it("asks for no choice where there is none", async () => {
  const { join } = view.get();
  if (join) become({ join: { ...join, session: { ...join.session, face_matching: false } } });
  expect(screen.queryByTestId("join-choice")).toBeNull();
  await userEvent.type(screen.getByTestId("join-name"), "Amina");
  await userEvent.click(screen.getByTestId("join-consent"));
  await userEvent.click(screen.getByTestId("join-accept"));
  expect(did).toEqual([["join", "Amina", false]]);
});

it("takes the name from a personal invitation, and waits for its time", async () => {
  const { join } = view.get();
  const invite = { name: "Amina N.", opens_at: null, closes_at: null, resumes: false };
  if (join) become({ join: { ...join, invite } });
  expect(screen.queryByTestId("join-name")).toBeNull();
  expect(screen.getByTestId("invited-name").textContent).toContain("Amina N.");
  await userEvent.click(screen.getByTestId("choose-software"));
  await userEvent.click(screen.getByTestId("join-consent"));
  await userEvent.click(screen.getByTestId("join-accept"));
  expect(did).toEqual([["join", null, true]]);
  if (join) become({ join: { ...join, invite: { ...invite, opens_at: "2999-01-01T09:00:00Z" } } });
  expect(screen.getByText(/^You can join from/)).toBeTruthy();
  expect((screen.getByTestId("join-accept") as HTMLButtonElement).disabled).toBe(true);
});

it("says in the words of the server why a link lets nobody in", () => {
  become({ phase: "refused", refusal: { code: "invite_used", message: "Used already.", fix: "Ask." } });
  expect(screen.getByTestId("link-refused").textContent).toContain("Used already.");
  expect(screen.getByTestId("link-refused").textContent).toContain("Ask.");
});

it("lets the comparison be stopped in two steps, and then says who checks", async () => {
  const photographed = { state: "in_room", has_reference_photo: true } as const;
  become({ me: myCandidate({ ...photographed, accommodations: ["Two breaks of 5 minutes each."] }) });
  expect(screen.getByTestId("arranged").textContent).toContain("Two breaks of 5 minutes each.");
  await userEvent.click(screen.getByTestId("stop-comparing"));
  expect(did).toEqual([]);
  await userEvent.click(screen.getByTestId("stop-comparing-confirm"));
  expect(did).toEqual([["stopComparing"]]);
  become({ me: myCandidate({ ...photographed, face_compared: false }) });
  expect(screen.getByTestId("by-eye").textContent).toContain("A proctor checks by eye");
  // Let in by eye, with a photo or without: there is nothing that could be stopped.
  expect(screen.queryByTestId("stop-comparing")).toBeNull();
});

it.each([
  ["denied", "Chrome and Edge"],
  ["in_use", "Another program uses the camera"],
  ["no_camera", "No camera was found"],
  ["insecure", "https://"],
] as const)("explains the camera problem %s and can be tried again", async (problem, text) => {
  become({ me: myCandidate() });
  act(() => camera.patch({ status: "problem", problem }));
  expect(screen.getByTestId("camera-problem").textContent).toContain(text);
  await userEvent.click(screen.getByTestId("camera-retry"));
  expect(did).toEqual([["start"]]);
});

it("lets one in without a microphone", async () => {
  become({ me: myCandidate() });
  act(() => camera.patch({ status: "on" }));
  expect(screen.getByText(/You can continue without it/)).toBeTruthy();
  await userEvent.click(screen.getByTestId("camera-continue"));
  expect(did).toEqual([["confirmCamera"]]);
});

it("says why a photo was refused, and is never a dead end", async () => {
  const refusal = { code: "reference_too_dark", message: "The photo is too dark.", fix: "Turn on a light." };
  become({ me: myCandidate(), cameraConfirmed: true, refusal });
  expect(screen.getByTestId("photo-error").textContent).toContain("Turn on a light.");
  await userEvent.click(screen.getByTestId("ask-proctor"));
  expect(did).toEqual([["askProctor", ""]]);
});

it("has the help at the same place on every step with a candidate", () => {
  for (const state of ["joined", "checking_in", "waiting_for_proctor", "approved", "in_room"] as const) {
    become({ me: myCandidate({ state }) });
    expect(screen.getByTestId("ask-help").closest("header")).not.toBeNull();
  }
});

it("calms while a person looks", () => {
  become({ me: myCandidate({ state: "waiting_for_proctor" }) });
  expect(screen.getByTestId("waiting").textContent).toContain("You have done nothing wrong");
});

it("shows a warning and a technical problem differently", () => {
  become({
    me: myCandidate({ state: "in_room" }),
    warnings: [{ code: "no_face", text: "We cannot see you.", fix: "Sit down.", until: 0 }],
    trouble: { text: "busy", ours: true },
  });
  expect(screen.getByTestId("warning").textContent).toContain("We cannot see you.");
  expect(screen.getByTestId("room-status").dataset.tone).toBe("technical");
  expect(screen.getByTestId("room-status").textContent).toContain("on our side");
});

it("finishes only when asked twice", async () => {
  become({ me: myCandidate({ state: "in_room" }) });
  await userEvent.click(screen.getByTestId("finish"));
  expect(did).toEqual([]);
  await userEvent.click(screen.getByTestId("finish-confirm"));
  expect(did).toEqual([["finish"]]);
});

it("opens the exam in a tab that cannot reach back", () => {
  const session = { ...myCandidate().session, exam_url: "https://exam.test/" };
  become({ me: myCandidate({ state: "in_room", session }) });
  const link = screen.getByTestId("exam-link");
  expect(link.getAttribute("target")).toBe("_blank");
  expect(link.getAttribute("rel")).toContain("noopener");
});

it.each([
  ["paused", "Monitoring is paused"],
  ["removed", "You have been taken out of the exam room"],
  ["finished", "The proctor has ended your exam"],
] as const)("says why, in the proctor's words, when somebody is %s", (state, title) => {
  become({ me: myCandidate({ state, state_reason: "<i>A break</i>", state_since: at(0) }) });
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe(title);
  expect(screen.getByTestId("state-reason").textContent).toContain("<i>A break</i>");
  expect(screen.queryByTestId("finish")).toBeNull();
});

it("shows no list where the session shows none", async () => {
  become({ me: myCandidate({ state: "finished" }) });
  await act(async () => {});
  expect(screen.getByTestId("finished")).toBeTruthy();
  expect(screen.queryByTestId("own-incidents")).toBeNull();
});

it("shows the own incidents after the exam, and takes one answer to each", async () => {
  const incident = {
    id: "i1",
    kind: "multiple_faces" as const,
    started_at: at(0),
    ended_at: at(4),
    max_faces: 2,
    comparison: null,
    evidence: [{ id: "e1", url: "/x", captured_at: at(1) }],
    evidence_missing: null,
    decision: { decision: "dismissed" as const, reason: "A poster.", decided_at: at(5) },
    answer: null,
    answer_until: at(90_000),
  };
  own = { setting: "after_end", ended: true, waiting: 1, incidents: [incident] };
  become({ me: myCandidate({ state: "finished" }) });
  const entry = await screen.findByTestId("own-incident");
  expect(entry.textContent).toContain("up to 2 faces at once");
  expect(entry.textContent).toContain("nothing is held against you");
  expect(screen.getByTestId("own-incidents").textContent).toContain(
    "1 entry is shown when somebody has looked at it.",
  );
  expect(await screen.findByTestId("own-evidence")).toBeTruthy();
  await userEvent.type(screen.getByTestId("own-answer-text"), " My poster. ");
  await userEvent.click(screen.getByTestId("own-answer-send"));
  expect(did).toContainEqual(["answer", "i1", "My poster."]);
  expect((await screen.findByTestId("own-answer")).textContent).toContain("My poster.");
  expect(screen.queryByTestId("own-answer-send")).toBeNull();
});
