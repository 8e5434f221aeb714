import { Alert, Button, Group, List, Text, TextInput, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { type FormEvent, useState } from "react";
import { type ApiError, asApiError } from "../api/http";
import type { Candidate } from "../api/types";
import { Dialog } from "../ui/dialog";
import { useConsole, useConsoleView } from "./console-context";
import { showDone } from "./notify";

/** Whether somebody typed this name: how it is spaced does not matter. */
export function isTyped(typed: string, name: string): boolean {
  const plain = (text: string) => text.normalize("NFC").trim().replace(/\s+/g, " ");
  return plain(typed) === plain(name);
}

export function EraseCandidate({ candidate, held }: { candidate: Candidate; held: boolean }) {
  const [opened, dialog] = useDisclosure(false);
  const closed = useConsoleView().session?.closed_at !== null;
  const inRoom = !closed && (candidate.state === "in_room" || candidate.state === "paused");
  return (
    <section aria-labelledby="erase-title">
      <Title order={3} size="h5" id="erase-title" mb={4}>
        Erase
      </Title>
      <Text size="sm" mb="sm" data-testid="erase-words">
        {held
          ? "Nothing can be erased while there is a legal hold. Release it first."
          : inRoom
            ? "Possible when the exam of this candidate is over, or the session is closed."
            : "Deletes everything about this candidate for good, before the days of retention are over."}
      </Text>
      <Button
        variant="default"
        color="red"
        disabled={held || inRoom}
        onClick={dialog.open}
        data-testid="erase-candidate"
      >
        Erase this candidate…
      </Button>
      {opened && <EraseDialog candidate={candidate} onClose={dialog.close} />}
    </section>
  );
}

function EraseDialog({ candidate, onClose }: { candidate: Candidate; onClose: () => void }) {
  const { store, ui } = useConsole();
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<ApiError | null>(null);
  const erase = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefusal(null);
    try {
      const { later } = await store.erase(candidate.id);
      ui.focus(null);
      showDone(later ? ERASED_LATER : "The candidate is erased.");
    } catch (reason) {
      setRefusal(asApiError(reason));
      setBusy(false);
    }
  };
  return (
    <Dialog opened onClose={onClose} title={`Erase ${candidate.name}?`} testId="erase-dialog">
      <form onSubmit={erase}>
        <Text mb="xs">
          The reference photo, all pictures, incidents with decisions and answers, messages and face features
          are deleted for good. Nobody can bring them back, and the candidate can no longer see or answer
          anything.
        </Text>
        <Text mb={4}>This stays:</Text>
        <List size="sm" mb="md" spacing={4}>
          <List.Item>the audit log: under a number without a name, and that it was erased by you</List.Item>
          <List.Item>how often each rule was right, as sums that name nobody</List.Item>
          <List.Item>
            copies outside of this server: backups until you delete them, and exported files
          </List.Item>
        </List>
        <TextInput
          label={`To confirm, type the name: ${candidate.name}`}
          autoComplete="off"
          data-autofocus
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          data-testid="erase-name"
        />
        {refusal && (
          <Alert color="red" role="alert" mt="md" title="Nothing was erased" data-testid="erase-error">
            {[refusal.message, refusal.fix].filter(Boolean).join(" ")}
          </Alert>
        )}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            color="red"
            loading={busy}
            disabled={!isTyped(typed, candidate.name)}
            data-testid="erase-confirm"
          >
            Erase for good
          </Button>
        </Group>
      </form>
    </Dialog>
  );
}

const ERASED_LATER =
  "The candidate is erased. Some pictures lie in a store that is away: nobody can read them any more, and they are deleted when it is back.";
