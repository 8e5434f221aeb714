import { Text } from "@mantine/core";
import type { Candidate } from "../api/types";
import { useConsoleView } from "./console-context";
import { MessageForm } from "./message-form";

/** Words to one candidate, for as long as there is a page that shows them. */
export function MessageOne({ candidate: { id, name, state } }: { candidate: Candidate }) {
  const closed = useConsoleView().session?.closed_at !== null;
  if (!closed && state !== "finished") return <MessageForm candidateId={id} />;
  return (
    <Text size="sm" role="status" data-testid="no-messages">
      {closed ? "The session is closed" : `${name} has finished`}: messages no longer arrive.
    </Text>
  );
}
