import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import type { Incident } from "../../src/api/types";
import { type ConsoleView, fromSnapshot, withIncident } from "../../src/live/console-state";
import type { ConsoleStore } from "../../src/live/console-store";
import { ProctorAuth } from "../../src/live/proctor-auth";
import { Store } from "../../src/live/store";
import { SeenIncidents } from "../../src/live/unread";
import { ConsoleContext, type ConsoleParts } from "../../src/proctor/console-context";
import { ConsoleUi } from "../../src/proctor/console-ui";
import { EvidenceView } from "../../src/proctor/evidence-view";
import { Feed } from "../../src/proctor/feed";
import { KEYS, useKeys } from "../../src/proctor/keys";
import { systemWords } from "../../src/proctor/system-banner";
import { at, candidate, incident, snapshot } from "../live/shapes";
import { show } from "./render";

let view: Store<ConsoleView>;
let decided: unknown[][];
let toggled: number;
let parts: ConsoleParts;

function fakeStore(): ConsoleStore {
  const change = (id: string, decision: Incident["decision"]) => {
    const known = view.get().incidents.find((each) => each.id === id) as Incident;
    view.set(withIncident(view.get(), { ...known, decision }));
  };
  return {
    view,
    precision: new Store([
      { kind: "multiple_faces", reviewed: 41, words: "3 of 41 such incidents were confirmed here." },
      { kind: "no_face", reviewed: 0, words: "No incident of this kind has been reviewed here yet." },
    ]),
    viewers: { focus: () => {}, trouble: new Store(null) },
    decide: async (id: string, decision: "confirmed", reason: string) => {
      decided.push([id, decision, reason]);
      change(id, { decision, reason, by: "Me", by_id: "p1", proposed: false, decided_at: at(9) });
    },
    undo: async (id: string) => {
      decided.push([id, "undo"]);
      change(id, null);
    },
  } as unknown as ConsoleStore;
}

function Keyed() {
  useKeys(parts);
  return <Feed />;
}

beforeEach(() => {
  window.history.replaceState(null, "", "/sessions/s1");
  decided = [];
  toggled = 0;
  const incidents = [
    incident("a", { started_at: at(2), reference_photo_url: "/ref.jpg" }),
    incident("b", { started_at: at(1), kind: "no_face", candidate_name: "<img src=x onerror=alert(1)>" }),
  ];
  view = new Store(fromSnapshot(snapshot({ incidents, candidates: [candidate("c1")] })));
  const store = fakeStore();
  const seen = new SeenIncidents("s1");
  const sound = { muted: new Store(false), toggle: () => toggled++ } as unknown as ConsoleParts["sound"];
  const ui = new ConsoleUi(
    store,
    seen,
    (error) => {
      throw error;
    },
    "p",
  );
  parts = { proctor: { id: "p", person: "p", name: "Olga", role: "organiser" }, store, seen, sound, ui };
  show(
    <ConsoleContext value={parts}>
      <Keyed />
      <EvidenceView />
    </ConsoleContext>,
  );
});

const cards = () => screen.getAllByTestId("incident-card");
const press = (key: string) => fireEvent.keyDown(document.body, { key });

it("shows the newest on top, in words, and a name as text only", () => {
  expect(cards().map((card) => card.dataset.kind)).toEqual(["multiple_faces", "no_face"]);
  expect(cards()[0]?.textContent).toContain("More than one face");
  expect(cards()[1]?.textContent).toContain("<img src=x onerror=alert(1)>");
  expect(document.querySelector("img[src=x]")).toBeNull();
});

it("decides with a reason, and takes it back", async () => {
  const user = userEvent.setup();
  await user.click(screen.getAllByTestId("decision-dismiss")[0] as HTMLElement);
  const reason = screen.getByTestId("decision-reason");
  await user.click(screen.getByTestId("decision-save"));
  expect(decided).toEqual([]);
  await user.type(reason, "A poster");
  await user.click(screen.getByTestId("decision-save"));
  expect(decided).toEqual([["a", "dismissed", "A poster"]]);
  expect(cards()[0]?.dataset.decision).toBe("dismissed");
  await user.click(screen.getByTestId("decision-undo"));
  await waitFor(() => expect(cards()[0]?.dataset.decision).toBe("none"));
});

it("counts what was not looked at, in the badge and in the title", async () => {
  expect(screen.getByTestId("unread-count").dataset.count).toBe("2");
  expect(document.title).toContain("(2)");
  press("j");
  await waitFor(() => expect(screen.getByTestId("unread-count").dataset.count).toBe("1"));
  await userEvent.click(screen.getByText("Mark all as seen"));
  expect(document.title).not.toContain("(");
});

it("works by keys, which do not fire while one types", async () => {
  press("j");
  press("j");
  press("k");
  press("d");
  const reason = await screen.findByTestId("decision-reason");
  fireEvent.keyDown(reason, { key: "u" });
  expect(decided).toEqual([]);
  await userEvent.type(reason, "A poster{Enter}");
  expect(decided[0]?.slice(0, 2)).toEqual(["a", "dismissed"]);
  press("u");
  await waitFor(() => expect(decided.at(-1)).toEqual(["a", "undo"]));
  press("m");
  expect(toggled).toBe(1);
});

it("has each key once", () => {
  const keys = KEYS.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.sort()).toEqual(["/", "?", "c", "d", "f", "i", "j", "k", "m", "u"]);
});

it("keeps the filter in the address", async () => {
  await userEvent.selectOptions(screen.getByTestId("filter-kind"), "no_face");
  expect(window.location.search).toBe("?kind=no_face");
  expect(cards()).toHaveLength(1);
  await userEvent.selectOptions(screen.getByTestId("filter-show"), "undecided");
  parts.ui.setFilter({ candidate: "nobody" });
  await userEvent.click(await screen.findByText("Show all"));
  expect(cards()).toHaveLength(2);
});

it("says what the machinery cannot do", () => {
  const fine = { storage: "ok", analysis: "ok", interval_factor: 1, text: null } as const;
  expect(systemWords(fine)).toEqual([]);
  expect(systemWords({ ...fine, storage: "full" })[0]).toContain("Storage is full");
  expect(systemWords({ ...fine, analysis: "busy", interval_factor: 2.5 })[0]).toContain("2.5 times");
});

it("signs in with the link and takes the token out of the address", async () => {
  window.history.replaceState(null, "", "/?token=secret&x=1");
  const fetched: Request[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    fetched.push(request);
    return new Response(JSON.stringify({ proctor: { id: "p", person: "p", name: "Me", role: "organiser" } }));
  });
  const auth = new ProctorAuth();
  await auth.check();
  expect(await fetched[0]?.json()).toEqual({ token: "secret" });
  expect(window.location.search).toBe("?x=1");
  expect(auth.view.get().status).toBe("in");
});

it("tells the base rate before the decision, and not for kinds that nobody has reviewed", async () => {
  const [card, other] = cards() as [HTMLElement, HTMLElement];
  expect(within(card).getByTestId("base-rate").textContent).toContain("3 of 41");
  expect(within(other).queryByTestId("base-rate")).toBeNull();
  await userEvent.click(within(card).getByTestId("decision-confirm"));
  expect(within(card).getByTestId("base-rate").textContent).toContain("3 of 41");
});

it("shows a proposal as open, who differs, and what the candidate answers", () => {
  const one = { decision: "dismissed", reason: "A mirror.", by: "Proctor", by_id: "aaaa1" } as const;
  const two = { decision: "confirmed", reason: "Two people.", by: "Proctor", by_id: "bbbb1" } as const;
  const opinions = [
    { ...one, proposed: false, decided_at: at(5) },
    { ...two, proposed: true, decided_at: at(6) },
  ];
  const known = view.get().incidents.find(({ id }) => id === "a") as Incident;
  const answer = { text: "<b>It was my cat.</b>", answered_at: at(7) };
  act(() =>
    view.set(withIncident(view.get(), { ...known, opinions, decision: opinions[1] ?? null, answer })),
  );
  const card = cards()[0] as HTMLElement;
  expect(card.dataset.proposed).toBe("true");
  expect(card.textContent).toContain("A second person has to agree");
  expect(within(card).getByTestId("opinions").dataset.differ).toBe("true");
  expect(within(card).getByTestId("opinions").textContent).toContain(
    "Dismissed by Proctor (aaaa): A mirror.",
  );
  expect(within(card).getByTestId("decision-confirm").textContent).toBe("Agree");
  expect(within(card).getByTestId("candidate-answer").textContent).toContain("<b>It was my cat.</b>");
});

it("tells beside the large pictures what the card tells: the base rate and the candidate's answer", async () => {
  const known = view.get().incidents.find(({ id }) => id === "a") as Incident;
  const answer = { text: "It was my cat.", answered_at: at(7) };
  act(() => view.set(withIncident(view.get(), { ...known, answer })));
  await userEvent.click(within(cards()[0] as HTMLElement).getByTitle("Enlarge the pictures"));
  const dialog = await screen.findByRole("dialog");
  expect(within(dialog).getByTestId("base-rate").textContent).toContain("3 of 41");
  expect(within(dialog).getByTestId("candidate-answer").textContent).toContain("It was my cat.");
});

it("gives two pictures in one the whole width", () => {
  const known = view.get().incidents.find(({ id }) => id === "a") as Incident;
  expect(screen.getAllByTitle("Enlarge the pictures")[0]?.dataset.wide).toBeUndefined();
  act(() => view.set(withIncident(view.get(), { ...known, kind: "frames_do_not_match_video" })));
  const wide = screen.getAllByTitle("Enlarge the pictures")[0];
  expect(wide?.dataset.wide).toBe("true");
  expect(wide?.textContent).toContain("the live video at the same time");
});
