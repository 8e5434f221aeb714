import { fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import type { Decision, IncidentKind } from "../../src/api/types";
import { usualReasons } from "../../src/decision-reasons";
import { DECISION_WORDS, KIND_WORDS } from "../../src/words";
import { incident } from "../live/shapes";
import { showFeed } from "./console";

const DECISIONS = Object.keys(DECISION_WORDS) as Decision[];
const KINDS = Object.keys(KIND_WORDS) as IncidentKind[];
const press = (key: string) => fireEvent.keyDown(document.body, { key });
const field = async () => (await screen.findByTestId("decision-reason")) as HTMLInputElement;

it("saves nothing by J, D, Enter, and says what is missing", async () => {
  const { decided } = showFeed({ incidents: [incident("a", { kind: "different_person" })] });
  press("j");
  press("d");
  const reason = await field();
  expect(reason.value).toBe("");
  screen.getByTestId("decision-save").focus();
  await userEvent.keyboard("{Enter}");
  expect(decided).toEqual([]);
  expect(document.activeElement).toBe(reason);
  expect(screen.getByText("Choose a reason, or write one.")).toBeDefined();
  await userEvent.type(reason, "Only the light{Enter}");
  expect(screen.queryByText("Choose a reason, or write one.")).toBeNull();
  await waitFor(() => expect(decided).toEqual([["a", "dismissed", "Only the light"]]));
});

it("takes a usual reason by Tab and Enter", async () => {
  const { decided } = showFeed({ incidents: [incident("a", { kind: "different_person" })] });
  press("j");
  press("d");
  await field();
  await userEvent.keyboard("{Tab}{Enter}");
  expect(decided).toEqual([]);
  await userEvent.keyboard("{Enter}");
  expect(decided).toEqual([["a", "dismissed", "Same person, other light"]]);
});

it("offers reasons that fit what was seen", () => {
  const posters = KINDS.filter((kind) => usualReasons("dismissed", kind).join().includes("poster"));
  expect(posters).toEqual(["multiple_faces"]);
  const lights = KINDS.filter((kind) => usualReasons("dismissed", kind).join().includes("other light"));
  expect(lights).toEqual(["different_person", "not_recognised"]);
  expect(usualReasons("dismissed", "no_face").join()).toContain("turned away");
  expect(usualReasons("dismissed", "camera_frozen").join()).toContain("hung");
  expect(usualReasons("dismissed", "virtual_camera")).toEqual(["Technical problem", "This was allowed"]);
});

it("has usual reasons for everything, none twice, and none that speaks of guilt", () => {
  for (const kind of KINDS) {
    for (const decision of DECISIONS) {
      const reasons = usualReasons(decision, kind);
      expect(reasons.length).toBeGreaterThan(1);
      expect(new Set(reasons).size).toBe(reasons.length);
      expect(reasons.join()).not.toMatch(/cheat|suspicio|violation|guilt|fraud/i);
    }
  }
});

it.each([
  ["never", "Reason"],
  ["after_end", "Reason, which the candidate will read"],
  ["after_review", "Reason, which the candidate will read"],
] as const)("says who reads the reason where candidates see their incidents %s", async (setting, label) => {
  showFeed({ incidents: [incident("a")], session: { own_incidents: setting } });
  await userEvent.click(screen.getByTestId("decision-confirm"));
  expect(screen.getByLabelText(label)).toBe(await field());
});
