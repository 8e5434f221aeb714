import type { MyCandidate } from "../api/types";
import type { Cancel, Clock } from "./clock";

type State = MyCandidate["state"];

const EVERY_MS: Partial<Record<State, number>> = {
  // A proctor may let them in again.
  removed: 5000,
  // What this page shows of the own exam must go when it is erased.
  finished: 300_000,
};

/** Pages whose live connection may be over for good ask now and then where the candidate stands. */
export class Asking {
  private state: State | undefined;
  private armed = false;
  private cancel: Cancel = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly ask: () => void,
    private readonly back: () => void,
  ) {}

  follow(state: State | undefined): void {
    const before = this.state;
    this.state = state;
    if (state !== before) this.disarm();
    const every = state && EVERY_MS[state];
    if (every && !this.armed) {
      this.armed = true;
      this.cancel = this.clock.after(every, () => {
        this.armed = false;
        this.ask();
      });
    }
    if (before === "removed" && state && state !== before) this.back();
  }

  private disarm(): void {
    this.cancel();
    this.armed = false;
  }
}
