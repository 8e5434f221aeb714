import { Button, Group, Text, TextInput, Title } from "@mantine/core";
import { IconCheck, IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { referencePhotoUrl, stillUrl } from "../api/proctor";
import type { Candidate } from "../api/types";
import { clockTime } from "../time";
import { Dialog } from "../ui/dialog";
import { NO_PHOTO_WORDS, waitingWords } from "../words";
import { useClosed, useConsole, useConsoleView } from "./console-context";
import { showError } from "./notify";
import { Picture } from "./picture";
import css from "./proctor.module.css";
import { RemovedBefore } from "./tile-facts";

export function WaitingQueue() {
  const { candidates } = useConsoleView();
  const closed = useClosed();
  const waiting = candidates.filter(({ state }) => state === "waiting_for_proctor");
  // Nobody is let into a session that is closed.
  if (waiting.length === 0 || closed) return null;
  return (
    <section className={`panel ${css.queue}`} aria-labelledby="queue-title" data-testid="waiting-queue">
      <Title order={2} size="h4" id="queue-title" mb="xs">
        Waiting for your approval ({waiting.length})
      </Title>
      <ul className={css.queueList}>
        {waiting.map((candidate) => (
          <WaitingCandidate key={candidate.id} candidate={candidate} />
        ))}
      </ul>
    </section>
  );
}

function WaitingCandidate({ candidate }: { candidate: Candidate }) {
  const { store } = useConsole();
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const decide = async (decision: "approve" | "retake", reason?: string) => {
    setBusy(true);
    await store.checkIn(candidate.id, decision, reason).catch(showError);
    setBusy(false);
  };
  return (
    <li className={css.queueItem} data-testid="waiting-candidate" data-candidate={candidate.id}>
      <div className={css.pair}>
        <span className={css.shot}>
          <Picture
            src={candidate.has_reference_photo ? referencePhotoUrl(candidate.id) : null}
            alt={`Reference photo of ${candidate.name}`}
            missing="No reference photo"
          />
          <span className={css.caption}>Reference photo</span>
        </span>
        <span className={css.shot}>
          <Picture
            src={candidate.has_still ? stillUrl(candidate.id, candidate.last_frame_at) : null}
            alt={`Newest still of ${candidate.name}`}
            missing="No picture yet"
          />
          <span className={css.caption}>{takenWords(candidate)}</span>
        </span>
      </div>
      <div>
        <Text fw={650}>{candidate.name}</Text>
        <Text size="sm">{waitingWords(candidate)}</Text>
        {!candidate.has_reference_photo && (
          <Text size="sm" fw={600} data-testid="no-photo">
            {NO_PHOTO_WORDS}
          </Text>
        )}
        <RemovedBefore candidate={candidate} />
        {candidate.note && <Text size="sm">Note of the candidate: “{candidate.note}”</Text>}
        <Group gap="xs" mt="xs">
          <Button
            size="sm"
            loading={busy}
            leftSection={<IconCheck size={16} aria-hidden />}
            onClick={() => void decide("approve")}
            data-testid="approve"
          >
            Approve
          </Button>
          <Button
            size="sm"
            variant="default"
            disabled={busy}
            leftSection={<IconRefresh size={16} aria-hidden />}
            onClick={() => setAsking(true)}
            data-testid="retake"
          >
            Ask for a new photo
          </Button>
        </Group>
      </div>
      <RetakeDialog
        opened={asking}
        name={candidate.name}
        onClose={() => setAsking(false)}
        onSend={(why) => void decide("retake", why)}
      />
    </li>
  );
}

/** "Now" would be untrue where the pictures have stopped. */
function takenWords({ has_still, last_frame_at }: Candidate): string {
  return has_still && last_frame_at ? `Camera at ${clockTime(last_frame_at)}` : "Camera";
}

interface RetakeProps {
  opened: boolean;
  name: string;
  onClose: () => void;
  onSend: (reason: string) => void;
}

function RetakeDialog({ opened, name, onClose, onSend }: RetakeProps) {
  const [reason, setReason] = useState(
    "Please take the photo again: face the camera, with light in front of you.",
  );
  const send = () => {
    onClose();
    onSend(reason.trim());
  };
  return (
    <Dialog opened={opened} onClose={onClose} title={`Ask ${name} for a new photo`}>
      <TextInput
        label="What the candidate reads"
        value={reason}
        maxLength={300}
        onChange={(event) => setReason(event.currentTarget.value)}
        data-testid="retake-reason"
        data-autofocus
      />
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button onClick={send} disabled={!reason.trim()} data-testid="retake-send">
          Send
        </Button>
      </Group>
    </Dialog>
  );
}
