import { call } from "./http";
import type { CheckInProgress, FrameReply, JoinInfo, Message, MyCandidate, Ticket } from "./types";

const join = (code: string) => `/join/${encodeURIComponent(code)}`;
const me = "/candidates/me";

export const joinInfo = (code: string) => call<JoinInfo>(join(code));
export const joinExam = (code: string, name: string, version: string) =>
  call<{ candidate: MyCandidate; token: string }>(join(code), {
    method: "POST",
    json: { name, consent: { version, accepted: true } },
  });

/** Everything one candidate may ask of the server, bound to that candidate's token and this page's tab id. */
export class CandidateApi {
  constructor(
    private readonly token: string,
    private readonly tab: string,
  ) {}

  me = () => call<MyCandidate>(me, { token: this.token });
  enter = () => this.post<MyCandidate>("/enter");
  leave = () => this.post<MyCandidate>("/leave");
  askProctor = (note: string) => this.post<MyCandidate>("/ask-proctor", note ? { note } : {});
  say = (text: string) => this.post<Message>("/messages", { text });

  putPhoto = (image: Blob) =>
    call<MyCandidate>(`${me}/reference-photo`, {
      method: "PUT",
      image,
      token: this.token,
      timeoutMs: 40_000,
    });

  checkInFrame = (image: Blob) =>
    call<CheckInProgress>(`${me}/check-in-frames`, { method: "POST", image, ...this.identity() });

  frame = (image: Blob) => call<FrameReply>(`${me}/frames`, { method: "POST", image, ...this.identity() });

  ticket = () =>
    call<Ticket>("/tickets", {
      method: "POST",
      json: { tab: this.tab },
      token: this.token,
      timeoutMs: 8_000,
    });

  private identity() {
    return { token: this.token, headers: { "X-Invigil-Tab": this.tab } };
  }

  private post<T>(path: string, json: unknown = {}): Promise<T> {
    return call<T>(`${me}${path}`, { method: "POST", json, token: this.token });
  }
}
