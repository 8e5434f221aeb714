import { cleanup, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Candidate } from "../../src/api/types";
import { fromSnapshot } from "../../src/live/console-state";
import type { LiveView } from "../../src/live/media";
import { Store } from "../../src/live/store";
import { ConsoleContext, type ConsoleParts } from "../../src/proctor/console-context";
import { Tile } from "../../src/proctor/tile";
import { type TileSize, TileSizeControl, tileSize } from "../../src/proctor/tile-size";
import { FakeStream, FakeTrack } from "../live/fake-rtc";
import { at, candidate, session, snapshot } from "../live/shapes";
import { show } from "./render";

const view = new Store(fromSnapshot(snapshot()));
const parts = {
  store: {
    view,
    viewers: { focus: () => {}, trouble: new Store(null) },
  },
  ui: { focus: () => {} },
} as unknown as ConsoleParts;

const just = () => new Date(Date.now() - 5000).toISOString();
const flowing: LiveView = {
  stream: new FakeStream([new FakeTrack("video")]) as unknown as MediaStream,
  state: "live",
};

function tile(
  of: Candidate,
  size: TileSize,
  undecided = 2,
  questions = 1,
  live: LiveView | null = null,
): HTMLElement {
  show(
    <ConsoleContext value={parts}>
      <Tile
        candidate={of}
        live={live}
        undecided={undecided}
        questions={questions}
        focused={false}
        size={size}
      />
    </ConsoleContext>,
  );
  return screen.getByTestId("tile");
}

beforeEach(() => {
  vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
  vi.spyOn(HTMLMediaElement.prototype, "srcObject", "set").mockImplementation(() => {});
});

afterEach(() => {
  tileSize.set("large");
  localStorage.clear();
});

it.each(["large", "small"] as const)("marks a %s tile that needs a look with words", (size) => {
  const off = candidate("c1", { camera: "ended", has_still: true, last_frame_at: at(0) });
  const shown = tile(off, size);
  expect(shown.dataset.status).toBe("camera_off");
  expect(shown.textContent).toContain("Camera off");
  expect(shown.textContent).toContain("2 to look at");
  expect(shown.textContent).toContain("1 message");
  expect(screen.getByTestId("tile-still").getAttribute("src")).toContain("/candidates/c1/still");
});

it.each([
  ["large", 2, "2 faces in the last picture"],
  ["large", 0, "No face in the last picture"],
  ["small", 2, "ago · 2 faces"],
  ["small", 1, "ago · 1 face"],
  ["small", 0, "ago · no face"],
] as const)("says on a %s tile how many faces there were: %i", (size, faces, words) => {
  const live = { faces, identity: "match", reason: null, usable: true } as const;
  const shown = tile(candidate("c1", { state: "in_room", last_frame_at: just(), live }), size);
  expect(shown.textContent).toContain(words);
});

it.each([
  ["large", "ended"],
  ["large", "muted"],
  ["small", "ended"],
] as const)("does not take the last picture for now on a %s tile whose camera is %s", (size, camera) => {
  const live = { faces: 1, identity: "match", reason: null, usable: true } as const;
  const last_frame_at = new Date(Date.now() - 12_000).toISOString();
  const off = candidate("c1", { camera, last_frame_at, live, has_still: true });
  const shown = tile(off, size, 0, 0, flowing);
  expect(screen.queryByTestId("tile-video")).toBeNull();
  expect(screen.getByTestId("tile-still").dataset.old).toBe("true");
  expect(screen.getByTestId("still-age").textContent).toBe("Not live: 12 s ago");
  expect(shown.textContent).not.toContain("1 face");
  expect(screen.getByTestId("tile-live-trouble").textContent).toBe(
    "The camera gives no picture at the moment.",
  );
});

it("shows what flows as live, and a fresh still as a still", () => {
  const on = candidate("c1", { last_frame_at: just(), has_still: true });
  tile(on, "large", 0, 0, flowing);
  expect(screen.getByTestId("tile-video")).toBeTruthy();
  cleanup();
  tile(on, "large", 0, 0, { ...flowing, state: "broken" });
  expect(screen.queryByTestId("tile-video")).toBeNull();
  expect(screen.getByTestId("tile-still").dataset.old).toBeUndefined();
  expect(screen.getByTestId("still-age").textContent).toBe("Not live");
});

it.each([
  ["large", "too_dark", "The last picture is too dark"],
  ["large", "too_bright", "The last picture is too bright"],
  ["large", "blurred", "The last picture is blurred"],
  ["small", "too_dark", "ago · too dark"],
  ["small", "no_face", "ago · no face"],
] as const)(
  "does not say on a %s tile that nobody is there when the picture is %s",
  (size, reason, words) => {
    const live = { faces: 0, identity: "not_compared", reason, usable: false } as const;
    const shown = tile(candidate("c1", { state: "in_room", last_frame_at: just(), live }), size);
    expect(shown.textContent).toContain(words);
    if (reason !== "no_face") expect(shown.textContent?.toLowerCase()).not.toContain("no face");
  },
);

it("remembers the size of the tiles", async () => {
  show(<TileSizeControl />);
  await userEvent.click(screen.getByText("Small tiles"));
  expect(tileSize.get()).toBe("small");
  expect(localStorage.getItem("invigil:tiles")).toBe("small");
  await userEvent.click(screen.getByText("Large tiles"));
  expect(tileSize.get()).toBe("large");
});

it("marks a pause that is longer than arranged", () => {
  const { accommodations } = candidate("c1");
  const paused = candidate("c1", {
    state: "paused",
    state_since: new Date(Date.now() - 11 * 60_000).toISOString(),
    accommodations: { ...accommodations, breaks: 1, break_minutes: 10 },
  });
  expect(tile(paused, "small", 0, 0).dataset.look).toBe("true");
  expect(screen.getByTestId("paused-for").textContent).toBe("Paused for 11 min (10 arranged)");
  expect(screen.getByTestId("paused-for").dataset.over).toBe("true");
});

it("says of nobody that they check in to a session that is closed", () => {
  view.patch({ session: { ...session, closed_at: at(9) } });
  const shown = tile(candidate("c1", { state: "waiting_for_proctor" }), "large", 0, 0);
  view.patch({ session });
  expect(shown.dataset.look).toBeUndefined();
  expect(shown.textContent).toContain("Session closed");
});

it.each([
  ["in_room", "software", "none", "Nobody is compared"],
  ["in_room", "software", "session", null],
  ["in_room", "proctor", "none", null],
  ["joined", "software", "none", null],
] as const)("of somebody %s, compared by %s with %s, says: %s", (state, identity_check, template, words) => {
  tile(candidate("c1", { state, identity_check, template }), "small");
  expect(screen.queryByTestId("tile-not-compared")?.textContent?.trim() ?? null).toBe(words);
});

it.each(["approved", "in_room"] as const)(
  "says on the tile of who is %s that the name was removed",
  (state) => {
    expect(tile(candidate("c1", { state, removed_before: at(32) }), "small").textContent).toContain(
      "Somebody of this name was removed at",
    );
    cleanup();
    tile(candidate("c1", { state: "removed", removed_before: at(32) }), "small");
    expect(screen.queryByTestId("removed-before")).toBeNull();
  },
);

it("says of a face that cannot be compared what to do, and takes it back when it can be", () => {
  const live = { faces: 1, usable: true, reason: null, identity: "cannot_compare" } as const;
  tile(candidate("c1", { state: "in_room", live }), "small");
  expect(screen.getByTestId("tile-not-compared").textContent?.trim()).toBe(
    "Cannot be compared: please compare by eye",
  );
  cleanup();
  tile(candidate("c1", { state: "in_room", live: { ...live, identity: "match" } }), "small");
  expect(screen.queryByTestId("tile-not-compared")).toBeNull();
});
