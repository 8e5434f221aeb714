import { act, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import type { Candidate } from "../../src/api/types";
import { fromSnapshot } from "../../src/live/console-state";
import { Store } from "../../src/live/store";
import { ConsoleContext, type ConsoleParts } from "../../src/proctor/console-context";
import { MessageOne } from "../../src/proctor/message-one";
import { at, candidate, session, snapshot } from "../live/shapes";
import { show } from "./render";

function open(state: Candidate["state"]) {
  const view = new Store(fromSnapshot(snapshot()));
  show(
    <ConsoleContext value={{ store: { view } } as unknown as ConsoleParts}>
      <MessageOne candidate={candidate("c1", { name: "Amina", state })} />
    </ConsoleContext>,
  );
  return view;
}

it.each(["joined", "waiting_for_proctor", "in_room", "paused"] as const)(
  "writes to somebody who is %s, until the session is closed",
  (state) => {
    const view = open(state);
    expect(screen.getByTestId("send-message")).toBeDefined();
    act(() => view.patch({ session: { ...session, closed_at: at(9) } }));
    expect(screen.queryByTestId("message-text")).toBeNull();
    expect(screen.queryByText("Everything is fine, please go on.")).toBeNull();
    expect(screen.getByTestId("no-messages").textContent).toBe(
      "The session is closed: messages no longer arrive.",
    );
  },
);

it.each([
  ["finished", "Amina has finished: messages no longer arrive."],
  ["removed", "Amina is out of the room: messages arrive once you let them in again."],
] as const)("says why nothing can be written to who is %s", (state, words) => {
  open(state);
  expect(screen.queryByTestId("message-text")).toBeNull();
  expect(screen.getByTestId("no-messages").textContent).toBe(words);
});
