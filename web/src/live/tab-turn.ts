import { asApiError } from "../api/http";
import type { CandidateView } from "./candidate-state";
import type { Clock } from "./clock";
import type { Store } from "./store";
import { usedTab } from "./token-store";

/** A reload lets go of its lock as well, and has to be back by then. */
const GRACE_MS = 5000;
/** The exam or the session is over or gone: there is nothing to take from anybody, and the page says so. */
const NOTHING_TO_TAKE = new Set([401, 404, 410]);

export interface TurnOptions {
  view: Store<CandidateView>;
  clock: Clock;
  /** Asks the server for the exam, in place of the tab that is gone and of no other. */
  take: (insteadOf: string) => Promise<unknown>;
  /** The exam is this tab's from here on. */
  onTurn: () => void;
}

const lockOf = (tab: string) => `invigil:tab:${tab}`;

/**
 * Several tabs of one browser with the same exam: one that was taken over goes on when the tab that has
 * the exam is closed or crashes. Each tab holds a lock of its own as long as it lives, and a waiting one
 * queues for the lock of the other. What happens on other devices only the server knows: it gives the
 * exam in place of the tab that is gone, and not when it is somewhere else by then.
 */
export class TabTurn {
  /** Not every browser has it, and none does on an insecure origin: then the candidate has a button. */
  private readonly locks: LockManager | undefined = navigator.locks;
  private candidate: string | null = null;
  private over = false;
  private waiting: AbortController | null = null;

  constructor(
    private readonly tab: string,
    private readonly options: TurnOptions,
  ) {
    const forLife = () => new Promise<never>(() => {});
    this.locks?.request(lockOf(tab), forLife).catch(() => {});
    options.view.subscribe(() => this.follow(options.view.get()));
    window.addEventListener("storage", ({ key }) => {
      if (this.candidate && key === usedTab.key(this.candidate)) this.wait();
    });
  }

  private follow({ me, phase }: CandidateView): void {
    const over = phase === "taken_over";
    const candidate = me?.id ?? null;
    if (over === this.over && candidate === this.candidate) return;
    this.over = over;
    this.candidate = candidate;
    this.waiting?.abort();
    this.waiting = null;
    if (over) this.wait();
    else if (candidate) usedTab.save(candidate, this.tab);
  }

  private wait(): void {
    if (!this.over || this.waiting) return;
    this.waiting = new AbortController();
    const { signal } = this.waiting;
    void this.standBy(signal)
      .catch(() => {})
      .then(() => {
        if (signal.aborted) return;
        this.waiting = null;
        this.options.view.patch({ standby: false });
      });
  }

  private async standBy(signal: AbortSignal): Promise<void> {
    let tried: string | null = null;
    while (this.locks && !signal.aborted) {
      const other = this.other();
      if (!other || other === tried) return;
      tried = other;
      this.options.view.patch({ standby: true });
      await this.locks.request(lockOf(other), { signal }, () => this.insteadOf(other, signal));
    }
  }

  /** Whoever waits for the same tab waits on behind this one. */
  private async insteadOf(gone: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      await new Promise<void>((done) => this.options.clock.after(GRACE_MS, done));
      if (signal.aborted || this.other() !== gone) return;
      try {
        await this.options.take(gone);
      } catch (reason) {
        const error = asApiError(reason);
        if (error.transient) continue;
        if (!NOTHING_TO_TAKE.has(error.status)) return;
      }
      if (!signal.aborted) this.options.onTurn();
      return;
    }
  }

  /** The tab of this browser that had the exam last, if it was not this one. */
  private other(): string | null {
    const tab = this.candidate && usedTab.load(this.candidate);
    return tab === this.tab ? null : tab;
  }
}
