type Granted = () => unknown;

interface Asked {
  name: string;
  tab: object;
  grant: () => void;
}

/** The lock manager of one browser: exclusive locks, given in the order in which they were asked for. */
export class FakeLocks {
  private held: Asked[] = [];
  private queue: Asked[] = [];

  /** What one tab has as `navigator.locks`, and the end of that tab. */
  tab(): { locks: LockManager; close: () => void } {
    const tab = {};
    const request = (name: string, ...rest: [Granted] | [{ signal?: AbortSignal }, Granted]) => {
      const [options, granted] = rest.length === 1 ? [{}, rest[0]] : rest;
      return this.request(tab, name, options.signal, granted);
    };
    const close = () => {
      this.queue = this.queue.filter((each) => each.tab !== tab);
      this.held = this.held.filter((each) => each.tab !== tab);
      this.serve();
    };
    return { locks: { request } as unknown as LockManager, close };
  }

  private request(tab: object, name: string, signal: AbortSignal | undefined, granted: Granted) {
    return new Promise<unknown>((resolve, reject) => {
      const asked: Asked = {
        name,
        tab,
        grant: () => {
          void Promise.resolve(granted())
            .finally(() => {
              this.held = this.held.filter((each) => each !== asked);
              this.serve();
            })
            .then(resolve, reject);
        },
      };
      signal?.addEventListener("abort", () => {
        if (!this.queue.includes(asked)) return; // A lock that was given is not taken away.
        this.queue = this.queue.filter((each) => each !== asked);
        reject(signal.reason);
      });
      this.queue.push(asked);
      this.serve();
    });
  }

  private serve(): void {
    for (const asked of [...this.queue]) {
      if (this.held.some(({ name }) => name === asked.name)) continue;
      this.queue = this.queue.filter((each) => each !== asked);
      this.held.push(asked);
      asked.grant();
    }
  }
}
