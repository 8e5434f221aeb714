import { client, content } from "./http";

const INVITES = "/api/v1/sessions/{session_id}/invites";
const one = (session_id: string) => ({ params: { path: { session_id } } });
const invite = (session_id: string, invite_id: string) => ({ params: { path: { session_id, invite_id } } });

export const listInvites = (id: string) => content(client.GET(INVITES, one(id)));
export const revokeInvite = (id: string, inviteId: string) =>
  content(client.POST(`${INVITES}/{invite_id}/revoke`, invite(id, inviteId)));
export const reissueInvite = (id: string, inviteId: string) =>
  content(client.POST(`${INVITES}/{invite_id}/reissue`, invite(id, inviteId)));
export const setAdmission = (id: string, invited_only: boolean) =>
  content(client.PUT("/api/v1/sessions/{session_id}/admission", { ...one(id), body: { invited_only } }));
export const exportUrl = (id: string) => `/api/v1/sessions/${id}/invites.csv`;

/** `zone`: of times on the list that name none. */
export const importInvites = (session_id: string, list: Blob, zone: string) =>
  content(
    client.POST(INVITES, {
      params: { path: { session_id }, query: { zone } },
      headers: { "Content-Type": "text/csv" },
      // The file as it is; the description of the route can only say that it is text.
      body: list as unknown as string,
      bodySerializer: (body) => body,
    }),
  );
