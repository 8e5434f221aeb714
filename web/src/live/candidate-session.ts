import { CandidateApi, joinExam, joinInfo } from "../api/candidate";
import { type ApiError, asApiError } from "../api/http";
import type { MyCandidate } from "../api/types";
import { Asking } from "./asking";
import { backoffMs } from "./backoff";
import { CandidateMedia } from "./candidate-media";
import { followStep, makePumps, type Pumps } from "./candidate-pumps";
import { blank, type CandidateView, refused, withEvent, withMe, withMessage } from "./candidate-state";
import { type Clock, steadyClock } from "./clock";
import { randomUuid } from "./ids";
import { insist } from "./insist";
import { type CandidateEvent, isForMedia, type ServerMessage } from "./protocol";
import { LiveSocket } from "./socket";
import { Store } from "./store";
import { TabTurn } from "./tab-turn";
import { tokenStore } from "./token-store";

/** Refusals that say that the page has missed a change of state. */
const OVER = new Set(["not_in_room", "paused", "removed"]);

/** Everything the candidate's page does, from opening the join link to the end of the exam. */
export class CandidateSession {
  readonly view = new Store<CandidateView>(blank);
  readonly media: CandidateMedia;
  private readonly tab = randomUuid();
  private readonly clock: Clock;
  private api: CandidateApi | null = null;
  private socket: LiveSocket<CandidateEvent> | null = null;
  private greeted = false;
  /** This page has just been opened by hand, so it is the tab to use; a reconnect is not. */
  private claiming = true;
  private attempt = 0;
  private readonly pumps: Pumps;
  private readonly asking: Asking;

  constructor(
    private readonly code: string,
    clock?: Clock,
  ) {
    this.clock = clock ?? steadyClock();
    this.media = new CandidateMedia({
      clock: this.clock,
      send: (to, signal) => this.socket?.send({ type: "signal", to, signal }),
      grant: () => this.requireApi().mediaGrant(),
      onClaim: (state, device) => this.socket?.send({ type: "camera", state, ...device }),
    });
    this.pumps = makePumps(this.media, {
      view: this.view,
      clock: this.clock,
      api: () => this.requireApi(),
      onRefused: (error) => this.refused(error),
    });
    this.asking = new Asking(
      this.clock,
      () => void this.refresh(),
      () => this.reconnect(),
    );
    new TabTurn(this.tab, {
      view: this.view,
      clock: this.clock,
      take: (insteadOf) => this.requireApi().ticket(true, insteadOf),
      onTurn: () => this.continueHere(false),
    });
    this.view.subscribe(() => this.follow());
    this.media.camera.view.subscribe(() => this.follow());
    window.addEventListener("online", () => this.socket?.hurry());
  }

  async load(): Promise<void> {
    const resume = tokenStore.load(this.code);
    if (!resume) return this.loadJoinInfo();
    this.adoptToken(resume.token);
    await this.refresh();
  }

  async join(name: string | null, compareFace: boolean): Promise<void> {
    const { consent, invite } = this.view.get().join ?? {};
    if (!consent) return;
    await this.attemptTo(async () => {
      const { candidate, token } = await joinExam(this.code, name, consent.version, compareFace);
      tokenStore.save(this.code, { sessionId: candidate.session.id, token }, Boolean(invite));
      this.adoptToken(token);
      return candidate;
    });
    if (this.view.get().refusal?.code === "consent_outdated") await this.loadJoinInfo();
  }

  readonly confirmCamera = () => this.view.patch({ cameraConfirmed: true });
  readonly clearRefusal = () => this.view.patch({ refusal: null });
  readonly sendPhoto = (image: Blob) => this.insistOn((api) => api.putPhoto(image));
  readonly askProctor = (note: string) => this.insistOn((api) => api.askProctor(note));
  readonly enter = () => this.insistOn((api) => api.enter());
  readonly stopComparing = () => this.insistOn((api) => api.stopComparing());
  readonly finish = () => this.insistOn((api) => api.leave());

  async say(text: string): Promise<void> {
    if (!this.api) return;
    const message = await this.api.say(text);
    this.view.set(withMessage(this.view.get(), message));
  }

  /** This tab takes the exam back from the other one. Not `claiming`: it has it already. */
  continueHere(claiming = true): void {
    this.view.patch({ phase: "loading" });
    void this.refresh().then(() => this.reconnect(claiming));
  }

  /** For what the candidate reads of the own exam when it is over. */
  reader(): CandidateApi {
    return this.requireApi();
  }

  private reconnect(claiming = true): void {
    this.greeted = false;
    this.claiming = claiming;
    this.socket?.start(null);
  }

  private adoptToken(token: string): void {
    this.api = new CandidateApi(token, this.tab);
    this.socket?.stop();
    const api = this.api;
    const socket = new LiveSocket<CandidateEvent>({
      clock: this.clock,
      ticket: () => api.ticket(this.claiming),
      onMessage: (message) => this.heard(message),
    });
    this.socket = socket;
    socket.state.subscribe(() => this.connectionChanged());
    this.greeted = false;
    socket.start(null);
  }

  private async loadJoinInfo(): Promise<void> {
    try {
      const join = await joinInfo(this.code);
      this.attempt = 0;
      this.view.patch({ join, phase: join.session.closed ? "closed" : "open" });
    } catch (error) {
      this.loadFailed(asApiError(error), () => void this.loadJoinInfo());
    }
  }

  private loadFailed(error: ApiError, again: () => void): void {
    if (refused(error).phase) this.view.patch(refused(error));
    else if (error.status === 404) this.view.patch({ phase: "unknown_link" });
    else {
      if (this.view.get().phase === "loading") this.view.patch({ phase: "unreachable" });
      this.clock.after(backoffMs(this.attempt++, Math.random, 500, 5000), again);
    }
  }

  private async refresh(): Promise<void> {
    if (!this.api) return;
    try {
      const me = await this.api.me();
      this.attempt = 0;
      const view = this.view.get();
      this.view.set(withMe(view.phase === "taken_over" ? view : { ...view, phase: "open" }, me));
    } catch (reason) {
      const error = asApiError(reason);
      if (error.status === 401 || error.status === 404) this.tokenRefused();
      else this.loadFailed(error, () => void this.refresh());
    }
  }

  private tokenRefused(): void {
    tokenStore.forget(this.code);
    this.socket?.stop();
    this.api = null;
    this.view.patch({ me: null, phase: "loading", cameraConfirmed: false });
    void this.loadJoinInfo();
  }

  private insistOn(act: (api: CandidateApi) => Promise<MyCandidate>): Promise<boolean> {
    return this.attemptTo(() => insist(this.clock, () => act(this.requireApi())));
  }

  private async attemptTo(act: () => Promise<MyCandidate>): Promise<boolean> {
    this.view.patch({ busy: true, refusal: null });
    try {
      const me = await act();
      this.view.set(withMe(this.view.get(), me));
      return true;
    } catch (reason) {
      const error = asApiError(reason);
      this.view.patch(refused(error));
      if (error.status === 409 && this.api) void this.refresh();
      return false;
    } finally {
      this.view.patch({ busy: false });
    }
  }

  private heard(message: ServerMessage<CandidateEvent>): void {
    const { live } = this.media;
    if (message.type === "hello") {
      live.heard(message);
      const claim = this.media.claim();
      if (claim) this.socket?.send({ type: "camera", state: claim, ...this.media.device() });
      if (!this.greeted) void this.refresh();
      this.greeted = true;
      this.claiming = false;
    } else if (message.type === "event") this.happened(message.event);
    else if (message.type === "resync") void this.refresh();
    else if (isForMedia(message)) live.heard(message);
  }

  private happened(event: CandidateEvent): void {
    if (event.kind === "taken_over" && event.tab !== this.tab) this.takenOver();
    else this.view.set(withEvent(this.view.get(), event, this.clock.now()));
  }

  private connectionChanged(): void {
    const connection = this.socket?.state.get() ?? "connecting";
    this.view.patch({ connection });
    if (connection === "taken_over") this.takenOver();
    if (connection === "closed") this.ended();
    if ((connection === "signed_out" || connection === "removed") && this.api) void this.refresh();
  }

  private takenOver(): void {
    if (this.view.get().phase === "taken_over") return;
    this.view.patch({ phase: "taken_over" });
    this.socket?.stop();
  }

  private ended(): void {
    if (this.view.get().me?.state !== "finished") this.view.patch({ phase: "closed" });
  }

  private follow(): void {
    followStep(this.view.get(), this.media, this.pumps);
    this.asking.follow(this.view.get().me?.state);
  }

  private requireApi(): CandidateApi {
    if (!this.api) throw new Error("not joined");
    return this.api;
  }

  private refused(error: ApiError): void {
    if (error.code === "taken_over") this.takenOver();
    else if (error.status === 410) this.ended();
    else this.clock.after(OVER.has(error.code) ? 0 : 5000, () => void this.refresh());
  }
}
