import { cleanup, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import type { Message } from "../../src/api/types";
import { ProctorNote } from "../../src/candidate/proctor-note";
import { blank } from "../../src/live/candidate-state";
import { message, myCandidate } from "../live/shapes";
import { show } from "./render";

afterEach(() => localStorage.clear());

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
  vi.stubGlobal("localStorage", {
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

it("shows what is unread one after the other, the oldest first, and calls a warning one", async () => {
  const notes = [
    message("m1", { text: "Read before" }),
    message("m2", { text: "Please sit upright." }),
    message("m3", { text: "My chair is low.", from: "candidate" }),
    message("m4", { text: "No phones.", kind: "warning" }),
  ];
  localStorage.setItem("invigil:read:c1", "m1");
  open(notes);
  const note = () => screen.getByTestId("proctor-note").textContent;
  expect(note()).toMatch(/^From the proctor.*Please sit upright.*1 of 2 unread/);
  await userEvent.dblClick(screen.getByTestId("note-read"));
  expect(note()).toMatch(/^Warning from the proctor.*No phones/);
  expect(note()).not.toContain("unread");
  await userEvent.click(screen.getByTestId("note-read"));
  expect(screen.queryByTestId("proctor-note")).toBeNull();
});
