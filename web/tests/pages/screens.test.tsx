import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import type { OwnIncident } from "../../src/api/types";
import type { StepProps } from "../../src/candidate/app";
import { ClosedScreen, FinishedScreen, RefusedScreen, TakenOverScreen } from "../../src/candidate/screens";
import { WelcomeStep } from "../../src/candidate/welcome-step";
import { blank, type CandidateView } from "../../src/live/candidate-state";
import { dayAndTime } from "../../src/time";
import { at, session as exam, myCandidate } from "../live/shapes";
import { show } from "./render";

function props(session: object, view: Partial<CandidateView>): StepProps {
  return { session: session as StepProps["session"], view: { ...blank, phase: "open", ...view } };
}

function own(id: string): OwnIncident {
  return {
    id,
    kind: "multiple_faces",
    started_at: at(0),
    ended_at: at(4),
    max_faces: 2,
    comparison: null,
    evidence: [],
    evidence_missing: null,
    decision: null,
    answer: null,
    answer_until: null,
  };
}

it.each([null, at(0)])("says to the owner of a personal link when it let somebody in", (opens_at) => {
  const window = { opens_at, closes_at: at(3600) };
  show(<RefusedScreen refusal={{ code: "invite_over", message: "Over.", fix: "Ask.", window }} />);
  const from = opens_at ? `from ${dayAndTime(opens_at)} ` : "";
  expect(screen.getByTestId("link-refused").textContent).toContain(
    `It let you in ${from}until ${dayAndTime(at(3600))} (`,
  );
});

it("leads to the first field that is missing, one after the other", async () => {
  const joined: unknown[] = [];
  const join = { session: { ...exam, closed: false }, consent: { version: "1", text: ["We watch."] } };
  const session = { join: (...given: unknown[]) => joined.push(given) };
  show(<WelcomeStep {...props(session, { join })} />);
  const submit = () => userEvent.click(screen.getByTestId("join-accept"));
  await submit();
  expect(document.activeElement).toBe(screen.getByTestId("join-name"));
  await userEvent.keyboard("Amina");
  await submit();
  expect(document.activeElement).toBe(screen.getByTestId("choose-proctor"));
  await userEvent.click(screen.getByTestId("choose-software"));
  await submit();
  expect(document.activeElement).toBe(screen.getByTestId("join-consent"));
  expect(joined).toEqual([]);
  await userEvent.click(screen.getByTestId("join-consent"));
  await submit();
  expect(joined).toEqual([["Amina", true]]);
});

it.each([
  ["finished", FinishedScreen],
  ["session-closed", ClosedScreen],
] as const)("tells nobody to close the page “%s” while there is something to answer", async (id, Page) => {
  const open = { ...own("i1"), answer_until: at(90_000) };
  const sooner = { ...own("i2"), answer_until: at(80_000) };
  const list = { setting: "after_end", ended: true, waiting: 0, incidents: [open, sooner] };
  const api = {
    ownIncidents: async () => list,
    answerIncident: async (incident: string, text: string) => ({
      ...own(incident),
      answer: { text, answered_at: at(9) },
    }),
  };
  const session = { reader: () => api };
  show(<Page {...props(session, { me: myCandidate({ state: "finished" }) })} />);
  expect((await screen.findByTestId("what-now")).textContent).toContain(
    `Below is what was noted during your exam. You may answer until ${dayAndTime(at(80_000))}.`,
  );
  for (const _ of list.incidents) {
    await userEvent.type(screen.getAllByTestId("own-answer-text")[0] as HTMLElement, "My poster.");
    await userEvent.click(screen.getAllByTestId("own-answer-send")[0] as HTMLElement);
  }
  expect(screen.getByTestId("what-now").textContent).toBe("You can close this page.");
  expect(screen.getByTestId(id)).toBeTruthy();
});

it("says of a tab that was taken over whether it goes on by itself, and has a button in any case", async () => {
  const goOn = vi.fn();
  const shown = show(<TakenOverScreen standby={false} onContinue={goOn} />);
  expect(screen.getByTestId("tab-taken-over").textContent).toContain("If you have closed it, press Continue");
  expect(screen.getByTestId("tab-taken-over").textContent).toContain("The camera of this tab is off");
  shown.unmount();
  show(<TakenOverScreen standby onContinue={goOn} />);
  expect(screen.getByTestId("tab-taken-over").textContent).toContain("this one goes on by itself");
  await userEvent.click(screen.getByTestId("continue-here"));
  expect(goOn).toHaveBeenCalledOnce();
});
