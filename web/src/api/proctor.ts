import { call } from "./http";
import type {
  Candidate,
  Decision,
  ExamSession,
  Incident,
  Message,
  MessageKind,
  NewSession,
  Proctor,
  Snapshot,
  Ticket,
} from "./types";

const post = <T>(path: string, json: unknown = {}) => call<T>(path, { method: "POST", json });

export const signIn = (token: string) => post<{ proctor: Proctor }>("/sign-in", { token });
export const signOut = () => post<void>("/sign-out");
export const whoAmI = () => call<{ proctor: Proctor }>("/me");

export const listSessions = () => call<{ sessions: ExamSession[] }>("/sessions");
export const createSession = (session: NewSession) => post<ExamSession>("/sessions", session);
export const closeSession = (id: string) => post<ExamSession>(`/sessions/${id}/close`);
export const loadSnapshot = (id: string) => call<Snapshot>(`/sessions/${id}/snapshot`);
export const olderIncidents = (id: string, before: string) =>
  call<{ incidents: Incident[]; more: boolean }>(`/sessions/${id}/incidents?before=${before}&limit=50`);
export const liveTicket = (sessionId: string) => post<Ticket>("/tickets", { session_id: sessionId });

export const messageAll = (id: string, kind: MessageKind, text: string) =>
  post<{ messages: Message[] }>(`/sessions/${id}/messages`, { kind, text });
export const messageOne = (candidateId: string, kind: MessageKind, text: string) =>
  post<Message>(`/candidates/${candidateId}/messages`, { kind, text });
export const decideCheckIn = (candidateId: string, decision: "approve" | "retake", reason?: string) =>
  post<Candidate>(
    `/candidates/${candidateId}/check-in-decision`,
    reason ? { decision, reason } : { decision },
  );

export const decideIncident = (id: string, decision: Decision, reason: string) =>
  post<Incident>(`/incidents/${id}/decisions`, { decision, reason });
export const undoDecision = (id: string) =>
  call<Incident>(`/incidents/${id}/decisions/latest`, { method: "DELETE" });

export const referencePhotoUrl = (candidateId: string) => `/api/v1/candidates/${candidateId}/reference-photo`;
export const stillUrl = (candidateId: string, version: string | null) =>
  `/api/v1/candidates/${candidateId}/still?v=${encodeURIComponent(version ?? "0")}`;
