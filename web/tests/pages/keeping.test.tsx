import { cleanup, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import type { Candidate, Hold, Proctor } from "../../src/api/types";
import { fromSnapshot } from "../../src/live/console-state";
import { ConsoleStore } from "../../src/live/console-store";
import { SeenIncidents } from "../../src/live/unread";
import { ConsoleContext, type ConsoleParts } from "../../src/proctor/console-context";
import { ConsoleUi } from "../../src/proctor/console-ui";
import { isTyped } from "../../src/proctor/erase-candidate";
import { FocusPanel } from "../../src/proctor/focus-panel";
import { Keeping } from "../../src/proctor/holds";
import { at, candidate, snapshot } from "../live/shapes";
import { show } from "./render";

const FACTS = { faces: 1, identity: "match", reason: null, usable: true } as const;

let holds: Hold[];
let asked: string[];
let eraseAnswer: () => Response;

const json = (body: object, status = 200) => new Response(JSON.stringify(body), { status });
const hold = (id: string, candidate_id: string | null): Hold => ({
  id,
  session_id: "s1",
  candidate_id,
  reason: `Reason of ${id}`,
  set_at: at(0),
  released_at: null,
});

/** The server's routes of holds and erasure, as far as these pages ask. */
async function server(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname.replace("/api/v1", "");
  asked.push(`${request.method} ${path}`);
  if (request.method === "GET" && path === "/sessions/s1/holds") return json({ holds });
  if (request.method === "POST" && path === "/sessions/s1/holds") {
    const { candidate_id, reason } = await request.json();
    holds = [...holds, { ...hold("new", candidate_id), reason }];
    return json(holds.at(-1) as Hold, 201);
  }
  if (request.method === "DELETE" && path.startsWith("/holds/")) {
    const [gone] = holds.filter(({ id }) => path.endsWith(id));
    holds = holds.filter((each) => each !== gone);
    return json(gone as Hold);
  }
  if (request.method === "DELETE" && path === "/candidates/c1") return eraseAnswer();
  if (request.method === "GET" && path === "/sessions/s1/snapshot") return json(snapshot());
  return json({ kinds: [] });
}

beforeEach(() => {
  holds = [];
  asked = [];
  eraseAnswer = () => json({ objects: 3, rows: {}, later: false });
  vi.stubGlobal("fetch", server);
});

function open(
  role: Proctor["role"] = "organiser",
  page: "keeping" | "panel" = "keeping",
  state: Candidate["state"] = "finished",
) {
  const store = new ConsoleStore("s1");
  const last_frame_at = new Date().toISOString();
  const amina = candidate("c1", { name: "Amina  Okafor", state, live: FACTS, last_frame_at });
  store.view.set(fromSnapshot(snapshot({ candidates: [amina, candidate("c2")] })));
  const seen = new SeenIncidents("s1");
  const ui = new ConsoleUi(store, seen, () => {}, "p");
  ui.focus("c1");
  const proctor = { id: "p", person: "p", name: "Olga", role };
  show(
    <ConsoleContext value={{ proctor, store, seen, ui } as ConsoleParts}>
      {page === "panel" ? <FocusPanel candidateId="c1" /> : <Keeping candidate={amina} />}
    </ConsoleContext>,
  );
  return { store, ui };
}

async function confirmErasure(typed: string) {
  await userEvent.click(await screen.findByTestId("erase-candidate"));
  await userEvent.type(await screen.findByTestId("erase-name"), typed);
}

it("sets a hold with a reason, which bars erasing, and releases it after asking", async () => {
  holds = [hold("other", "c2")];
  open();
  expect(await screen.findByTestId("erase-candidate")).toHaveProperty("disabled", false);
  expect(screen.queryByTestId("hold")).toBeNull();
  expect(screen.getByTestId("hold-set")).toHaveProperty("disabled", true);
  await userEvent.type(screen.getByTestId("hold-reason"), "Appeal 12");
  await userEvent.click(screen.getByTestId("hold-set"));
  expect((await screen.findByTestId("hold")).textContent).toContain("Appeal 12");
  expect(screen.getByTestId("erase-candidate")).toHaveProperty("disabled", true);
  expect(screen.getByTestId("erase-words").textContent).toContain("Release it first");
  await userEvent.click(screen.getByTestId("hold-release"));
  expect(asked).not.toContain("DELETE /holds/new");
  await userEvent.click(screen.getByTestId("hold-release-confirm"));
  await waitFor(() => expect(screen.queryByTestId("hold")).toBeNull());
  expect(screen.getByTestId("erase-candidate")).toHaveProperty("disabled", false);
});

it("says which hold is of the whole session", async () => {
  holds = [hold("all", null)];
  open();
  expect((await screen.findByTestId("hold")).textContent).toContain("Of the whole session");
  await userEvent.click(screen.getByTestId("hold-release"));
  expect(screen.getByTestId("hold-release-confirm").textContent).toContain("whole session");
});

it("erases only when the name is typed, says what stays, and closes the live view", async () => {
  const { store, ui } = open();
  await confirmErasure("Amina");
  expect(screen.getByTestId("erase-confirm")).toHaveProperty("disabled", true);
  expect(screen.getByRole("dialog").textContent).toMatch(/This stays:.*audit log.*backups/);
  await userEvent.type(screen.getByTestId("erase-name"), " Okafor");
  await userEvent.click(screen.getByTestId("erase-confirm"));
  await waitFor(() => expect(ui.view.get().focused).toBeNull());
  expect(asked).toContain("DELETE /candidates/c1");
  expect(store.view.get().candidates).toEqual([]);
});

it("tells in plain words why the server refused", async () => {
  const error = {
    code: "on_hold",
    message: "This is kept on a legal hold, so that nothing of it can be deleted.",
    fix: "Ask whoever set the hold. Once it is released, try again.",
    retry_after_s: null,
  };
  eraseAnswer = () => json({ error }, 409);
  const { ui } = open();
  await confirmErasure("Amina Okafor");
  await userEvent.click(screen.getByTestId("erase-confirm"));
  expect((await screen.findByTestId("erase-error")).textContent).toBe(
    `Nothing was erased${error.message} ${error.fix}`,
  );
  expect(ui.view.get().focused).toBe("c1");
});

it("compares names without looking at spaces or how accents are written", () => {
  expect(isTyped(" José  Núñez ", "Jose\u0301 Nu\u0301n\u0303ez")).toBe(true);
  expect(isTyped("jose nunez", "José Núñez")).toBe(false);
  expect(isTyped("", "A")).toBe(false);
});

it("is offered to organisers and not to proctors, and shows nothing live of who has finished", () => {
  open("proctor", "panel");
  expect(screen.getByTestId("tab-arranged")).toBeDefined();
  expect(screen.queryByTestId("tab-keeping")).toBeNull();
  expect(screen.queryByText("Next picture")).toBeNull();
  cleanup();
  open("organiser", "panel");
  expect(screen.getByTestId("tab-keeping").textContent).toContain("Hold and erase");
});

it("says of who is paused that it is so, and nothing that was true before", () => {
  open("proctor", "panel", "paused");
  const panel = screen.getByTestId("focus-panel");
  expect(panel.textContent).toContain("Paused: no pictures are taken");
  for (const stale of ["1 face", "Matches the check-in photos", "Next picture", "every 5 s"]) {
    expect(panel.textContent).not.toContain(stale);
  }
  cleanup();
  open("proctor", "panel", "in_room");
  expect(screen.getByTestId("focus-panel").textContent).toMatch(/1 face in the last picture.*every 5 s/);
});
