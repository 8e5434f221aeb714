import { act } from "@testing-library/react";
import type { Decision, ExamSession, Incident, KindPrecision, Proctor } from "../../src/api/types";
import { type ConsoleView, fromSnapshot, withIncident } from "../../src/live/console-state";
import type { ConsoleStore } from "../../src/live/console-store";
import { Store } from "../../src/live/store";
import { SeenIncidents } from "../../src/live/unread";
import { ConsoleContext, type ConsoleParts } from "../../src/proctor/console-context";
import { ConsoleUi } from "../../src/proctor/console-ui";
import { Feed } from "../../src/proctor/feed";
import { useKeys } from "../../src/proctor/keys";
import { candidate, session, snapshot } from "../live/shapes";
import { show } from "./render";

interface Given {
  incidents: Incident[];
  session?: Partial<ExamSession>;
  proctor?: Proctor;
  precision?: readonly Partial<KindPrecision>[];
}

export interface ShownFeed {
  decided: [string, Decision, string][];
  undone: string[];
  view: Store<ConsoleView>;
  change: (incident: Incident) => void;
}

/** The feed of a console with these incidents, its keys, and what it asked the server for. */
export function showFeed(given: Given): ShownFeed {
  const view = new Store<ConsoleView>(
    fromSnapshot(
      snapshot({
        incidents: given.incidents,
        candidates: [candidate("c1")],
        session: { ...session, ...given.session },
      }),
    ),
  );
  const shown: ShownFeed = {
    decided: [],
    undone: [],
    view,
    change: (incident) => act(() => view.set(withIncident(view.get(), incident))),
  };
  const store = {
    view,
    precision: new Store(given.precision ?? []),
    viewers: { focus: () => {}, views: new Store(new Map()), trouble: new Store(null) },
    decide: async (...args: [string, Decision, string]) => void shown.decided.push(args),
    undo: async (id: string) => void shown.undone.push(id),
  } as unknown as ConsoleStore;
  const seen = new SeenIncidents("s1");
  const proctor: Proctor = given.proctor ?? { id: "p", person: "p", name: "Olga", role: "organiser" };
  const fail = (error: unknown) => {
    throw error;
  };
  const parts = {
    proctor,
    store,
    seen,
    ui: new ConsoleUi(store, seen, fail, proctor.person),
  } as ConsoleParts;
  show(
    <ConsoleContext value={parts}>
      <Keyed parts={parts} />
    </ConsoleContext>,
  );
  return shown;
}

function Keyed({ parts }: { parts: ConsoleParts }) {
  useKeys(parts);
  return <Feed />;
}
