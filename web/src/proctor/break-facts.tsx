import { Group, Text } from "@mantine/core";
import { IconMessage, IconPlugConnected, IconPlugConnectedX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Candidate, Message } from "../api/types";
import { clockTime } from "../time";
import { useConsoleView } from "./console-context";

/**
 * What is known of somebody who is paused, for the proctor who is about to go on. No pictures are taken
 * during a pause, so it is little: whether the page is connected, and what the candidate wrote since.
 */
export function BreakFacts({ candidate }: { candidate: Candidate }) {
  const { name, online } = candidate;
  const wrote = newestSince(candidate, useConsoleView().messages);
  return (
    <div role="status" data-testid="break-facts" data-online={online}>
      {online ? (
        <Fact icon={<IconPlugConnected size={18} aria-hidden />}>
          The page of {name} is connected. Whether anybody sits in front of it is not known: no pictures are
          taken during a pause.
        </Fact>
      ) : (
        <Fact icon={<IconPlugConnectedX size={18} color="var(--look)" aria-hidden />}>
          <strong>The page of {name} is not connected</strong>: it is closed, or there is no network. You can
          resume all the same. Pictures come once the page is back; until then they are missing, and that is
          reported.
        </Fact>
      )}
      <Fact icon={<IconMessage size={18} aria-hidden />}>
        {wrote
          ? `Wrote at ${clockTime(wrote.sent_at)}: “${wrote.text}”`
          : `${name} has not written since the pause began.`}
      </Fact>
    </div>
  );
}

function Fact({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start" mb="sm">
      <span style={{ flexShrink: 0 }}>{icon}</span>
      <Text size="sm" lineClamp={4} style={{ overflowWrap: "anywhere" }}>
        {children}
      </Text>
    </Group>
  );
}

function newestSince({ id, state_since }: Candidate, messages: readonly Message[]): Message | undefined {
  const since = state_since ? Date.parse(state_since) : 0;
  return messages.findLast(
    ({ candidate_id, from, sent_at }) =>
      candidate_id === id && from === "candidate" && Date.parse(sent_at) >= since,
  );
}
