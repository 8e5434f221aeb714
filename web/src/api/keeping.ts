import { client, content } from "./http";

const HOLDS = "/api/v1/sessions/{session_id}/holds";
const of = (session_id: string) => ({ params: { path: { session_id } } });

export const listHolds = (session_id: string) => content(client.GET(HOLDS, of(session_id)));
export const setHold = (session_id: string, candidate_id: string, reason: string) =>
  content(client.POST(HOLDS, { ...of(session_id), body: { candidate_id, reason } }));
export const releaseHold = (hold_id: string) =>
  content(client.DELETE("/api/v1/holds/{hold_id}", { params: { path: { hold_id } } }));

/** For good. Refused while there is a hold, and in the middle of an exam. */
export const eraseCandidate = (candidate_id: string) =>
  content(client.DELETE("/api/v1/candidates/{candidate_id}", { params: { path: { candidate_id } } }));
