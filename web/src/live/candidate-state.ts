import type { ApiError } from "../api/http";
import type {
  CheckInProgress,
  ErrorBody,
  FrameReply,
  JoinInfo,
  Message,
  MyCandidate,
  Warning,
} from "../api/types";
import type { CandidateEvent, ConnectionState } from "./protocol";

/** A trouble of ours or of the network; never shown as if the candidate had done something. */
export interface Trouble {
  text: string;
  /** False when no answer came at all: then it is the line in between, on whichever side. */
  ours: boolean;
}

/** Shown for a while even if the next picture is fine again: one must be able to read it. */
export interface ShownWarning extends Warning {
  until: number;
}

const WARNING_MS = 10_000;

export interface CandidateView {
  phase: "loading" | "unreachable" | "unknown_link" | "refused" | "closed" | "open" | "taken_over";
  /** Taken over: this tab goes on by itself once the other is closed. */
  standby: boolean;
  join: JoinInfo | null;
  me: MyCandidate | null;
  connection: ConnectionState;
  /** The candidate has seen the own picture and gone on. */
  cameraConfirmed: boolean;
  busy: boolean;
  /** The newest refusal of something the candidate asked for. */
  refusal: ErrorBody | null;
  trouble: Trouble | null;
  checkIn: CheckInProgress | null;
  lastReply: FrameReply | null;
  lastPostedAt: number | null;
  warnings: ShownWarning[];
}

export type Step =
  | "welcome"
  | "camera"
  | "photo"
  | "check_in"
  | "waiting"
  | "ready"
  | "room"
  | "paused"
  | "removed"
  | "finished";

export const blank: CandidateView = {
  phase: "loading",
  standby: false,
  join: null,
  me: null,
  connection: "connecting",
  cameraConfirmed: false,
  busy: false,
  refusal: null,
  trouble: null,
  checkIn: null,
  lastReply: null,
  lastPostedAt: null,
  warnings: [],
};

/** What a refusal changes: its words, and the phase where it leaves the page for good. */
export function refused({ status, code, message, fix, window }: ApiError): Partial<CandidateView> {
  const refusal = { code, message, fix: fix ?? "", ...(window && { window }) };
  if (status === 403 || (status === 410 && code.startsWith("invite_"))) return { refusal, phase: "refused" };
  return status === 410 ? { refusal, phase: "closed" } : { refusal };
}

export function stepOf({ me, cameraConfirmed }: CandidateView): Step {
  switch (me?.state) {
    case undefined:
      return "welcome";
    case "joined":
      return cameraConfirmed ? "photo" : "camera";
    case "checking_in":
      return "check_in";
    case "waiting_for_proctor":
      return "waiting";
    case "approved":
      return "ready";
    case "in_room":
      return "room";
    case "paused":
      return "paused";
    case "removed":
      return "removed";
    case "finished":
      return "finished";
  }
}

export function withMe(view: CandidateView, me: MyCandidate): CandidateView {
  const sameState = me.state === view.me?.state;
  return {
    ...view,
    me,
    phase: phaseFor(view, me),
    refusal: sameState ? view.refusal : null,
    checkIn: me.state === "checking_in" ? view.checkIn : null,
    warnings: me.state === "in_room" ? view.warnings : [],
  };
}

function phaseFor(view: CandidateView, me: MyCandidate): CandidateView["phase"] {
  if (view.phase === "taken_over") return "taken_over";
  return me.session.closed && !leftBefore(me) ? "closed" : "open";
}

/** Whether the exam was over for this candidate before the session was closed for everybody. */
function leftBefore({ state, state_since, session: { closed_at } }: MyCandidate): boolean {
  if (state !== "finished") return false;
  return !state_since || !closed_at || Date.parse(state_since) < Date.parse(closed_at);
}

export function withEvent(view: CandidateView, event: CandidateEvent, now: number): CandidateView {
  switch (event.kind) {
    case "state_changed":
      return withMe(view, event.candidate);
    case "message":
      return withMessage(view, event.message);
    case "session_changed":
      if (!view.me) return view;
      return withMe(view, { ...view.me, session: { ...view.me.session, ...event.session } });
    case "warning":
      return { ...view, warnings: addWarning(view.warnings, { ...event.warning, until: now + WARNING_MS }) };
    case "taken_over":
      // Decided by close code 4409 on the tab that lost; the winning tab hears this event, too.
      return view;
  }
}

export function withMessage(view: CandidateView, message: Message): CandidateView {
  if (!view.me || view.me.messages.some(({ id }) => id === message.id)) return view;
  return { ...view, me: { ...view.me, messages: [...view.me.messages, message] } };
}

export function withFrameReply(view: CandidateView, reply: FrameReply, now: number): CandidateView {
  const fresh = reply.warnings.map((warning) => ({ ...warning, until: now + WARNING_MS }));
  const warnings = fresh.reduce(
    addWarning,
    view.warnings.filter(({ until }) => until > now),
  );
  return { ...view, lastReply: reply, lastPostedAt: now, warnings, trouble: null };
}

export function withCheckIn(view: CandidateView, progress: CheckInProgress): CandidateView {
  const next = { ...view, checkIn: progress, trouble: null };
  if (!view.me || view.me.state === progress.state) return next;
  return withMe(next, { ...view.me, state: progress.state });
}

function addWarning(warnings: ShownWarning[], warning: ShownWarning): ShownWarning[] {
  const known = warnings.some(({ code }) => code === warning.code);
  return known
    ? warnings.map((each) => (each.code === warning.code ? warning : each))
    : [...warnings, warning];
}
