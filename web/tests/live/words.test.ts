import { describe, expect, it } from "vitest";
import type { Incident, MediaProvider } from "../../src/api/types";
import { backoffMs } from "../../src/live/backoff";
import { tileStatus, unreadMessages } from "../../src/live/candidate-status";
import { filterIncidents, noFilter, readFilter, writeFilter } from "../../src/live/feed-filter";
import { classifyMediaError } from "../../src/live/media-errors";
import { rtcConfig } from "../../src/live/protocol";
import { roomStatus } from "../../src/live/room-status";
import { isolationWords } from "../../src/provider-words";
import { ago, between, duration } from "../../src/time";
import * as words from "../../src/words";
import { at, candidate, incident, message, T0 } from "./shapes";

describe("times", () => {
  it.each([
    [-5000, "0 s"],
    [59_400, "59 s"],
    [60_000, "1 min"],
    [75_000, "1 min 15 s"],
    [3_720_000, "1 h 2 min"],
  ])("%i ms is %s", (ms, text) => expect(duration(ms)).toBe(text));

  it("are never in the future, whatever two clocks think", () => {
    expect(ago(at(30), T0)).toBe("just now");
    expect(ago(at(0), T0 + 75_000)).toBe("1 min ago");
    expect(between(at(0), null, T0 + 3000)).toBe("3 s");
    expect(between(at(0), at(2), T0 + 9000)).toBe("2 s");
  });
});

describe("back-off", () => {
  it("grows, stays under its limit and is spread", () => {
    const waits = [0, 1, 2, 3, 4, 9].map((attempt) => backoffMs(attempt, () => 1));
    expect(waits).toEqual([300, 600, 1200, 2400, 3000, 3000]);
    expect(backoffMs(9, () => 0)).toBe(1200);
  });
});

describe("tile status", () => {
  const now = T0 + 5000;
  it.each([
    [{}, "online"],
    [{ camera: "ended" }, "camera_off"],
    [{ camera: "muted" }, "camera_off"],
    [{ camera: "hidden" }, "online"],
    [{ online: false }, "pictures"],
    [{ online: false, last_frame_at: at(-20) }, "reconnecting"],
    [{ online: false, last_frame_at: at(-60) }, "no_feed"],
    [{ last_frame_at: at(-60) }, "no_feed"],
    [{ state: "waiting_for_proctor" }, "waiting"],
    [{ state: "approved" }, "ready"],
    [{ state: "joined" }, "checking_in"],
    [{ state: "joined", online: false }, "left"],
    [{ state: "finished", online: false }, "finished"],
  ] as const)("%o is %s", (part, status) => {
    expect(tileStatus(candidate("c", part), now)).toBe(status);
  });

  it("allows for the longer interval of a busy server", () => {
    const slow = candidate("c", { next_frame_ms: 60_000, last_frame_at: at(-100) });
    expect(tileStatus(slow, now)).toBe("online");
  });
});

describe("filter", () => {
  const list = [
    incident("a"),
    incident("b", { kind: "no_face", candidate_id: "c2", state: "closed" }),
    incident("c", {
      decision: {
        decision: "dismissed",
        reason: "x",
        by: "P",
        by_id: "p1",
        proposed: false,
        decided_at: at(1),
      },
    }),
  ];
  const ids = (query: string) => filterIncidents(list, readFilter(query)).map(({ id }) => id);

  it("works from the address", () => {
    expect(ids("")).toEqual(["a", "b", "c"]);
    expect(ids("?kind=no_face")).toEqual(["b"]);
    expect(ids("?candidate=c1&show=undecided")).toEqual(["a"]);
    expect(ids("?show=open")).toEqual(["a", "c"]);
    expect(ids("?kind=nonsense&show=nonsense")).toEqual(["a", "b", "c"]);
  });

  it("is written back as it was read", () => {
    expect(writeFilter(noFilter)).toBe("");
    const query = "?kind=no_face&candidate=c2&show=open";
    expect(writeFilter(readFilter(query))).toBe(query);
  });
});

it("counts what candidates wrote until it was read", () => {
  const written = [message("m1", { from: "candidate" }), message("m2", { from: "candidate" }), message("m3")];
  expect(unreadMessages(written, new Set(["m1"])).get("c1")).toBe(1);
});

it.each([
  [0, 0, "Paused for less than 1 min", false],
  [12 * 60, 0, "Paused for 12 min", false],
  [10 * 60, 2, "Paused for 10 min (10 arranged)", false],
  [12 * 60 + 5, 2, "Paused for 12 min (10 arranged)", true],
])("says after %i s of a pause, with %i breaks arranged: %s", (seconds, breaks, expected, over) => {
  const { accommodations } = candidate("c1");
  const paused = candidate("c1", {
    state: "paused",
    state_since: at(0),
    accommodations: { ...accommodations, breaks, break_minutes: breaks && 10 },
  });
  const now = T0 + seconds * 1000;
  expect(words.pausedWords(paused, now)).toBe(expected);
  expect(words.pausedWords({ ...paused, online: false }, now)).toBe(`${expected} · page not connected`);
  expect(words.breakIsOver(paused, now)).toBe(over);
  expect(words.pausedWords({ ...paused, state: "in_room" }, now)).toBeNull();
});

it("calls nobody on the way in or in the room once the session is closed", () => {
  expect(tileStatus(candidate("c1", { state: "checking_in" }), T0, true)).toBe("ended");
  expect(tileStatus(candidate("c1", { state: "waiting_for_proctor" }), T0, true)).toBe("ended");
  expect(tileStatus(candidate("c1", { state: "finished" }), T0, true)).toBe("finished");
});

it("does not call a lost line our side's fault, nor the candidate's", () => {
  const away = {
    connection: "online",
    trouble: { text: "", ours: false },
    lastPostedAt: T0,
    lastReply: null,
  } as const;
  const status = roomStatus(away, { status: "on", problem: null }, T0);
  expect(status.tone).toBe("technical");
  expect(status.title).not.toContain("our side");
  expect(status.text).toContain("not held against you");
});

it("says which way a comparison told nothing", () => {
  const told = (comparison: Incident["detail"]["comparison"]) => {
    const detail = { max_faces: 1, comparison, cause: null };
    return words.comparisonWords(incident("i1", { kind: "not_recognised", detail }));
  };
  expect(told("neither")).toContain("seen clearly");
  expect(told("unclear")).toContain("hidden, blurred or in doubt");
  expect(told("not_compared")).toBeNull();
});

describe("room status", () => {
  const fine = { connection: "online", trouble: null, lastPostedAt: T0, lastReply: null } as const;
  const camera = { status: "on", problem: null } as const;
  it("is calm while everything works", () => {
    expect(roomStatus(fine, camera, T0 + 1000).tone).toBe("ok");
  });
  it.each([
    [{ ...fine, trouble: { text: "busy", ours: true } }, camera, "technical"],
    [{ ...fine, connection: "reconnecting" }, camera, "technical"],
    [{ ...fine, lastPostedAt: T0 - 60_000 }, camera, "technical"],
    [{ ...fine, lastPostedAt: null }, camera, "starting"],
    [fine, { status: "lost", problem: "ended" }, "camera"],
    [fine, { status: "lost", problem: "denied" }, "camera"],
    [fine, { status: "muted", problem: null }, "camera"],
  ] as const)("%o %o is %s", (view, device, tone) => {
    expect(roomStatus(view, device, T0).tone).toBe(tone);
  });
});

it.each([
  ["NotAllowedError", "denied"],
  ["NotReadableError", "in_use"],
  ["NotFoundError", "no_camera"],
  ["OverconstrainedError", "overconstrained"],
  ["SomethingElse", "unknown"],
])("%s is explained as %s", (name, problem) => {
  expect(classifyMediaError({ name })).toBe(problem);
  expect(classifyMediaError(null)).toBe("unknown");
});

it("leaves empty names and secrets of relays out", () => {
  const servers = [{ urls: ["stun:x"], username: null, credential: null }];
  const config = rtcConfig({ ice_servers: servers, ice_transport_policy: "relay" } as never);
  expect(config).toEqual({ iceServers: [{ urls: ["stun:x"] }], iceTransportPolicy: "relay" });
});

it("never speaks of guilt, feelings or scores", () => {
  const spoken = JSON.stringify(words).toLowerCase();
  expect(spoken.length).toBeGreaterThan(500);
  for (const word of ["cheat", "suspicio", "emotion", "attention", "score", "violation", "guilty"]) {
    expect(spoken).not.toContain(word);
  }
});

it("says when live video does not flow, of those only who should be seen", () => {
  const stream = {} as MediaStream;
  const inRoom = candidate("c1", { state: "in_room", online: true });
  const broken = { stream, state: "broken" as const };
  expect(words.liveTroubleWords(inRoom, { stream, state: "live" }, "down")).toBeNull();
  expect(words.liveTroubleWords(inRoom, broken, null)).toContain("interrupted");
  expect(words.liveTroubleWords(inRoom, null, "down")).toContain("Still pictures go on");
  expect(words.liveTroubleWords(inRoom, { stream: null, state: "connecting" }, null)).toBeNull();
  expect(
    words.liveTroubleWords(candidate("c1", { state: "finished", online: true }), broken, "down"),
  ).toBeNull();
  expect(
    words.liveTroubleWords(candidate("c1", { state: "in_room", online: false }), broken, "down"),
  ).toBeNull();
});

it("says what keeps candidates apart, and when nothing does", () => {
  const told = (isolation: MediaProvider["isolation"]) =>
    isolationWords({ id: "x", isolation, talkback: false, max_viewers_hint: 1 });
  expect(told("structural")).toContain("no connection");
  expect(told("token")).toContain("lets them receive nothing");
  expect(told("meeting")).toContain("would let everybody receive everybody");
  expect(told("meeting")).not.toContain("receive nothing");
  expect(told("ui_only")).toContain("would not prevent it");
  expect(told(null)).toContain("not set up on this server any more");
});
