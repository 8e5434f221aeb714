import { useSyncExternalStore } from "react";
import { Store } from "../live/store";

const now = new Store(Date.now());
let users = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  const leave = now.subscribe(listener);
  if (users++ === 0) {
    now.set(Date.now());
    timer = setInterval(() => now.set(Date.now()), 1000);
  }
  return () => {
    leave();
    if (--users === 0) clearInterval(timer);
  };
}

/** The time, once a second, from one timer for the whole page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, now.get);
}
