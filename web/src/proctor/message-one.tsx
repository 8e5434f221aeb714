import { Text } from "@mantine/core";
import type { Candidate } from "../api/types";
import { useConsoleView } from "./console-context";
import { MessageForm } from "./message-form";

/** Words to one candidate, for as long as there is a page that shows them. */
export function MessageOne({ candidate }: { candidate: Candidate }) {
  const closed = useConsoleView().session?.closed_at !== null;
  const why = closed ? "The session is closed: messages no longer arrive." : nobodyReads(candidate);
  if (!why) return <MessageForm candidateId={candidate.id} />;
  return (
    <Text size="sm" role="status" data-testid="no-messages">
      {why}
    </Text>
  );
}

function nobodyReads({ name, state }: Candidate): string | null {
  if (state === "finished") return `${name} has finished: messages no longer arrive.`;
  if (state === "removed") return `${name} is out of the room: messages arrive once you let them in again.`;
  return null;
}
