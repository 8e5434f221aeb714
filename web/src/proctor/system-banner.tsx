import { Alert } from "@mantine/core";
import { IconAlertTriangle, IconPlugConnectedX, IconVideoOff } from "@tabler/icons-react";
import type { SystemStatus } from "../api/types";
import { useStore } from "../ui/use-store";
import { useConsole, useConsoleView } from "./console-context";
import css from "./proctor.module.css";

/** What the machinery cannot do at the moment; never an incident of a candidate. */
export function systemWords({ storage, analysis, interval_factor, text }: SystemStatus): string[] {
  // The server's own words say it all; these are for when it sends none.
  if (text) return [text];
  const lines: string[] = [];
  if (storage === "full")
    lines.push("Storage is full: incidents are recorded, but no new pictures are kept.");
  if (storage === "low") lines.push("Storage is nearly full. Please free some space on the server.");
  if (analysis === "paused") lines.push("Picture analysis is paused. Please watch the live video yourself.");
  if (analysis === "busy") {
    const factor =
      interval_factor > 1 ? `; pictures are taken ${interval_factor.toFixed(1)} times less often` : "";
    lines.push(`Picture analysis is busy${factor}.`);
  }
  return lines;
}

export function SystemBanner() {
  const { system, session } = useConsoleView();
  const { store } = useConsole();
  const connection = useStore(store.socket.state);
  const noVideo = useStore(store.viewers.trouble);
  const lines = systemWords(system);
  const urgent = system.storage === "full" || system.analysis === "paused";
  return (
    <>
      <div role="status">
        {lines.length > 0 && (
          <Alert
            className={css.banner}
            color={urgent ? "red" : "orange"}
            icon={<IconAlertTriangle aria-hidden />}
            data-testid="system-banner"
            data-storage={system.storage}
            data-analysis={system.analysis}
          >
            {lines.map((line) => (
              <div key={line}>{line}</div>
            ))}
          </Alert>
        )}
        {noVideo && session?.closed_at === null && (
          <Alert
            className={css.banner}
            color="orange"
            icon={<IconVideoOff aria-hidden />}
            data-testid="video-banner"
          >
            {noVideo} Still pictures, incidents and messages go on.
          </Alert>
        )}
      </div>
      <div role="alert" aria-live="assertive">
        {LOST[connection] && (
          <Alert
            className={css.banner}
            color="red"
            icon={<IconPlugConnectedX aria-hidden />}
            data-testid="connection-lost"
          >
            {LOST[connection]}
          </Alert>
        )}
      </div>
    </>
  );
}

const LOST: Partial<Record<string, string>> = {
  reconnecting:
    "The connection to the server is lost. What you see may be old. We are connecting again by ourselves.",
  signed_out:
    "You are signed out here, or were removed from this session. Sign in again, or ask the organiser for a new link.",
  taken_over: "This console was opened somewhere else. Reload this page to use it here.",
};
