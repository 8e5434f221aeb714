import { client, content } from "./http";

const PROCTORS = "/api/v1/sessions/{session_id}/proctors";
const of = (session_id: string) => ({ params: { path: { session_id } } });

export const signInByPassword = (name: string, password: string) =>
  content(client.POST("/api/v1/sign-in/password", { body: { name, password } }));
export const waysToSignIn = () => content(client.GET("/api/v1/sign-in/ways"));

export const listProctors = (id: string) => content(client.GET(PROCTORS, of(id)));
export const inviteProctor = (id: string, name: string, valid_hours: number) =>
  content(client.POST(PROCTORS, { ...of(id), body: { name, valid_hours } }));
export const revokeProctor = (session_id: string, proctor_invite_id: string) =>
  content(
    client.DELETE(`${PROCTORS}/{proctor_invite_id}`, { params: { path: { session_id, proctor_invite_id } } }),
  );

export const showProctorInvite = (token: string) =>
  content(client.POST("/api/v1/proctor-invites/show", { body: { token } }));
export const acceptProctorInvite = (token: string) =>
  content(client.POST("/api/v1/proctor-invites/accept", { body: { token } }));
