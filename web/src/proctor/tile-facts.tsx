import { Text } from "@mantine/core";
import { IconUserQuestion } from "@tabler/icons-react";
import type { Candidate } from "../api/types";
import { notComparedWords } from "../words";

/** What a proctor has to know of a candidate besides the picture. */
export function TileFacts({ candidate }: { candidate: Candidate }) {
  const notCompared = notComparedWords(candidate);
  return (
    notCompared && (
      <Text size="xs" data-testid="tile-not-compared">
        <IconUserQuestion size={14} aria-hidden style={{ verticalAlign: "text-bottom" }} /> {notCompared}
      </Text>
    )
  );
}
