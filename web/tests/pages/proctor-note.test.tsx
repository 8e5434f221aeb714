import { cleanup, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import type { Message } from "../../src/api/types";
import { ProctorNote } from "../../src/candidate/proctor-note";
import { blank } from "../../src/live/candidate-state";
import { message, myCandidate } from "../live/shapes";
import { show } from "./render";

afterEach(() => sessionStorage.clear());

/** The page as it stands after a pause or a reload: nothing of the former one is left. */
function open(messages: Message[], id = "c1") {
  cleanup();
  show(<ProctorNote view={{ ...blank, me: myCandidate({ id, messages }) }} onAnswer={() => {}} />);
}

it("leaves a note that was read alone after a pause or a reload", async () => {
  open([message("m1")]);
  await userEvent.click(screen.getByTestId("note-read"));
  expect(screen.queryByTestId("proctor-note")).toBeNull();
  open([message("m1"), message("m2", { from: "candidate" })]);
  expect(screen.queryByTestId("proctor-note")).toBeNull();
  open([message("m1")], "somebody else");
  expect(screen.getByTestId("proctor-note").textContent).toContain("Hello");
});

it("remembers it as long as it can where the browser keeps nothing", async () => {
  vi.stubGlobal("sessionStorage", {
    clear() {},
    getItem() {
      throw new DOMException("forbidden", "SecurityError");
    },
    setItem() {
      throw new DOMException("forbidden", "SecurityError");
    },
  });
  open([message("m1")], "private");
  await userEvent.click(screen.getByTestId("note-read"));
  open([message("m1")], "private");
  expect(screen.queryByTestId("proctor-note")).toBeNull();
});
