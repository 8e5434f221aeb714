/** The shapes of the wire contract, as the pages use them. Times are ISO 8601 UTC, ids are 32 hex characters. */

export type CandidateStage =
  | "joined"
  | "checking_in"
  | "waiting_for_proctor"
  | "approved"
  | "in_room"
  | "finished";
export type FrameReason =
  | "no_face"
  | "several_faces"
  | "face_too_small"
  | "too_dark"
  | "too_bright"
  | "blurred"
  | "turned_away";
export type Identity = "match" | "mismatch" | "uncertain" | "not_compared";
export type CameraState = "ok" | "ended" | "muted" | "hidden" | "unknown";
export type IncidentKind = "multiple_faces" | "different_person" | "no_face" | "camera_lost";
export type Severity = "high" | "medium" | "low";
export type Decision = "confirmed" | "dismissed" | "inconclusive";
export type MessageKind = "message" | "warning";

export interface ErrorBody {
  code: string;
  message: string;
  fix?: string | null;
  retry_after_s?: number | null;
}

export interface Proctor {
  id: string;
  name: string;
}

export interface ExamSession {
  id: string;
  title: string;
  sampling_interval_s: number;
  retention_days: number;
  exam_url: string | null;
  created_at: string;
  closed_at: string | null;
  join_url: string;
  candidates_in_room: number;
  open_incidents: number;
  unreviewed_incidents: number;
}

export interface NewSession {
  title: string;
  sampling_interval_s: number;
  retention_days: number;
  exam_url: string | null;
}

export interface JoinSession {
  id: string;
  title: string;
  sampling_interval_s: number;
  retention_days: number;
  exam_url: string | null;
  closed: boolean;
}

export interface JoinInfo {
  session: JoinSession;
  consent: { version: string; text: string[] };
}

export interface Message {
  id: string;
  candidate_id: string;
  from: "proctor" | "candidate" | "system";
  kind: MessageKind;
  text: string;
  sent_at: string;
}

export interface MyCandidate {
  id: string;
  name: string;
  state: CandidateStage;
  session: JoinSession;
  has_reference_photo: boolean;
  needed_frames: number;
  retake_reason: string | null;
  messages: Message[];
}

export interface CheckInProgress {
  state: CandidateStage;
  collected: number;
  needed: number;
  hint: FrameReason | null;
  next_frame_ms: number;
}

export interface Warning {
  code: string;
  text: string;
  fix?: string | null;
}

export interface FrameReply {
  observation: {
    id: string;
    captured_at: string;
    faces: number;
    usable: boolean;
    reason: FrameReason | null;
    identity: Identity;
  };
  warnings: Warning[];
  next_frame_ms: number;
}

export interface LiveFacts {
  faces: number | null;
  usable: boolean;
  reason: FrameReason | null;
  identity: Identity;
}

export interface Candidate {
  id: string;
  name: string;
  state: CandidateStage;
  joined_at: string;
  last_frame_at: string | null;
  live: LiveFacts | null;
  online: boolean;
  camera: CameraState;
  has_reference_photo: boolean;
  has_still: boolean;
  template: "reference" | "session" | "none";
  waiting_reason: string | null;
  note: string | null;
  next_frame_ms: number | null;
}

export interface EvidenceItem {
  id: string;
  url: string;
  captured_at: string;
  sha256: string;
}

export interface ReviewDecision {
  decision: Decision;
  reason: string;
  by: string;
  decided_at: string;
}

export interface Incident {
  id: string;
  candidate_id: string;
  candidate_name: string;
  kind: IncidentKind;
  severity: Severity;
  state: "open" | "closed";
  started_at: string;
  ended_at: string | null;
  detail: {
    max_faces?: number | null;
    comparison?: "does_not_match" | "matches" | "unclear" | null;
    cause?: string | null;
  };
  evidence: EvidenceItem[];
  evidence_missing: "storage_full" | "no_image" | null;
  reference_photo_url: string | null;
  decision: ReviewDecision | null;
  source: "rules" | "classic";
  updated_at: string;
}

export interface Gap {
  candidate_id: string;
  started_at: string;
  ended_at: string | null;
  cause: string;
}

export interface SystemStatus {
  storage: "ok" | "low" | "full";
  analysis: "ok" | "busy" | "paused";
  interval_factor: number;
  text: string | null;
}

export interface Snapshot {
  session: ExamSession;
  candidates: Candidate[];
  incidents: Incident[];
  more_incidents: boolean;
  messages: Message[];
  system: SystemStatus;
  cursor: number;
  gaps: Gap[];
}

export interface Ticket {
  ticket: string;
  expires_in_s: number;
}
