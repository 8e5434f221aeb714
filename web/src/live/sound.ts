import { Store } from "./store";

const KEY = "invigil:muted";

/** A short tone for a new incident; browsers allow it only after the first click or key on the page. */
export class AlertSound {
  readonly muted = new Store<boolean>(localStorage.getItem(KEY) === "yes");
  private context: AudioContext | null = null;

  constructor() {
    const unlock = () => void this.ready();
    window.addEventListener("pointerdown", unlock, { once: true });
    window.addEventListener("keydown", unlock, { once: true });
  }

  toggle(): void {
    const muted = !this.muted.get();
    this.muted.set(muted);
    localStorage.setItem(KEY, muted ? "yes" : "no");
  }

  play(urgent: boolean): void {
    if (this.muted.get() || this.context?.state !== "running") return;
    this.tone(660, 0);
    if (urgent) this.tone(880, 0.18);
  }

  private async ready(): Promise<void> {
    if (typeof AudioContext === "undefined") return;
    this.context ??= new AudioContext();
    await this.context.resume().catch(() => {});
  }

  private tone(hertz: number, delay: number): void {
    if (!this.context) return;
    const start = this.context.currentTime + delay;
    const oscillator = this.context.createOscillator();
    const gain = this.context.createGain();
    oscillator.frequency.value = hertz;
    gain.gain.setValueAtTime(0.0001, start);
    gain.gain.exponentialRampToValueAtTime(0.15, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.16);
    oscillator.connect(gain).connect(this.context.destination);
    oscillator.start(start);
    oscillator.stop(start + 0.18);
  }
}
