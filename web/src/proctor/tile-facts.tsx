import { Text } from "@mantine/core";
import { IconUserOff, IconUserQuestion } from "@tabler/icons-react";
import type { Candidate } from "../api/types";
import { useNow } from "../ui/use-now";
import { breakIsOver, notComparedWords, pausedWords, removedBeforeWords } from "../words";
import css from "./proctor.module.css";

/** What a proctor has to know of a candidate besides the picture. */
export function TileFacts({ candidate }: { candidate: Candidate }) {
  const notCompared = notComparedWords(candidate);
  return (
    <>
      <PausedFor candidate={candidate} />
      <RemovedBefore candidate={candidate} />
      {notCompared && (
        <Text size="xs" data-testid="tile-not-compared">
          <IconUserQuestion size={14} aria-hidden style={{ verticalAlign: "text-bottom" }} /> {notCompared}
        </Text>
      )}
    </>
  );
}

/** Since when somebody is paused; marked once it is longer than arranged. */
export function PausedFor({ candidate }: { candidate: Candidate }) {
  const now = useNow();
  const words = pausedWords(candidate, now);
  if (!words) return null;
  const over = breakIsOver(candidate, now);
  return (
    <Text size="xs" className={css.pausedFor} data-over={over || undefined} data-testid="paused-for">
      {words}
    </Text>
  );
}

/** Computed by the server, which knows whom it let in when. */
export function RemovedBefore({ candidate }: { candidate: Candidate }) {
  const words = removedBeforeWords(candidate);
  if (!words) return null;
  return (
    <Text size="xs" fw={600} data-testid="removed-before">
      <IconUserOff size={14} aria-hidden style={{ verticalAlign: "text-bottom" }} /> {words}
    </Text>
  );
}
