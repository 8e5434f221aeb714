import { expect, it } from "vitest";
import type { Incident } from "../../src/api/types";
import { toLookAtByCandidate } from "../../src/live/candidate-status";
import { isNew, SeenIncidents, seenAs } from "../../src/live/unread";
import { at, incident } from "./shapes";

it("remembers across reloads what was seen", () => {
  const first = new SeenIncidents("s1");
  first.mark(["a"]);
  expect(new SeenIncidents("s1").seen.get().has("a")).toBe(true);
  expect(new SeenIncidents("s2").seen.get().has("a")).toBe(false);
});

it("counts undecided incidents only", () => {
  const decided = {
    decision: "confirmed",
    reason: "x",
    by: "P",
    by_id: "p1",
    proposed: false,
    decided_at: at(1),
  } as const;
  const counts = toLookAtByCandidate(
    [incident("a"), incident("b"), incident("c", { decision: decided })],
    "p1",
    new Set(),
  );
  expect(counts.get("c1")).toBe(2);
});

it("counts an answer that came after the decision, until somebody has looked at it", () => {
  const decided_at = at(10);
  const decision = { decision: "confirmed", reason: "x", by: "P", by_id: "p1", proposed: false, decided_at };
  const answered = (second: number) =>
    incident("a", { decision, answer: { text: "My sister.", answered_at: at(second) } } as Partial<Incident>);
  expect(toLookAtByCandidate([answered(20)], "p1", new Set(["a"])).get("c1")).toBe(1);
  expect(isNew(answered(20), new Set(["a"]))).toBe(true);
  const seen = new Set(seenAs(answered(20)));
  expect(toLookAtByCandidate([answered(20)], "p1", seen).get("c1")).toBeUndefined();
  expect(isNew(answered(20), seen)).toBe(false);
  // It was there when people decided.
  expect(toLookAtByCandidate([answered(5)], "p1", new Set()).get("c1")).toBeUndefined();
  expect(isNew(answered(5), new Set())).toBe(false);
  // Whoever looked before the answer has not seen it.
  expect(seenAs(incident("a", { decision } as Partial<Incident>))).toEqual(["a"]);
});

it("counts a proposal for everybody but the one who waits for a second person", () => {
  const proposal = {
    decision: "confirmed",
    reason: "x",
    by: "P",
    by_id: "p1",
    proposed: true,
    decided_at: at(1),
  } as const;
  const waiting = [incident("a", { decision: proposal, opinions: [proposal] })];
  expect(toLookAtByCandidate(waiting, "p1", new Set()).get("c1")).toBeUndefined();
  expect(toLookAtByCandidate(waiting, "p2", new Set()).get("c1")).toBe(1);
});
