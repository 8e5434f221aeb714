import { describe, expect, it } from "vitest";
import {
  emptyConsole,
  fromSnapshot,
  withIncident,
  withMessages,
  withOlder,
  withPresence,
  withProctorEvent,
  withTile,
} from "../../src/live/console-state";
import { at, candidate, incident, message, snapshot } from "./shapes";

const ids = (view: { incidents: readonly { id: string }[] }) => view.incidents.map(({ id }) => id);

describe("snapshot", () => {
  it("is shown newest incident first and candidates in order of joining", () => {
    const view = fromSnapshot(
      snapshot({
        incidents: [incident("a", { started_at: at(1) }), incident("b", { started_at: at(9) })],
        candidates: [candidate("late", { joined_at: at(5) }), candidate("early", { joined_at: at(1) })],
      }),
    );
    expect(ids(view)).toEqual(["b", "a"]);
    expect(view.candidates.map(({ id }) => id)).toEqual(["early", "late"]);
    expect(view.status).toBe("ready");
  });
});

describe("events", () => {
  const start = fromSnapshot(snapshot({ candidates: [candidate("c1")], incidents: [incident("a")] }));

  it("are applied once, whatever is sent again", () => {
    const event = { kind: "message", message: message("m1") } as const;
    const once = withProctorEvent(start, { seq: 11, event });
    expect(once.messages).toHaveLength(1);
    expect(once.cursor).toBe(11);
    expect(withProctorEvent(once, { seq: 11, event })).toBe(once);
    expect(withProctorEvent(start, { seq: 10, event })).toBe(start);
  });

  it("put a new incident on top and change a known one in place", () => {
    const opened = incident("b", { started_at: at(5) });
    let view = withProctorEvent(start, {
      seq: 11,
      event: { kind: "incident_changed", incident: opened, opened: true },
    });
    expect(ids(view)).toEqual(["b", "a"]);
    const closed = incident("a", { state: "closed", ended_at: at(3), updated_at: at(3) });
    view = withProctorEvent(view, {
      seq: 12,
      event: { kind: "incident_changed", incident: closed, opened: false },
    });
    expect(ids(view)).toEqual(["b", "a"]);
    expect(view.incidents[1]?.state).toBe("closed");
  });

  it("of a kind from the future move only the cursor", () => {
    const view = withProctorEvent(start, { seq: 11, event: { kind: "fireworks" } as never });
    expect(view).toEqual({ ...start, cursor: 11 });
  });

  it("keep the order of candidates when one of them changes", () => {
    const two = fromSnapshot(
      snapshot({ candidates: [candidate("x"), candidate("y", { joined_at: at(1) })] }),
    );
    const changed = candidate("x", { state: "finished" });
    const view = withProctorEvent(two, {
      seq: 11,
      event: { kind: "candidate_changed", candidate: changed },
    });
    expect(view.candidates.map(({ id, state }) => [id, state])).toEqual([
      ["x", "finished"],
      ["y", "in_room"],
    ]);
  });

  it("update a gap instead of adding it again", () => {
    const gap = { id: "g", candidate_id: "c1", started_at: at(0), ended_at: null, cause: "camera" } as const;
    let view = withProctorEvent(start, { seq: 11, event: { kind: "gap", gap } });
    view = withProctorEvent(view, { seq: 12, event: { kind: "gap", gap: { ...gap, ended_at: at(9) } } });
    expect(view.gaps).toEqual([{ ...gap, ended_at: at(9) }]);
  });
});

it("does not let an old answer overwrite a newer event", () => {
  const view = withIncident(emptyConsole, incident("a", { state: "closed", updated_at: at(9) }));
  expect(withIncident(view, incident("a", { updated_at: at(1) }))).toBe(view);
});

it("adds older incidents below, without doubling any", () => {
  const view = fromSnapshot(
    snapshot({ incidents: [incident("b", { started_at: at(5) })], more_incidents: true }),
  );
  const older = [incident("b", { started_at: at(5) }), incident("a")];
  const more = withOlder(view, older, false);
  expect(ids(more)).toEqual(["b", "a"]);
  expect(more.moreIncidents).toBe(false);
});

it("does not double a message that came both as an answer and as an event", () => {
  const once = withMessages(emptyConsole, [message("m")]);
  expect(withMessages(once, [message("m")])).toBe(once);
});

it("shows the newest facts of a tile and keeps those it does not carry", () => {
  const live = { faces: 1, usable: true, reason: null, identity: "match" } as const;
  const view = fromSnapshot(snapshot({ candidates: [candidate("c1", { live, has_still: true })] }));
  const tile = { type: "tile", candidate_id: "c1", last_frame_at: at(60), next_frame_ms: 800 } as const;
  const shown = withTile(view, { ...tile, has_still: false, live: null }).candidates[0];
  expect(shown).toMatchObject({ live, last_frame_at: at(60), next_frame_ms: 800, has_still: true });
  expect(withTile(view, { ...tile, candidate_id: "nobody", has_still: true, live })).toBe(view);
});

it("shows at once who went away", () => {
  const view = fromSnapshot(snapshot({ candidates: [candidate("c1")] }));
  expect(withPresence(view, "c1", false).candidates[0]?.online).toBe(false);
});
