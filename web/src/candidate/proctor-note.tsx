import { Alert, Button, Group } from "@mantine/core";
import { IconMessage } from "@tabler/icons-react";
import { useState } from "react";
import type { CandidateView } from "../live/candidate-state";
import { readNotes } from "../live/read-notes";

/** The newest words of the proctor, until they have been read. */
export function ProctorNote({ view, onAnswer }: { view: CandidateView; onAnswer: () => void }) {
  const { me } = view;
  // Also kept outside of here: a pause and a reload put another note in this one's place.
  const [read, setRead] = useState(() => me && readNotes.last(me.id));
  const newest = me?.messages.findLast(({ from }) => from !== "candidate");
  const show = newest && newest.id !== read;
  const markRead = () => {
    if (!me || !newest) return;
    readNotes.keep(me.id, newest.id);
    setRead(newest.id);
  };
  return (
    <div aria-live="polite">
      {show && (
        <Alert
          mb="md"
          color={newest.kind === "warning" ? "orange" : "blue"}
          icon={<IconMessage aria-hidden />}
          title={newest.from === "system" ? "Please note" : "From the proctor"}
          data-testid="proctor-note"
        >
          {newest.text}
          <Group mt="sm" gap="xs">
            <Button size="xs" variant="default" onClick={markRead} data-testid="note-read">
              I have read this
            </Button>
            <Button size="xs" variant="default" onClick={onAnswer}>
              Answer
            </Button>
          </Group>
        </Alert>
      )}
    </div>
  );
}
