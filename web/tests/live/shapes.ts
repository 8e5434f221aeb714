import type { Candidate, ExamSession, Incident, Message, MyCandidate, Snapshot } from "../../src/api/types";

export const T0 = Date.parse("2026-11-22T10:00:00Z");
export const at = (seconds: number) => new Date(T0 + seconds * 1000).toISOString();

export function incident(id: string, part: Partial<Incident> = {}): Incident {
  return {
    id,
    candidate_id: "c1",
    candidate_name: "Amina",
    kind: "multiple_faces",
    severity: "high",
    state: "open",
    started_at: at(0),
    ended_at: null,
    detail: { max_faces: 2, comparison: null, cause: null },
    evidence: [],
    evidence_missing: null,
    reference_photo_url: null,
    decision: null,
    opinions: [],
    answer: null,
    source: "rules",
    updated_at: at(0),
    ...part,
  };
}

export function candidate(id: string, part: Partial<Candidate> = {}): Candidate {
  return {
    id,
    name: `Name of ${id}`,
    state: "in_room",
    joined_at: at(0),
    removed_before: null,
    last_frame_at: at(0),
    live: null,
    online: true,
    camera: "ok",
    has_reference_photo: true,
    has_still: false,
    template: "session",
    waiting_reason: null,
    note: null,
    state_since: null,
    state_reason: null,
    next_frame_ms: 5000,
    identity_check: "software",
    accommodations: {
      detectors_off: [],
      sampling_interval_s: null,
      breaks: 0,
      break_minutes: 0,
      extra_time_percent: 0,
      words: [],
    },
    ...part,
  };
}

export const session: ExamSession = {
  id: "s1",
  title: "Mathematics",
  sampling_interval_s: 5,
  retention_days: 30,
  exam_url: null,
  second_reviewer: false,
  own_incidents: "never",
  answer_days: 7,
  created_at: at(0),
  closed_at: null,
  join_url: "https://exam.test/join/abc",
  candidates_in_room: 0,
  open_incidents: 0,
  unreviewed_incidents: 0,
  holds: 0,
  unattended_since: null,
  media: { id: "builtin", isolation: "structural", talkback: true, max_viewers_hint: 3 },
  invited_only: false,
  face_matching: true,
};

export function message(id: string, part: Partial<Message> = {}): Message {
  return { id, candidate_id: "c1", from: "proctor", kind: "message", text: "Hello", sent_at: at(0), ...part };
}

export function snapshot(part: Partial<Snapshot> = {}): Snapshot {
  return {
    session,
    candidates: [],
    incidents: [],
    more_incidents: false,
    messages: [],
    system: { storage: "ok", analysis: "ok", interval_factor: 1, text: null },
    cursor: 10,
    gaps: [],
    ...part,
  };
}

export function myCandidate(part: Partial<MyCandidate> = {}): MyCandidate {
  return {
    id: "c1",
    name: "Amina",
    state: "joined",
    session: { ...session, closed: false },
    has_reference_photo: false,
    needed_frames: 3,
    retake_reason: null,
    state_since: null,
    state_reason: null,
    messages: [],
    face_compared: true,
    accommodations: [],
    ...part,
  };
}
