import { act, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import type { Candidate } from "../../src/api/types";
import { fromSnapshot } from "../../src/live/console-state";
import { Store } from "../../src/live/store";
import { ConsoleContext, type ConsoleParts } from "../../src/proctor/console-context";
import { WaitingQueue } from "../../src/proctor/waiting-queue";
import { clockTime } from "../../src/time";
import { at, candidate, session, snapshot } from "../live/shapes";
import { show } from "./render";

function open(part: Partial<Candidate>) {
  const waiting = candidate("c1", { state: "waiting_for_proctor", ...part });
  const view = new Store(fromSnapshot(snapshot({ candidates: [waiting] })));
  show(
    <ConsoleContext value={{ store: { view } } as unknown as ConsoleParts}>
      <WaitingQueue />
    </ConsoleContext>,
  );
  return view;
}

it("says when the picture was taken, not that it is now", () => {
  open({ has_still: true, last_frame_at: at(25) });
  const shown = screen.getByTestId("waiting-candidate").textContent;
  expect(shown).toContain(`Camera at ${clockTime(at(25))}`);
  expect(shown).not.toContain("Now");
  expect(screen.queryByTestId("no-photo")).toBeNull();
});

it("lets nobody into a session that is closed", () => {
  const view = open({});
  expect(screen.getByTestId("approve")).toBeDefined();
  act(() => view.patch({ session: { ...session, closed_at: at(9) } }));
  expect(screen.queryByTestId("waiting-queue")).toBeNull();
});

it("says what letting somebody in without a photo means", () => {
  open({ has_reference_photo: false, last_frame_at: null });
  expect(screen.getByTestId("no-photo").textContent).toBe(
    "No photo: no software will notice another person.",
  );
});

it("says where people are let in that somebody of this name was removed", () => {
  const view = open({ removed_before: at(32) });
  const words = `Somebody of this name was removed at ${clockTime(at(32))}.`;
  expect(screen.getByTestId("removed-before").textContent?.trim()).toBe(words);
  act(() => view.patch({ candidates: [candidate("c1", { state: "waiting_for_proctor" })] }));
  expect(screen.queryByTestId("removed-before")).toBeNull();
});
