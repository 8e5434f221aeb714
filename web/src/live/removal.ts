import type { Cancel, Clock } from "./clock";

const ASK_EVERY_MS = 5000;

/** Whoever was taken out of the room has no live connection: the page asks now and then whether a proctor has let them in again. */
export class Removal {
  private out = false;
  private cancel: Cancel = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly ask: () => void,
    private readonly back: () => void,
  ) {}

  follow(removed: boolean): void {
    this.cancel();
    if (removed) this.cancel = this.clock.after(ASK_EVERY_MS, this.ask);
    else if (this.out) this.back();
    this.out = removed;
  }
}
