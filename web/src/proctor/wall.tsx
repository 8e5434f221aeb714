import { Button, Group, Text, Title } from "@mantine/core";
import { useMemo } from "react";
import { toLookAtByCandidate, unreadMessages } from "../live/candidate-status";
import { isolationWords } from "../provider-words";
import { useStore } from "../ui/use-store";
import { useConsole, useConsoleView, useUiView } from "./console-context";
import { CopyButton } from "./copy-button";
import css from "./proctor.module.css";
import { Tile } from "./tile";
import { TileSizeControl, tileSize } from "./tile-size";

export function Wall() {
  const { store, seen, proctor } = useConsole();
  const { candidates, incidents, messages, session } = useConsoleView();
  const { focused } = useUiView();
  const views = useStore(store.viewers.views);
  const seenIds = useStore(seen.seen);
  const questions = useMemo(() => unreadMessages(messages, seenIds), [messages, seenIds]);
  const size = useStore(tileSize);
  const undecided = useMemo(
    () => toLookAtByCandidate(incidents, proctor.person, seenIds),
    [incidents, proctor.person, seenIds],
  );
  return (
    <div>
      <Group justify="space-between" gap="xs" mb="xs">
        <Title order={2} size="h4">
          Candidates ({candidates.length})
        </Title>
        {candidates.length > 1 && <TileSizeControl />}
      </Group>
      {session && (
        <Text size="xs" className="faint" mb="xs" data-testid="isolation">
          {isolationWords(session.media)}
        </Text>
      )}
      {candidates.length === 0 && session && (
        <div className={css.empty}>
          <Text fw={600} mb="xs">
            Nobody has joined yet
          </Text>
          <Text className="faint" size="sm" mb="sm">
            {session.invited_only
              ? "Import the list of candidates under Invitations, and send each person the link."
              : "Send this link to the candidates."}{" "}
            They appear here as soon as they have agreed to be watched.
          </Text>
          {session.closed_at === null ? (
            !session.invited_only && <CopyButton text={session.join_url} label="Copy join link" />
          ) : (
            <Button component="a" href="/">
              To the list of sessions
            </Button>
          )}
        </div>
      )}
      <ul className={css.wall} data-tiles={size}>
        {candidates.map((candidate) => (
          <Tile
            key={candidate.id}
            candidate={candidate}
            live={views.get(candidate.id) ?? null}
            undecided={undecided.get(candidate.id) ?? 0}
            questions={questions.get(candidate.id) ?? 0}
            focused={focused === candidate.id}
            size={size}
          />
        ))}
      </ul>
    </div>
  );
}
