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
export type ReviewDecision = Schemas["DecisionOut"];
export type ActKind = Schemas["ActKind"];
export type KindPrecision = Schemas["KindPrecision"];
export type OwnIncident = Schemas["OwnIncident"];
export type OwnIncidentList = Schemas["OwnIncidentList"];
export type OwnIncidentsSetting = Schemas["OwnIncidents"];
export type MessageKind = Schemas["MessageKind"];
export type GapCause = Schemas["GapCause"];
export type ErrorBody = Schemas["ErrorBody"];
export type Proctor = Schemas["ProctorOut"];
export type ProctorInvite = Schemas["ProctorInviteOut"];
export type ProctorInviteShown = Schemas["ProctorInviteShown"];
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
export type Hold = Schemas["Hold"];
export type Gap = Schemas["Gap"];
export type SystemStatus = Schemas["SystemStatus"];
export type MediaGrant = Schemas["MediaGrant"];
export type MediaProvider = Schemas["MediaProvider"];
export type MediaProviders = Schemas["MediaProviders"];
export type Accommodations = Schemas["AccommodationsOut"];
export type NewAccommodations = Schemas["NewAccommodations"];
export type Invite = Schemas["Invite"];
export type InviteState = Schemas["InviteState"];
export type Snapshot = Schemas["Snapshot"];

export interface NewSession {
  title: string;
  sampling_interval_s: number;
  retention_days: number;
  exam_url: string | null;
  /** Off where the cameras are recordings, as in a rehearsal. */
  report_repeats: boolean;
  /** Who carries live video; null leaves it to the server. */
  provider: string | null;
  second_reviewer: boolean;
  own_incidents: OwnIncidentsSetting;
  answer_days: number;
  /** The join link lets nobody in; personal invites do. */
  invited_only: boolean;
  /** Candidates may choose that software compares their face. */
  face_matching: boolean;
}
