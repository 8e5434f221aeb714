import type { Candidate, ExamSession, Gap, Incident, Message, Snapshot, SystemStatus } from "../api/types";
import type { EventMessage, ProctorEvent, Tile } from "./protocol";

export interface ConsoleView {
  status: "loading" | "ready" | "failed" | "not_found" | "signed_out";
  session: ExamSession | null;
  /** In order of joining, which never changes while somebody looks at the wall. */
  candidates: readonly Candidate[];
  incidents: readonly Incident[];
  moreIncidents: boolean;
  messages: readonly Message[];
  gaps: readonly Gap[];
  system: SystemStatus;
  cursor: number;
}

export const emptyConsole: ConsoleView = {
  status: "loading",
  session: null,
  candidates: [],
  incidents: [],
  moreIncidents: false,
  messages: [],
  gaps: [],
  system: { storage: "ok", analysis: "ok", interval_factor: 1, text: null },
  cursor: 0,
};

export function fromSnapshot(snapshot: Snapshot): ConsoleView {
  return {
    status: "ready",
    session: snapshot.session,
    candidates: [...snapshot.candidates].sort(byJoining),
    incidents: [...snapshot.incidents].sort(newestFirst),
    moreIncidents: snapshot.more_incidents,
    messages: snapshot.messages,
    gaps: snapshot.gaps,
    system: snapshot.system,
    cursor: snapshot.cursor,
  };
}

/** Apply one event; one that is already part of the picture changes nothing. */
export function withProctorEvent(
  view: ConsoleView,
  { seq, event }: Pick<EventMessage<ProctorEvent>, "seq" | "event">,
): ConsoleView {
  if (seq <= view.cursor) return view;
  return { ...apply(view, event), cursor: seq };
}

function apply(view: ConsoleView, event: ProctorEvent): ConsoleView {
  switch (event.kind) {
    case "candidate_changed":
      return withCandidate(view, event.candidate);
    case "incident_changed":
      return withIncident(view, event.incident);
    case "message":
      return withMessages(view, [event.message]);
    case "gap":
      return { ...view, gaps: upsertGap(view.gaps, event.gap) };
    case "session_changed":
      return { ...view, session: event.session };
    default:
      // A newer server may speak of things this page does not know yet.
      return view;
  }
}

export function withCandidate(view: ConsoleView, candidate: Candidate): ConsoleView {
  const known = view.candidates.some(({ id }) => id === candidate.id);
  const candidates = known
    ? view.candidates.map((each) => (each.id === candidate.id ? candidate : each))
    : [...view.candidates, candidate].sort(byJoining);
  return { ...view, candidates };
}

/** Insert or replace; an answer that arrives after a newer event does not turn the clock back. */
export function withIncident(view: ConsoleView, incident: Incident): ConsoleView {
  const known = view.incidents.find(({ id }) => id === incident.id);
  if (known && Date.parse(known.updated_at) > Date.parse(incident.updated_at)) return view;
  const others = view.incidents.filter(({ id }) => id !== incident.id);
  return { ...view, incidents: [...others, incident].sort(newestFirst) };
}

export function withOlder(view: ConsoleView, older: Incident[], more: boolean): ConsoleView {
  const known = new Set(view.incidents.map(({ id }) => id));
  const added = older.filter(({ id }) => !known.has(id));
  return { ...view, incidents: [...view.incidents, ...added].sort(newestFirst), moreIncidents: more };
}

export function withMessages(view: ConsoleView, messages: Message[]): ConsoleView {
  const known = new Set(view.messages.map(({ id }) => id));
  const added = messages.filter(({ id }) => !known.has(id));
  return added.length === 0 ? view : { ...view, messages: [...view.messages, ...added] };
}

export function withTile(view: ConsoleView, tile: Tile): ConsoleView {
  const candidate = view.candidates.find(({ id }) => id === tile.candidate_id);
  if (!candidate) return view;
  const { live, last_frame_at, next_frame_ms, has_still } = tile;
  return withCandidate(view, {
    ...candidate,
    live: live ?? candidate.live,
    last_frame_at,
    next_frame_ms,
    has_still: has_still || candidate.has_still,
  });
}

export function withPresence(view: ConsoleView, candidateId: string, online: boolean): ConsoleView {
  const candidate = view.candidates.find(({ id }) => id === candidateId);
  return candidate ? withCandidate(view, { ...candidate, online }) : view;
}

function upsertGap(gaps: readonly Gap[], gap: Gap): Gap[] {
  return [...gaps.filter(({ id }) => id !== gap.id), gap];
}

function byJoining(a: Candidate, b: Candidate): number {
  return a.joined_at.localeCompare(b.joined_at) || a.id.localeCompare(b.id);
}

function newestFirst(a: Incident, b: Incident): number {
  return Date.parse(b.started_at) - Date.parse(a.started_at) || b.id.localeCompare(a.id);
}
