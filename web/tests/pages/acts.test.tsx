import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import type { Candidate } from "../../src/api/types";
import { type ConsoleView, fromSnapshot } from "../../src/live/console-state";
import { Store } from "../../src/live/store";
import { CandidateActs } from "../../src/proctor/candidate-acts";
import { ConsoleContext, type ConsoleParts } from "../../src/proctor/console-context";
import { useStore } from "../../src/ui/use-store";
import { at, candidate, message, snapshot } from "../live/shapes";
import { show } from "./render";

function open(state: Candidate["state"]) {
  const acts: unknown[][] = [];
  const amina = candidate("c1", { name: "Amina", state });
  const store = {
    view: new Store(fromSnapshot(snapshot({ candidates: [amina] }))),
    act: async (...args: unknown[]) => void acts.push(args.slice(0, 3)),
  };
  show(
    <ConsoleContext value={{ store } as unknown as ConsoleParts}>
      <CandidateActs candidate={amina} />
    </ConsoleContext>,
  );
  return acts;
}

it.each([
  ["in_room", "pause", "Reason, which the candidate reads"],
  ["in_room", "remove", "Reason, which the candidate reads"],
  ["in_room", "end", "Reason, which the candidate reads"],
  ["paused", "resume", "Reason, kept on record"],
  ["removed", "readmit", "Reason, kept on record"],
] as const)("has no reason ready for somebody who is %s: %s waits for one", async (state, act, label) => {
  const acts = open(state);
  await userEvent.click(screen.getByTestId(`act-${act}`));
  const reason = await screen.findByTestId("act-reason");
  expect(screen.getByLabelText(label)).toBe(reason);
  expect((reason as HTMLInputElement).value).toBe("");
  expect(screen.queryByRole("button", { pressed: true })).toBeNull();
  expect(screen.getByTestId("act-confirm")).toHaveProperty("disabled", true);
  await userEvent.type(reason, "  {Enter}");
  expect(acts).toEqual([]);
  await userEvent.type(reason, "As you asked{Enter}");
  expect(acts).toEqual([["c1", act, "As you asked"]]);
});

it("takes a usual reason by the keyboard alone", async () => {
  const acts = open("in_room");
  await userEvent.click(screen.getByTestId("act-pause"));
  const reason = await screen.findByTestId("act-reason");
  reason.focus();
  await userEvent.keyboard("{Tab}{Enter}");
  expect((reason as HTMLInputElement).value).toBe("A break, as you asked");
  expect(document.activeElement).toBe(reason);
  await userEvent.keyboard("{Enter>2/}");
  expect(acts).toEqual([["c1", "pause", "A break, as you asked"]]);
});

it("does not send with the Enter that is still held down from choosing", async () => {
  const acts = open("in_room");
  await userEvent.click(screen.getByTestId("act-end"));
  const reason = await screen.findByTestId("act-reason");
  reason.focus();
  await userEvent.keyboard("{Tab}{Enter>3/}");
  expect((reason as HTMLInputElement).value).toBe("You asked to stop");
  expect(acts).toEqual([]);
});

/** Acts that change the candidate, as those of a server do. */
function Changing({ view }: { view: Store<ConsoleView> }) {
  const [amina] = useStore(view).candidates;
  return amina && <CandidateActs candidate={amina} />;
}

function openChanging() {
  const amina = candidate("c1", { name: "Amina", state: "in_room" });
  const view = new Store<ConsoleView>(fromSnapshot(snapshot({ candidates: [amina] })));
  const become = (state: Candidate["state"]) => view.patch({ candidates: [{ ...amina, state }] });
  const store = {
    view,
    act: async (_: string, kind: string) => become(kind === "pause" ? "paused" : "finished"),
  };
  show(
    <ConsoleContext value={{ store } as unknown as ConsoleParts}>
      <Changing view={view} />
    </ConsoleContext>,
  );
}

it("gives the focus back by Escape to the button, and after the act to its neighbour", async () => {
  openChanging();
  await userEvent.click(screen.getByTestId("act-pause"));
  (await screen.findByTestId("act-reason")).focus();
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByTestId("act-reason")).toBeNull());
  expect(document.activeElement).toBe(screen.getByTestId("act-pause"));
  await userEvent.click(screen.getByTestId("act-pause"));
  await userEvent.type(await screen.findByTestId("act-reason"), "As you asked{Enter}");
  await waitFor(() => expect(screen.queryByTestId("act-reason")).toBeNull());
  expect(document.activeElement).toBe(screen.getByTestId("act-resume"));
  await userEvent.click(screen.getByTestId("act-end"));
  await userEvent.type(await screen.findByTestId("act-reason"), "The time is over{Enter}");
  await waitFor(() => expect(screen.queryByTestId("act-reason")).toBeNull());
  expect(document.activeElement).not.toBe(document.body);
});

function askToResume(online: boolean, texts: string[] = []) {
  const amina = candidate("c1", { name: "Amina", state: "paused", state_since: at(60), online });
  const messages = [
    message("m0", { from: "candidate", text: "A break, please.", sent_at: at(50) }),
    message("m1", { from: "candidate", candidate_id: "c2", text: "Of another", sent_at: at(300) }),
    ...texts.map((text, i) => message(`m${i + 2}`, { from: "candidate", text, sent_at: at(100 + i) })),
    message("m9", { text: "From us", sent_at: at(400) }),
  ];
  const view = new Store<ConsoleView>(fromSnapshot(snapshot({ candidates: [amina], messages })));
  const acts: unknown[] = [];
  const store = { view, act: async (...args: unknown[]) => void acts.push(args) };
  show(
    <ConsoleContext value={{ store } as unknown as ConsoleParts}>
      <Changing view={view} />
    </ConsoleContext>,
  );
  return { view, amina, acts };
}

it("says before going on what is known of somebody on a break, and holds nobody up", async () => {
  const { view, amina, acts } = askToResume(false);
  await userEvent.click(screen.getByTestId("act-resume"));
  const facts = await screen.findByTestId("break-facts");
  expect(facts.textContent).toContain("The page of Amina is not connected");
  expect(facts.textContent).toContain("has not written since the pause began");
  act(() => view.patch({ candidates: [{ ...amina, online: true }] }));
  expect(facts.textContent).toContain("is connected. Whether anybody sits in front of it is not known");
  act(() => view.patch({ candidates: [amina] }));
  await userEvent.type(screen.getByTestId("act-reason"), "The break is over{Enter}");
  expect(acts).toHaveLength(1);
});

it("quotes what was written last during the break, and by this candidate", async () => {
  askToResume(true, ["Where is the exit?", "I am back at my desk."]);
  await userEvent.click(screen.getByTestId("act-resume"));
  const facts = await screen.findByTestId("break-facts");
  expect(facts.textContent).toContain("“I am back at my desk.”");
  expect(facts.textContent).not.toMatch(/break, please|exit|another|From us/);
});

it("says nothing of a break where nobody is on one", async () => {
  openChanging();
  await userEvent.click(screen.getByTestId("act-pause"));
  await screen.findByTestId("act-reason");
  expect(screen.queryByTestId("break-facts")).toBeNull();
});
