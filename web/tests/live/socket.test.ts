import { beforeEach, describe, expect, it } from "vitest";
import { ApiError } from "../../src/api/http";
import type { ServerMessage } from "../../src/live/protocol";
import { LiveSocket } from "../../src/live/socket";
import { settle, VirtualClock } from "./virtual-clock";

type Event = { kind: "message" };

class FakeSocket {
  readyState = 1;
  sent: string[] = [];
  closedByPage = false;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor(readonly url: string) {}
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.closedByPage = true;
    this.readyState = 3;
  }
  say(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  hello(cursor: number) {
    this.say({ type: "hello", peer: "p", role: "proctor", cursor, ice_servers: [], peers: [] });
  }
  hangUp(code: number) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

let clock: VirtualClock;
let sockets: FakeSocket[];
let heard: ServerMessage<Event>[];
let tickets: number;
let refuse: ApiError | null;
let socket: LiveSocket<Event>;

const newest = () => sockets.at(-1) as FakeSocket;
const seqs = () => heard.flatMap((m) => (m.type === "event" ? [m.seq] : []));
const event = (seq: number) => ({ type: "event", seq, at: "", event: { kind: "message" } });

beforeEach(() => {
  clock = new VirtualClock();
  sockets = [];
  heard = [];
  tickets = 0;
  refuse = null;
  socket = new LiveSocket<Event>({
    clock,
    random: () => 1,
    origin: "https://exam.test",
    ticket: async () => {
      tickets++;
      if (refuse) throw refuse;
      return { ticket: `t${tickets}` };
    },
    open: (url) => {
      const made = new FakeSocket(url);
      sockets.push(made);
      return made as unknown as WebSocket;
    },
    onMessage: (message) => heard.push(message),
  });
});

async function online(since: number | null = null, cursor = 0) {
  socket.start(since);
  await settle();
  newest().hello(cursor);
}

describe("connecting", () => {
  it("asks for the events after the newest one it knows", async () => {
    await online(41, 43);
    expect(newest().url).toBe("wss://exam.test/api/v1/live?ticket=t1&since=41");
    newest().say(event(42));
    newest().say(event(43));
    expect(seqs()).toEqual([42, 43]);
    expect(socket.state.get()).toBe("online");
  });

  it("drops an event that it has seen", async () => {
    await online(0, 3);
    for (const seq of [1, 2, 2, 1, 3]) newest().say(event(seq));
    expect(seqs()).toEqual([1, 2, 3]);
  });

  it("starts at the server's cursor when it knew nothing", async () => {
    await online(null, 7);
    newest().say(event(7));
    newest().say(event(8));
    expect(seqs()).toEqual([8]);
  });

  it("asks for a fresh picture when the server counts from the start again", async () => {
    await online(500, 3);
    expect(heard.map(({ type }) => type)).toEqual(["resync", "hello"]);
    newest().say(event(4));
    expect(seqs()).toEqual([4]);
  });
});

describe("a line that went silent", () => {
  it("is given up after seven seconds, with a new ticket and the newest cursor", async () => {
    await online(0);
    newest().say(event(5));
    await clock.pass(6900);
    expect(sockets).toHaveLength(1);
    expect(newest().sent.filter((text) => text.includes("ping"))).toHaveLength(2);
    await clock.pass(200);
    expect(sockets[0]?.closedByPage).toBe(true);
    expect(socket.state.get()).toBe("reconnecting");
    await clock.pass(300);
    expect(newest().url).toContain("ticket=t2&since=5");
  });

  it("stays while pongs come", async () => {
    await online();
    for (let i = 0; i < 10; i++) {
      await clock.pass(3000);
      newest().say({ type: "pong" });
    }
    expect(sockets).toHaveLength(1);
    expect(heard.some(({ type }) => type === "pong")).toBe(false);
  });

  it("is asked once more after the computer slept", async () => {
    await online();
    await clock.sleep(60_000);
    expect(sockets).toHaveLength(1);
    newest().say({ type: "pong" });
    await clock.pass(3000);
    expect(sockets).toHaveLength(1);
  });

  it("never hears from a socket that it gave up", async () => {
    await online(0);
    const old = newest();
    await clock.pass(7500);
    old.say(event(9));
    expect(seqs()).toEqual([]);
  });
});

describe("close codes", () => {
  it.each([
    [4409, "taken_over"],
    [4410, "closed"],
  ])("%i ends it for good as %s", async (code, state) => {
    await online();
    newest().hangUp(code);
    await clock.pass(60_000);
    expect(socket.state.get()).toBe(state);
    expect(sockets).toHaveLength(1);
  });

  it.each([4401, 1006, 1012, 1013])("%i connects again with a new ticket", async (code) => {
    await online();
    newest().hangUp(code);
    await clock.pass(1000);
    expect(tickets).toBe(2);
    expect(sockets).toHaveLength(2);
  });

  it("4429 connects again, and not at once", async () => {
    await online();
    newest().hangUp(4429);
    await clock.pass(1000);
    expect(sockets).toHaveLength(1);
    await clock.pass(2000);
    expect(sockets).toHaveLength(2);
  });

  it("4008 connects again and reloads", async () => {
    await online();
    newest().hangUp(4008);
    expect(heard.at(-1)?.type).toBe("resync");
    await clock.pass(1000);
    expect(sockets).toHaveLength(2);
  });
});

describe("tickets", () => {
  it("are asked for at most every three seconds while the server is away", async () => {
    refuse = new ApiError(0, "no_answer", "");
    socket.start(null);
    await clock.pass(30_000);
    expect(tickets).toBeGreaterThan(9);
    expect(tickets).toBeLessThan(16);
    refuse = null;
    await clock.pass(3000);
    expect(sockets).toHaveLength(1);
  });

  it("refused because another tab is in use end it", async () => {
    refuse = new ApiError(409, "taken_over", "");
    socket.start(null);
    await clock.pass(10_000);
    expect(tickets).toBe(1);
    expect(socket.state.get()).toBe("taken_over");
  });

  it("that arrive after a stop open nothing", async () => {
    socket.start(null);
    socket.stop();
    await clock.pass(5000);
    expect(sockets).toHaveLength(0);
  });
});

it("does not sit out the back-off when the network returns", async () => {
  await online();
  newest().hangUp(1006);
  socket.hurry();
  await settle();
  expect(sockets).toHaveLength(2);
  await clock.pass(2000);
  expect(sockets).toHaveLength(2);
});
