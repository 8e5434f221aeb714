import type { FrameNumber } from "../live/frame-numbers";
import { client, content, imageBody } from "./http";

const path = (code: string) => ({ params: { path: { code } } });

export const joinInfo = (code: string) => content(client.GET("/api/v1/join/{code}", path(code)));
/** `name`: null with a personal link, whose list has it. */
export const joinExam = (code: string, name: string | null, version: string, compareFace: boolean) =>
  content(
    client.POST("/api/v1/join/{code}", {
      ...path(code),
      body: { name, consent: { version, accepted: true, compare_face: compareFace } },
    }),
  );

/** Everything one candidate may ask of the server, bound to that candidate's token and this page's tab id. */
export class CandidateApi {
  private readonly headers: { Authorization: string };

  constructor(
    token: string,
    private readonly tab: string,
  ) {
    this.headers = { Authorization: `Bearer ${token}` };
  }

  me = () => content(client.GET("/api/v1/candidates/me", { headers: this.headers }));
  enter = () => content(client.POST("/api/v1/candidates/me/enter", { headers: this.headers }));
  stopComparing = () =>
    content(client.POST("/api/v1/candidates/me/stop-comparing", { headers: this.headers }));
  leave = () => content(client.POST("/api/v1/candidates/me/leave", { headers: this.headers }));

  mediaGrant = () => content(client.POST("/api/v1/candidates/me/media", { headers: this.headers }));

  ownIncidents = () => content(client.GET("/api/v1/candidates/me/incidents", { headers: this.headers }));

  answerIncident = (incident_id: string, text: string) =>
    content(
      client.POST("/api/v1/candidates/me/incidents/{incident_id}/answer", {
        headers: this.headers,
        params: { path: { incident_id } },
        body: { text },
      }),
    );

  /** The bytes of a picture: an address alone opens nothing. */
  ownEvidence = (incident_id: string, evidence_id: string) =>
    content(
      client.GET("/api/v1/candidates/me/incidents/{incident_id}/evidence/{evidence_id}", {
        headers: this.headers,
        params: { path: { incident_id, evidence_id } },
        parseAs: "blob",
      }),
    ) as Promise<Blob>;

  askProctor = (note: string) =>
    content(
      client.POST("/api/v1/candidates/me/ask-proctor", {
        headers: this.headers,
        body: { note: note || null },
      }),
    );

  say = (text: string) =>
    content(client.POST("/api/v1/candidates/me/messages", { headers: this.headers, body: { text } }));

  putPhoto = (image: Blob) =>
    content(client.PUT("/api/v1/candidates/me/reference-photo", this.withImage(image)));

  checkInFrame = (image: Blob) =>
    content(client.POST("/api/v1/candidates/me/check-in-frames", this.withImage(image)));

  frameWindow = () =>
    content(
      client.POST("/api/v1/candidates/me/frame-windows", {
        headers: { ...this.headers, "X-Invigil-Tab": this.tab },
      }),
    );

  frame = (image: Blob, { nonce, seq }: FrameNumber) => {
    const { headers, ...body } = this.withImage(image);
    const numbered = { ...headers, "X-Frame-Nonce": nonce, "X-Frame-Seq": String(seq) };
    return content(client.POST("/api/v1/candidates/me/frames", { ...body, headers: numbered }));
  };

  /**
   * `takeOver`: this tab becomes the one in use. A mere reconnect asks without, so that the newest tab wins.
   * `insteadOf`: only where that tab is in use.
   */
  ticket = (takeOver: boolean, insteadOf?: string) =>
    content(
      client.POST("/api/v1/candidates/me/tickets", {
        headers: this.headers,
        body: { tab: this.tab, take_over: takeOver, ...(insteadOf && { instead_of: insteadOf }) },
      }),
    );

  private withImage(image: Blob) {
    const body = imageBody(image);
    return { ...body, headers: { ...this.headers, ...body.headers, "X-Invigil-Tab": this.tab } };
  }
}
