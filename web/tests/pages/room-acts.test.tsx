import { act, fireEvent, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "../../src/api/http";
import { CandidateApp } from "../../src/candidate/app";
import type { CandidateSession } from "../../src/live/candidate-session";
import { blank, type CandidateView } from "../../src/live/candidate-state";
import { Store } from "../../src/live/store";
import { message, myCandidate } from "../live/shapes";
import { show } from "./render";

let view: Store<CandidateView>;
/** What the server says to a message. */
let answer: () => Promise<void>;
let said: string[];

beforeEach(() => {
  view = new Store<CandidateView>({ ...blank, phase: "open", connection: "online" });
  const camera = { view: new Store({ status: "off", problem: null, stream: null, microphone: false }) };
  said = [];
  const say = (text: string) => {
    said.push(text);
    return answer();
  };
  const session = { view, say, media: { camera, live: { incoming: new Store(null) } } };
  show(<CandidateApp session={session as unknown as CandidateSession} />);
});

const become = (part: Partial<CandidateView>) => act(() => view.patch(part));

it("says why finishing did not work, and what helps", () => {
  become({ me: myCandidate({ state: "in_room" }) });
  expect(screen.queryByTestId("photo-error")).toBeNull();
  become({ refusal: { code: "network", message: "The server cannot be reached.", fix: "Try again." } });
  expect(screen.getByTestId("photo-error").textContent).toContain("The server cannot be reached.");
});

it("asks for a break again once the proctor has written, and says when it could not be asked", async () => {
  const me = myCandidate({ state: "in_room", messages: [message("m1")] });
  become({ me });
  const ask = () => screen.getByTestId("ask-break") as HTMLButtonElement;
  answer = () => Promise.reject(new ApiError(0, "network", "The server cannot be reached.", "Try again."));
  await userEvent.click(ask());
  expect(screen.getByTestId("photo-error").textContent).toContain("The server cannot be reached.");
  expect(ask().disabled).toBe(false);
  answer = () => Promise.resolve();
  await userEvent.click(ask());
  expect(screen.queryByTestId("photo-error")).toBeNull();
  expect(ask().disabled).toBe(true);
  become({ me: { ...me, messages: [...me.messages, message("m2", { text: "Not now, please." })] } });
  expect(ask().disabled).toBe(false);
});

it("asks for a break again after a minute without an answer", async () => {
  vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
  try {
    become({ me: myCandidate({ state: "in_room" }) });
    answer = () => Promise.resolve();
    const ask = () => screen.getByTestId("ask-break") as HTMLButtonElement;
    await act(async () => fireEvent.click(ask()));
    await act(async () => void vi.advanceTimersByTime(59_000));
    expect(ask().disabled).toBe(true);
    await act(async () => void vi.advanceTimersByTime(2000));
    expect(ask().disabled).toBe(false);
  } finally {
    vi.useRealTimers();
  }
});

it("tells the proctor during a pause that the candidate is back, and that this is all there is to do", async () => {
  become({ me: myCandidate({ state: "paused" }) });
  answer = () => Promise.resolve();
  await userEvent.click(screen.getByTestId("say-back"));
  expect(said).toEqual(["I am back at my desk."]);
  expect(screen.getByText(/The proctor has been told. Your camera goes on again/)).toBeTruthy();
  expect(screen.getByTestId("say-back")).toHaveProperty("disabled", true);
});
