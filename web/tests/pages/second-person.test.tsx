import { fireEvent, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import type { Decision, Incident, ReviewDecision } from "../../src/api/types";
import { at, incident } from "../live/shapes";
import { showFeed } from "./console";

const ME = { id: "sign-in", person: "olga1", name: "Olga", role: "organiser" } as const;
const press = (key: string) => fireEvent.keyDown(document.body, { key });

const said = (by_id: string, decision: Decision, proposed = false): ReviewDecision => ({
  decision,
  reason: `Because of ${by_id}`,
  by: by_id,
  by_id,
  proposed,
  decided_at: at(5),
});

/** `said`: in their order; the newest is the decision. */
function feed(said: ReviewDecision[], part: Partial<Incident> = {}) {
  const opinions = said.map((each, n) => ({ ...each, decided_at: at(n) }));
  const decision = opinions.at(-1) ?? null;
  const incidents = [incident("a", { opinions, decision, ...part })];
  return showFeed({ incidents, proctor: ME, session: { second_reviewer: true } });
}

it("lets the one who proposed wait, dismiss or take it back, and not agree", async () => {
  const { undone } = feed([said(ME.person, "confirmed", true)]);
  const card = screen.getByTestId("incident-card");
  expect(card.textContent).toContain("You have proposed: confirmed. Waiting for a second person.");
  expect(screen.queryByTestId("decision-confirm")).toBeNull();
  expect(screen.getByTestId("decision-dismiss")).toBeDefined();
  expect(screen.getByTestId("decision-inconclusive")).toBeDefined();
  press("j");
  press("c");
  expect(screen.queryByTestId("decision-reason")).toBeNull();
  await userEvent.click(screen.getByTestId("decision-undo"));
  expect(undone).toEqual(["a"]);
});

it("offers the second person to agree, and nothing to take back", async () => {
  feed([said("otto1", "confirmed", true)]);
  const card = screen.getByTestId("incident-card");
  expect(card.textContent).toContain("Proposed: confirmed, by otto1 (otto). A second person has to agree.");
  expect(screen.queryByTestId("decision-undo")).toBeNull();
  const agree = screen.getByTestId("decision-confirm");
  expect(agree.textContent).toBe("Agree");
  await userEvent.click(agree);
  expect(card.textContent).toContain("Confirmed – why?");
});

it.each([
  ["nobody has confirmed", [], "confirmed", "Propose: confirmed – why?"],
  ["one has proposed", [said("otto1", "confirmed", true)], "confirmed", "Confirmed – why?"],
  ["nobody has confirmed", [], "dismissed", "Dismissed – why?"],
] as const)("calls it by its name where %s", (_, opinions, decision, title) => {
  feed([...opinions]);
  press("j");
  press(decision === "confirmed" ? "c" : "d");
  expect(screen.getByTestId("incident-card").textContent).toContain(title);
});

it.each([
  ["c", [said("otto1", "dismissed")]],
  ["d", [said("otto1", "confirmed", true), said("anna1", "confirmed")]],
  ["i", [said(ME.person, "dismissed")]],
] as const)("does by the key %s nothing that the card does not offer", (key, opinions) => {
  feed([...opinions]);
  expect(screen.queryByTestId("decision-dismiss")).toBeNull();
  press("j");
  press(key);
  expect(screen.queryByTestId("decision-reason")).toBeNull();
});

it("takes one's own view back at its own line, not at another person's decision", async () => {
  const { undone } = feed([said(ME.person, "confirmed", true), said("otto1", "dismissed")]);
  const opinions = screen.getByTestId("opinions");
  expect(opinions.textContent).toContain("People disagree.");
  expect(screen.getAllByTestId("decision-undo")).toHaveLength(1);
  const mine = within(opinions).getByTestId("decision-undo");
  expect(mine.textContent).toBe("Take back my view");
  await userEvent.click(mine);
  expect(undone).toEqual(["a"]);
});

it("says of one person who thought again not that people disagree", () => {
  feed([said(ME.person, "confirmed", true), said(ME.person, "dismissed")]);
  const opinions = screen.getByTestId("opinions");
  expect(opinions.textContent).toContain("Decided before:");
  expect(opinions.textContent).not.toContain("disagree");
  expect(within(opinions).queryByTestId("decision-undo")).toBeNull();
  expect(screen.getByTestId("decision-undo").textContent).toBe("Undo");
});

it("decides alone, and undoes what others decided, where one person is enough", async () => {
  const otto = said("otto1", "confirmed");
  const incidents = [incident("a", { opinions: [otto], decision: otto }), incident("b")];
  const { undone } = showFeed({ incidents, proctor: ME });
  await userEvent.click(screen.getByTestId("decision-undo"));
  expect(undone).toEqual(["a"]);
  await userEvent.click(screen.getByTestId("decision-confirm"));
  expect(
    screen
      .getAllByTestId("incident-card")
      .map((card) => card.textContent)
      .join(),
  ).toContain("Confirmed – why?");
});
