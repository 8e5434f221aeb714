import { client, content } from "./http";
import type { ActKind, Decision, MessageKind, NewAccommodations, NewSession } from "./types";

const SESSION = "/api/v1/sessions/{session_id}";
const one = (session_id: string) => ({ params: { path: { session_id } } });
const person = (candidate_id: string) => ({ params: { path: { candidate_id } } });
const record = (incident_id: string) => ({ params: { path: { incident_id } } });

export const signIn = (token: string) => content(client.POST("/api/v1/sign-in", { body: { token } }));
export const signOut = () => content(client.POST("/api/v1/sign-out"));
export const whoAmI = () => content(client.GET("/api/v1/me"));

export const listSessions = () => content(client.GET("/api/v1/sessions"));
export const createSession = (body: NewSession) => content(client.POST("/api/v1/sessions", { body }));
export const closeSession = (id: string) => content(client.POST(`${SESSION}/close`, one(id)));
export const loadSnapshot = (id: string) => content(client.GET(`${SESSION}/snapshot`, one(id)));
export const olderIncidents = (session_id: string, before: string) =>
  content(
    client.GET(`${SESSION}/incidents`, { params: { path: { session_id }, query: { before, limit: 50 } } }),
  );
export const liveTicket = (session_id: string, page: string) =>
  content(client.POST("/api/v1/tickets", { body: { session_id, page } }));
export const mediaGrant = (id: string, page: string, candidate_id?: string) =>
  content(client.POST(`${SESSION}/media`, { ...one(id), body: { page, candidate_id } }));
export const listMedia = () => content(client.GET("/api/v1/media"));

export const messageAll = (id: string, kind: MessageKind, text: string) =>
  content(client.POST(`${SESSION}/messages`, { ...one(id), body: { kind, text } }));
export const messageOne = (id: string, kind: MessageKind, text: string) =>
  content(client.POST("/api/v1/candidates/{candidate_id}/messages", { ...person(id), body: { kind, text } }));
export const decideCheckIn = (id: string, decision: "approve" | "retake", reason?: string) =>
  content(
    client.POST("/api/v1/candidates/{candidate_id}/check-in-decision", {
      ...person(id),
      body: { decision, reason },
    }),
  );

/** `command`: made up once for this act, so that asking again does nothing twice. */
export const actOn = (id: string, act: ActKind, reason: string, command: string) =>
  content(
    client.POST("/api/v1/candidates/{candidate_id}/acts", { ...person(id), body: { act, reason, command } }),
  );
export const loadPrecision = () => content(client.GET("/api/v1/precision"));
export const setAccommodations = (id: string, body: NewAccommodations) =>
  content(client.PUT("/api/v1/candidates/{candidate_id}/accommodations", { ...person(id), body }));

export const decideIncident = (id: string, decision: Decision, reason: string) =>
  content(
    client.POST("/api/v1/incidents/{incident_id}/decisions", { ...record(id), body: { decision, reason } }),
  );
export const undoDecision = (id: string) =>
  content(client.DELETE("/api/v1/incidents/{incident_id}/decisions/latest", record(id)));

export const referencePhotoUrl = (candidateId: string) => `/api/v1/candidates/${candidateId}/reference-photo`;
export const stillUrl = (candidateId: string, version: string | null) =>
  `/api/v1/candidates/${candidateId}/still?v=${encodeURIComponent(version ?? "0")}`;
