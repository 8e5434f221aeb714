import { createContext, useContext } from "react";
import type { Proctor } from "../api/types";
import type { ConsoleStore } from "../live/console-store";
import type { AlertSound } from "../live/sound";
import type { SeenIncidents } from "../live/unread";
import { useStore } from "../ui/use-store";
import type { ConsoleUi } from "./console-ui";

export interface ConsoleParts {
  proctor: Proctor;
  store: ConsoleStore;
  ui: ConsoleUi;
  seen: SeenIncidents;
  sound: AlertSound;
}

export const ConsoleContext = createContext<ConsoleParts | null>(null);

export function useConsole(): ConsoleParts {
  const parts = useContext(ConsoleContext);
  if (!parts) throw new Error("outside of a console");
  return parts;
}

export function useConsoleView() {
  return useStore(useConsole().store.view);
}

/** Whether the session of this console is closed. */
export function useClosed(): boolean {
  return useConsoleView().session?.closed_at != null;
}

export function useUiView() {
  return useStore(useConsole().ui.view);
}
