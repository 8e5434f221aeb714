import { Alert, Button, Group, Text } from "@mantine/core";
import { IconMessage } from "@tabler/icons-react";
import { type MouseEvent, useState } from "react";
import type { Message } from "../api/types";
import type { CandidateView } from "../live/candidate-state";
import { readNotes } from "../live/read-notes";

/** What the proctor wrote, one note after the other in the order of writing, until all are read. */
export function ProctorNote({ view, onAnswer }: { view: CandidateView; onAnswer: () => void }) {
  const { me } = view;
  // Also kept outside of here: a pause and a reload put another note in this one's place.
  const [read, setRead] = useState(() => me && readNotes.last(me.id));
  const unread = unreadNotes(me?.messages ?? [], read);
  const [note] = unread;
  const markRead = (event: MouseEvent) => {
    // The second half of a double click would take away a note that nobody has seen.
    if (!me || !note || event.detail > 1) return;
    readNotes.keep(me.id, note.id);
    setRead(note.id);
  };
  return (
    <div aria-live="polite">
      {note && (
        <Alert
          mb="md"
          color={note.kind === "warning" ? "orange" : "blue"}
          icon={<IconMessage aria-hidden />}
          title={titleOf(note)}
          data-testid="proctor-note"
          data-kind={note.kind}
        >
          {note.text}
          <Group mt="sm" gap="xs">
            <Button size="xs" variant="default" onClick={markRead} data-testid="note-read">
              I have read this
            </Button>
            <Button size="xs" variant="default" onClick={onAnswer}>
              Answer
            </Button>
            {unread.length > 1 && <Text size="sm">1 of {unread.length} unread</Text>}
          </Group>
        </Alert>
      )}
    </div>
  );
}

/** All notes behind the one that was read last; all there are when that one is not among them. */
function unreadNotes(messages: Message[], lastRead: string | null): Message[] {
  const notes = messages.filter(({ from }) => from !== "candidate");
  return notes.slice(notes.findIndex(({ id }) => id === lastRead) + 1);
}

function titleOf({ from, kind }: Message): string {
  if (from === "system") return "Please note";
  return kind === "warning" ? "Warning from the proctor" : "From the proctor";
}
