import { useEffect } from "react";
import { Store } from "../live/store";
import type { ConsoleParts } from "./console-context";

export interface KeyCommand {
  key: string;
  shown: string;
  does: string;
  run: (parts: ConsoleParts) => void;
}

const OFF = "invigil:keys-off";
export const helpOpen = new Store(false);
export const keysOn = new Store(localStorage.getItem(OFF) !== "yes");

/** Single keys can be turned off, as speech input and screen readers may press them by accident. */
export function setKeysOn(on: boolean): void {
  keysOn.set(on);
  localStorage.setItem(OFF, on ? "no" : "yes");
}

/** The one list behind both the keys and the help that shows them. */
export const KEYS: readonly KeyCommand[] = [
  { key: "j", shown: "J", does: "Next (older) incident", run: ({ ui }) => ui.move(1) },
  { key: "k", shown: "K", does: "Previous (newer) incident", run: ({ ui }) => ui.move(-1) },
  { key: "c", shown: "C", does: "Confirm the selected incident", run: ({ ui }) => ui.ask("confirmed") },
  { key: "d", shown: "D", does: "Dismiss the selected incident", run: ({ ui }) => ui.ask("dismissed") },
  { key: "i", shown: "I", does: "Mark it inconclusive", run: ({ ui }) => ui.ask("inconclusive") },
  { key: "u", shown: "U", does: "Undo the last decision", run: ({ ui }) => void ui.undo() },
  {
    key: "f",
    shown: "F",
    does: "Open or close the candidate's live view",
    run: ({ ui }) => ui.focusSelected(),
  },
  { key: "m", shown: "M", does: "Sound on or off", run: ({ sound }) => sound.toggle() },
  {
    key: "/",
    shown: "/",
    does: "Go to the filter",
    run: () => document.getElementById("filter-kind")?.focus(),
  },
  { key: "?", shown: "?", does: "Show this list", run: () => helpOpen.set(true) },
];

const TYPING = "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable], [role=dialog]";

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest(TYPING) !== null;
}

export function useKeys(parts: ConsoleParts): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || helpOpen.get()) return;
      const command = KEYS.find(({ key }) => key === event.key.toLowerCase());
      if (!command || (!keysOn.get() && command.key !== "?")) return;
      event.preventDefault();
      command.run(parts);
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [parts]);
}
