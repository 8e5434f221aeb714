export type Cancel = () => void;

/** Time as a thing that can be passed in. */
export interface Clock {
  now(): number;
  after(ms: number, run: () => void): Cancel;
}

export const pageClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const id = setTimeout(run, ms);
    return () => clearTimeout(id);
  },
};

/** Timers kept by a worker: browsers slow a hidden tab's own timers down to one a minute, but not a worker's. */
export class WorkerClock implements Clock {
  private waiting = new Map<number, () => void>();
  private nextId = 1;

  constructor(private readonly worker: Worker) {
    worker.onmessage = (event: MessageEvent<number>) => {
      const run = this.waiting.get(event.data);
      this.waiting.delete(event.data);
      run?.();
    };
  }

  now(): number {
    return Date.now();
  }

  after(ms: number, run: () => void): Cancel {
    const id = this.nextId++;
    this.waiting.set(id, run);
    this.worker.postMessage({ id, ms });
    return () => this.waiting.delete(id);
  }
}

export function steadyClock(): Clock {
  try {
    const worker = new Worker(new URL("./clock.worker.ts", import.meta.url), { type: "module" });
    return new WorkerClock(worker);
  } catch {
    return pageClock;
  }
}
