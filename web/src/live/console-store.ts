import { asApiError } from "../api/http";
import { eraseCandidate } from "../api/keeping";
import * as api from "../api/proctor";
import type {
  ActKind,
  Decision,
  ExamSession,
  Incident,
  KindPrecision,
  MessageKind,
  NewAccommodations,
} from "../api/types";
import { backoffMs } from "./backoff";
import { playsProctor } from "./candidate-status";
import { type Clock, steadyClock } from "./clock";
import { Watching } from "./connect";
import {
  type ConsoleView,
  emptyConsole,
  fromSnapshot,
  withCandidate,
  withIncident,
  withMessages,
  withOlder,
  withPresence,
  withProctorEvent,
  withTile,
} from "./console-state";
import { randomUuid } from "./ids";
import type { EventMessage, ProctorEvent, ServerMessage } from "./protocol";
import { LiveSocket } from "./socket";
import { Store } from "./store";

/** One open exam session on the proctor's screen: the snapshot, kept current by events. */
export class ConsoleStore {
  readonly view = new Store<ConsoleView>(emptyConsole);
  /** How people decided about each kind of incident so far. */
  readonly precision = new Store<readonly KindPrecision[]>([]);
  readonly socket: LiveSocket<ProctorEvent>;
  readonly viewers: Watching;
  private readonly clock: Clock;
  private loading = false;
  private early: EventMessage<ProctorEvent>[] = [];
  private attempt = 0;
  private stopped = false;

  constructor(
    readonly sessionId: string,
    /** Told of each event that is new, once; not of those that a snapshot already holds. */
    private readonly onNews: (event: ProctorEvent) => void = () => {},
    clock?: Clock,
  ) {
    this.clock = clock ?? steadyClock();
    const page = randomUuid();
    this.socket = new LiveSocket<ProctorEvent>({
      clock: this.clock,
      ticket: () => api.liveTicket(sessionId, page),
      onMessage: (message) => this.heard(message),
    });
    this.viewers = new Watching({
      epoch: randomUuid(),
      clock: this.clock,
      grant: (candidateId) => api.mediaGrant(sessionId, page, candidateId),
      send: (to, signal) => this.socket.send({ type: "signal", to, signal }),
    });
    this.view.subscribe(() => this.endTalk());
  }

  start(): void {
    window.addEventListener("online", this.networkBack);
    void this.reload().then(() => {
      if (!this.stopped && this.view.get().status === "ready") this.socket.start(this.view.get().cursor);
    });
  }

  stop(): void {
    this.stopped = true;
    window.removeEventListener("online", this.networkBack);
    this.socket.stop();
    this.viewers.close();
  }

  async decide(incidentId: string, decision: Decision, reason: string): Promise<void> {
    this.keep(await api.decideIncident(incidentId, decision, reason));
  }

  async undo(incidentId: string): Promise<void> {
    this.keep(await api.undoDecision(incidentId));
  }

  async act(candidateId: string, act: ActKind, reason: string, command: string): Promise<void> {
    const candidate = await api.actOn(candidateId, act, reason, command);
    this.view.set(withCandidate(this.view.get(), candidate));
  }

  async checkIn(candidateId: string, decision: "approve" | "retake", reason?: string): Promise<void> {
    const candidate = await api.decideCheckIn(candidateId, decision, reason);
    this.view.set(withCandidate(this.view.get(), candidate));
  }

  async arrange(candidateId: string, arranged: NewAccommodations): Promise<void> {
    const candidate = await api.setAccommodations(candidateId, arranged);
    this.view.set(withCandidate(this.view.get(), candidate));
  }

  async say(candidateId: string | null, kind: MessageKind, text: string): Promise<number> {
    const messages = candidateId
      ? [await api.messageOne(candidateId, kind, text)]
      : (await api.messageAll(this.sessionId, kind, text)).messages;
    this.view.set(withMessages(this.view.get(), messages));
    return messages.length;
  }

  async loadOlder(): Promise<void> {
    const oldest = this.view.get().incidents.at(-1);
    if (!oldest) return;
    const { incidents, more } = await api.olderIncidents(this.sessionId, oldest.id);
    this.view.set(withOlder(this.view.get(), incidents, more));
  }

  async closeSession(): Promise<void> {
    const session = await api.closeSession(this.sessionId);
    this.view.patch({ session });
  }

  /** `later`: some of it is deleted only when its store is back. */
  async erase(candidateId: string): Promise<{ later: boolean }> {
    const erased = await eraseCandidate(candidateId);
    await this.reload();
    return erased;
  }

  /** The proctor's microphone never stays on for somebody who is out of the exam. */
  private endTalk(): void {
    const id = this.viewers.talkingTo.get();
    if (id === null) return;
    const { candidates, session } = this.view.get();
    const candidate = candidates.find((each) => each.id === id);
    if (!candidate || !playsProctor(candidate, session)) this.viewers.loseTalk();
  }

  private keep(incident: Incident): void {
    this.view.set(withIncident(this.view.get(), incident));
    this.loadPrecision();
  }

  /** It is a help for deciding: without it everything else works. */
  private loadPrecision(): void {
    api.loadPrecision().then(
      ({ kinds }) => this.precision.set(kinds),
      () => {},
    );
  }

  private heard(message: ServerMessage<ProctorEvent>): void {
    switch (message.type) {
      case "hello":
      case "peer_joined":
      case "peer_left":
      case "signal":
        this.viewers.heard(message);
        break;
      case "event":
        this.happened(message);
        break;
      case "tile":
        this.view.set(withTile(this.view.get(), message));
        break;
      case "presence":
        this.view.set(withPresence(this.view.get(), message.candidate_id, message.online));
        break;
      case "system":
        this.view.patch({ system: message.system });
        break;
      case "resync":
        void this.reload();
        break;
      case "pong":
        break;
    }
  }

  private happened(message: EventMessage<ProctorEvent>): void {
    if (this.loading) {
      this.early.push(message);
      return;
    }
    const before = this.view.get();
    const fresh = message.seq > before.cursor;
    this.view.set(withProctorEvent(this.view.get(), message));
    if (!fresh) return;
    this.onNews(message.event);
    // Nothing of the session itself is new: somebody was erased, whose name must go from here as well.
    if (message.event.kind === "session_changed" && sameSession(before.session, message.event.session)) {
      void this.reload();
    }
  }

  /** Take the whole picture again. Events that come meanwhile wait, so that none is lost or applied twice. */
  private async reload(): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    try {
      const snapshot = await api.loadSnapshot(this.sessionId);
      this.attempt = 0;
      this.view.set(fromSnapshot(snapshot));
      this.loadPrecision();
      this.socket.advance(snapshot.cursor);
    } catch (error) {
      await this.loadFailed(asApiError(error));
    } finally {
      this.loading = false;
      const early = this.early;
      this.early = [];
      for (const message of early) this.happened(message);
    }
  }

  private async loadFailed(error: { status: number; transient: boolean }): Promise<void> {
    if (error.status === 401) this.view.patch({ status: "signed_out" });
    else if (error.status === 404) this.view.patch({ status: "not_found" });
    else if (!this.stopped) {
      if (this.view.get().session === null) this.view.patch({ status: "failed" });
      await new Promise<void>((done) => {
        this.clock.after(backoffMs(this.attempt++, Math.random, 500, 5000), done);
      });
      this.loading = false;
      await this.reload();
    }
  }

  private readonly networkBack = () => {
    this.socket.hurry();
    this.viewers.networkChanged();
  };
}

function sameSession(before: ExamSession | null, after: ExamSession): boolean {
  return (["holds", "closed_at", "invited_only"] as const).every((key) => before?.[key] === after[key]);
}
