/** Short names for the shapes that the server describes; `npm run gen` writes schema.gen.ts from openapi.json. */
import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type CandidateStage = Schemas["CandidateState"];
export type FrameReason = Schemas["Unusable"];
export type Identity = Schemas["Identity"];
export type CameraState = Schemas["CameraClaim"];
export type IncidentKind = Schemas["IncidentKind"];
export type Severity = Schemas["Severity"];
export type Decision = Schemas["Decision"];
export type MessageKind = Schemas["MessageKind"];
export type GapCause = Schemas["GapCause"];
export type ErrorBody = Schemas["ErrorBody"];
export type Proctor = Schemas["ProctorOut"];
export type Invite = Schemas["InviteOut"];
export type InviteShown = Schemas["InviteShown"];
export type ExamSession = Schemas["ExamSession"];
export type JoinSession = Schemas["MySession"];
export type JoinInfo = Schemas["JoinInfo"];
export type Message = Schemas["Message-Output"];
export type MyCandidate = Schemas["MyCandidate-Output"];
export type CheckInProgress = Schemas["CheckInProgress"];
export type Warning = Schemas["Warning"];
export type FrameReply = Schemas["FrameReply"];
export type LiveFacts = Schemas["LiveFacts"];
export type Candidate = Schemas["Candidate"];
export type Incident = Schemas["Incident"];
export type Gap = Schemas["Gap"];
export type SystemStatus = Schemas["SystemStatus"];
export type MediaGrant = Schemas["MediaGrant"];
export type MediaProvider = Schemas["MediaProvider"];
export type MediaProviders = Schemas["MediaProviders"];
export type Snapshot = Schemas["Snapshot"];

export interface NewSession {
  title: string;
  sampling_interval_s: number;
  retention_days: number;
  exam_url: string | null;
  /** Who carries live video; null leaves it to the server. */
  provider: string | null;
}
