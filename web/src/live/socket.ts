import { asApiError } from "../api/http";
import { backoffMs } from "./backoff";
import type { Cancel, Clock } from "./clock";
import type { ClientMessage, ConnectionState, Hello, ServerMessage } from "./protocol";
import { Store } from "./store";

const PING_MS = 3000;
const DEAD_MS = 7000;
/** The server heard more letters than a page has reason to send. */
const TOO_MANY = 4429;
const TOO_MANY_ATTEMPT = 5;
const FINAL: Record<number, ConnectionState> = { 4409: "taken_over", 4410: "closed", 4411: "removed" };

export interface SocketOptions<E> {
  ticket: () => Promise<{ ticket: string }>;
  clock: Clock;
  onMessage: (message: ServerMessage<E>) => void;
  open?: (url: string) => WebSocket;
  random?: () => number;
  origin?: string;
}

/** One live connection to the server that heals itself until it is told, or has a reason, to stop. */
export class LiveSocket<E> {
  readonly state = new Store<ConnectionState>("connecting");
  private socket: WebSocket | null = null;
  private cursor: number | null = null;
  private attempt = 0;
  private round = 0;
  private lastHeard = 0;
  private lastBeat = 0;
  private cancelTimer: Cancel = () => {};

  constructor(private readonly options: SocketOptions<E>) {}

  /** `since`: the newest event already known, so that only the missed ones are sent. */
  start(since: number | null): void {
    this.cursor = since;
    this.state.set("connecting");
    void this.connect();
  }

  stop(): void {
    this.finish("stopped");
  }

  /** The network came back: do not sit out the rest of the back-off. */
  hurry(): void {
    if (this.state.get() !== "reconnecting" || this.socket) return;
    this.attempt = 0;
    void this.connect();
  }

  advance(cursor: number): void {
    this.cursor = Math.max(this.cursor ?? 0, cursor);
  }

  send(message: ClientMessage): boolean {
    if (this.socket?.readyState !== 1) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  private async connect(): Promise<void> {
    const round = ++this.round;
    this.cancelTimer();
    let ticket: string;
    try {
      ticket = (await this.options.ticket()).ticket;
    } catch (error) {
      if (round === this.round) this.ticketRefused(asApiError(error));
      return;
    }
    if (round === this.round) this.open(ticket);
  }

  private ticketRefused(error: { status: number; transient: boolean }): void {
    if (error.status === 410) this.finish("closed");
    else if (error.status === 409) this.finish("taken_over");
    else if (error.status === 401 || error.status === 403 || error.status === 404) this.finish("signed_out");
    else this.retry();
  }

  private open(ticket: string): void {
    const socket = this.makeSocket(this.url(ticket));
    this.socket = socket;
    this.lastHeard = this.options.clock.now();
    socket.onmessage = (event) => this.receive(String(event.data));
    socket.onclose = (event) => this.closed(event.code);
    this.beatLater();
  }

  private makeSocket(url: string): WebSocket {
    return this.options.open ? this.options.open(url) : new WebSocket(url);
  }

  private url(ticket: string): string {
    const base = (this.options.origin ?? window.location.origin).replace(/^http/, "ws");
    const since = this.cursor === null ? "" : `&since=${this.cursor}`;
    return `${base}/api/v1/live?ticket=${encodeURIComponent(ticket)}${since}`;
  }

  private receive(data: string): void {
    this.lastHeard = this.options.clock.now();
    let message: ServerMessage<E>;
    try {
      message = JSON.parse(data) as ServerMessage<E>;
    } catch {
      return;
    }
    if (message.type === "hello") this.greeted(message);
    else if (message.type === "event") {
      if (this.cursor !== null && message.seq <= this.cursor) return;
      this.cursor = message.seq;
    }
    if (message.type !== "pong") this.options.onMessage(message);
  }

  private greeted(hello: Hello): void {
    this.attempt = 0;
    this.state.set("online");
    const knewNothing = this.cursor === null;
    const serverStartedOver = this.cursor !== null && hello.cursor < this.cursor;
    if (knewNothing || serverStartedOver) this.cursor = hello.cursor;
    if (serverStartedOver) this.options.onMessage({ type: "resync" });
  }

  private beatLater(): void {
    this.cancelTimer();
    this.lastBeat = this.options.clock.now();
    const untilDead = this.lastHeard + DEAD_MS - this.lastBeat;
    this.cancelTimer = this.options.clock.after(Math.min(PING_MS, Math.max(untilDead, 200)), () =>
      this.beat(),
    );
  }

  private beat(): void {
    const now = this.options.clock.now();
    const asleep = now - this.lastBeat > DEAD_MS;
    // After a sleep or a frozen tab the silence was ours: ask once more before giving the line up.
    if (asleep) this.lastHeard = Math.max(this.lastHeard, now - PING_MS);
    if (now - this.lastHeard >= DEAD_MS) {
      this.drop();
      this.retry();
      return;
    }
    this.send({ type: "ping" });
    this.beatLater();
  }

  private closed(code: number): void {
    this.drop();
    const final = FINAL[code];
    if (final) {
      this.finish(final);
      return;
    }
    if (code === TOO_MANY) this.attempt = Math.max(this.attempt, TOO_MANY_ATTEMPT);
    if (code === 4008) this.options.onMessage({ type: "resync" });
    this.retry();
  }

  private retry(): void {
    this.state.set("reconnecting");
    const wait = backoffMs(this.attempt++, this.options.random ?? Math.random);
    this.cancelTimer();
    this.cancelTimer = this.options.clock.after(wait, () => void this.connect());
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  private finish(state: ConnectionState): void {
    this.round++;
    this.cancelTimer();
    this.drop();
    this.state.set(state);
  }
}
