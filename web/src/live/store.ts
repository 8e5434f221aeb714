/** State that lives outside React: read it, subscribe to it, and only its owner may replace it. */
export class Store<S> {
  private listeners = new Set<() => void>();

  constructor(private state: S) {}

  readonly get = (): S => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  set(next: S): void {
    if (Object.is(next, this.state)) return;
    this.state = next;
    for (const listener of [...this.listeners]) listener();
  }

  patch(part: Partial<S>): void {
    this.set({ ...this.state, ...part });
  }
}
