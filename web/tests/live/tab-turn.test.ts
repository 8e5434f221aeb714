import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../src/api/http";
import { blank, type CandidateView } from "../../src/live/candidate-state";
import { Store } from "../../src/live/store";
import { TabTurn } from "../../src/live/tab-turn";
import { usedTab } from "../../src/live/token-store";
import { FakeLocks } from "./fake-locks";
import { myCandidate } from "./shapes";
import { VirtualClock } from "./virtual-clock";

const me = myCandidate({ state: "in_room" });
let clock: VirtualClock;
let browser: FakeLocks;
/** What the server knows: the tab in use, and how often it was asked for it. */
let server: { tab: string | null; asked: string[]; answer: (() => never) | null };
let tabs: Tab[];

class Tab {
  readonly view = new Store<CandidateView>(blank);
  readonly close: () => void;

  constructor(
    readonly name: string,
    own = browser.tab(),
  ) {
    this.close = () => {
      tabs = tabs.filter((each) => each !== this);
      own.close();
    };
    vi.stubGlobal("navigator", { locks: own.locks });
    new TabTurn(name, {
      view: this.view,
      clock,
      take: async (insteadOf) => {
        server.asked.push(`${name} for ${insteadOf}`);
        server.answer?.();
        if (server.tab !== insteadOf) throw new ApiError(409, "taken_over", "No.");
        this.inUse();
      },
      onTurn: () => this.view.patch({ phase: "open" }),
    });
    tabs.push(this);
  }

  /** Opened by hand, or the button: the newest tab wins. */
  claim(): this {
    this.view.patch({ phase: "open", me });
    this.inUse();
    window.dispatchEvent(new StorageEvent("storage", { key: usedTab.key(me.id) }));
    return this;
  }

  get runs(): boolean {
    return this.view.get().phase === "open";
  }

  get standby(): boolean {
    return this.view.get().standby;
  }

  private inUse(): void {
    server.tab = this.name;
    for (const each of tabs) if (each !== this) each.view.patch({ phase: "taken_over" });
  }
}

const open = (name: string) => new Tab(name).claim();
const elsewhere = () => {
  server.tab = "elsewhere";
  for (const each of tabs) each.view.patch({ phase: "taken_over" });
};

beforeEach(() => {
  localStorage.clear();
  clock = new VirtualClock();
  browser = new FakeLocks();
  server = { tab: null, asked: [], answer: null };
  tabs = [];
});

describe("a tab that was taken over", () => {
  it("goes on some seconds after the other was closed, and not before", async () => {
    const first = open("first");
    const second = open("second");
    await clock.pass(60_000);
    expect([first.runs, first.standby, second.runs]).toEqual([false, true, true]);
    second.close();
    await clock.pass(4900);
    expect(first.runs).toBe(false);
    await clock.pass(200);
    expect(first.runs).toBe(true);
    expect(server).toMatchObject({ tab: "first", asked: ["first for second"] });
  });

  it("leaves the exam to the other when that was only reloaded", async () => {
    const first = open("first");
    open("second").close();
    await clock.pass(3000);
    const reloaded = open("second, reloaded");
    await clock.pass(60_000);
    expect([first.runs, first.standby, reloaded.runs]).toEqual([false, true, true]);
    expect(server.asked).toEqual([]);
    reloaded.close();
    await clock.pass(5100);
    expect(first.runs).toBe(true);
  });

  it("gives it back at once to a reload that took longer, and both keep to that", async () => {
    const first = open("first");
    open("second").close();
    await clock.pass(5100);
    expect(first.runs).toBe(true);
    const reloaded = open("second, reloaded");
    await clock.pass(600_000);
    expect([first.runs, reloaded.runs]).toEqual([false, true]);
    expect(server.asked).toHaveLength(1);
  });

  it("takes nothing from another device, and does not go on asking", async () => {
    const first = open("first");
    const second = open("second");
    elsewhere();
    second.close();
    await clock.pass(600_000);
    expect([first.runs, first.standby]).toEqual([false, false]);
    expect(server).toMatchObject({ tab: "elsewhere", asked: ["first for second"] });
  });

  it("asks for nothing where only another device took over", async () => {
    const only = open("only");
    elsewhere();
    await clock.pass(600_000);
    expect([only.runs, only.standby, server.asked]).toEqual([false, false, []]);
  });

  it("hears of a tab that is opened here after another device had the exam", async () => {
    const first = open("first");
    elsewhere();
    await clock.pass(10_000);
    const second = open("second");
    await clock.pass(10_000);
    expect(first.standby).toBe(true);
    second.close();
    await clock.pass(5100);
    expect(first.runs).toBe(true);
  });

  it("goes on as one of several, and the others after it", async () => {
    const [first, second, third] = ["first", "second", "third"].map(open) as [Tab, Tab, Tab];
    third.close();
    await clock.pass(60_000);
    const running = [first, second].filter(({ runs }) => runs);
    expect(running).toHaveLength(1);
    expect(server.asked).toHaveLength(1);
    running[0]?.close();
    await clock.pass(60_000);
    expect([first, second].find((tab) => tab !== running[0])?.runs).toBe(true);
    expect(server.asked).toHaveLength(2);
  });

  it("does not come in between when the candidate goes on by hand", async () => {
    const first = open("first");
    const second = open("second");
    first.claim();
    await clock.pass(60_000);
    expect([first.runs, second.runs, second.standby]).toEqual([true, false, true]);
    second.claim();
    second.close();
    first.claim();
    await clock.pass(60_000);
    expect(first.runs).toBe(true);
    expect(server.asked).toEqual([]);
  });

  it("tries again when the server cannot be reached", async () => {
    const first = open("first");
    const second = open("second");
    server.answer = () => {
      throw new TypeError("network");
    };
    second.close();
    await clock.pass(20_000);
    expect(first.standby).toBe(true);
    server.answer = null;
    await clock.pass(5000);
    expect(first.runs).toBe(true);
  });

  it("shows what there is when the session is closed by then", async () => {
    const first = open("first");
    const second = open("second");
    server.answer = () => {
      throw new ApiError(410, "session_closed", "No.");
    };
    second.close();
    await clock.pass(5100);
    expect(first.view.get().phase).toBe("open");
  });

  it("keeps the button in a browser without locks", async () => {
    const first = new Tab("first", { locks: undefined as unknown as LockManager, close: () => {} }).claim();
    open("second").close();
    await clock.pass(600_000);
    expect([first.runs, first.standby, server.asked]).toEqual([false, false, []]);
  });
});
