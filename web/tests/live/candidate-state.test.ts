import { describe, expect, it } from "vitest";
import type { FrameReply } from "../../src/api/types";
import {
  blank,
  type CandidateView,
  stepOf,
  withCheckIn,
  withEvent,
  withFrameReply,
  withMe,
} from "../../src/live/candidate-state";
import { at, message, myCandidate, session } from "./shapes";

const open: CandidateView = { ...blank, phase: "open" };
const joined = withMe(open, myCandidate());
const reply = (codes: string[]): FrameReply => ({
  observation: null,
  warnings: codes.map((code) => ({ code, text: code, fix: "" })) as FrameReply["warnings"],
  next_frame_ms: 5000,
});

describe("steps follow what the server says", () => {
  it.each([
    ["joined", "camera"],
    ["checking_in", "check_in"],
    ["waiting_for_proctor", "waiting"],
    ["approved", "ready"],
    ["in_room", "room"],
    ["finished", "finished"],
  ] as const)("%s is the step %s", (state, step) => {
    expect(stepOf(withMe(open, myCandidate({ state })))).toBe(step);
  });

  it("begins with the welcome, before there is a candidate", () => {
    expect(stepOf(open)).toBe("welcome");
  });

  it("goes on to the photo once the camera was seen, and back to it for a retake", () => {
    const ready = { ...joined, cameraConfirmed: true };
    expect(stepOf(ready)).toBe("photo");
    const waiting = withMe(ready, myCandidate({ state: "waiting_for_proctor" }));
    const retake = myCandidate({ retake_reason: "Too dark" });
    expect(stepOf(withEvent(waiting, { kind: "state_changed", candidate: retake }, 0))).toBe("photo");
  });
});

it("forgets an old refusal when the state moves on, not before", () => {
  const refusal = { code: "reference_no_face", message: "", fix: "" };
  const refused = { ...joined, refusal };
  expect(withMe(refused, myCandidate()).refusal).toBe(refusal);
  expect(withMe(refused, myCandidate({ state: "checking_in" })).refusal).toBeNull();
});

it("takes the state out of the check-in progress", () => {
  const checking = withMe(open, myCandidate({ state: "checking_in" }));
  const done = { state: "approved", collected: 3, needed: 3, hint: null, next_frame_ms: 500 } as const;
  expect(stepOf(withCheckIn(checking, done))).toBe("ready");
});

it("is closed when the session closes, except for those who had finished", () => {
  const closed = { kind: "session_changed", session: { ...session, closed: true } } as const;
  expect(withEvent(joined, closed, 0).phase).toBe("closed");
  const finished = withMe(open, myCandidate({ state: "finished" }));
  expect(withEvent(finished, closed, 0).phase).toBe("open");
});

it("is closed, also after a reload, for those whom the closing finished", () => {
  const shut = { ...session, closed: true, closed_at: at(100) };
  const finished = (state_since: string) =>
    withMe(open, myCandidate({ state: "finished", state_since, session: shut }));
  expect(finished(at(100)).phase).toBe("closed");
  expect(finished(at(101)).phase).toBe("closed");
  expect(finished(at(60)).phase).toBe("open");
});

it("stays taken over, whatever else is heard", () => {
  const lost: CandidateView = { ...joined, phase: "taken_over" };
  expect(withMe(lost, myCandidate({ state: "in_room" })).phase).toBe("taken_over");
});

it("shows each message once", () => {
  const event = { kind: "message", message: message("m") } as const;
  const once = withEvent(joined, event, 0);
  expect(once.me?.messages).toHaveLength(1);
  expect(withEvent(once, event, 0)).toBe(once);
});

describe("warnings", () => {
  const codes = (view: CandidateView) => view.warnings.map(({ code }) => code);

  it("stay long enough to be read, then go", () => {
    let view = withFrameReply(joined, reply(["no_face"]), 1000);
    view = withFrameReply(view, reply([]), 6000);
    expect(codes(view)).toEqual(["no_face"]);
    view = withFrameReply(view, reply([]), 11_500);
    expect(codes(view)).toEqual([]);
  });

  it("are not doubled and keep their place", () => {
    let view = withFrameReply(joined, reply(["no_face", "too_dark"]), 0);
    view = withFrameReply(view, reply(["too_dark", "no_face"]), 2000);
    expect(codes(view)).toEqual(["no_face", "too_dark"]);
  });

  it("and troubles end with the next good picture", () => {
    const troubled = { ...joined, trouble: { text: "busy", ours: true } };
    expect(withFrameReply(troubled, reply([]), 0).trouble).toBeNull();
  });
});
