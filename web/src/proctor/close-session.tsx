import { Button, Group, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { Dialog } from "../ui/dialog";
import { useConsole } from "./console-context";
import { showError } from "./notify";

export function CloseSession() {
  const { store } = useConsole();
  const [opened, dialog] = useDisclosure(false);
  const [busy, setBusy] = useState(false);
  const close = async () => {
    setBusy(true);
    await store.closeSession().then(dialog.close, showError);
    setBusy(false);
  };
  return (
    <>
      <Button variant="default" onClick={dialog.open} data-testid="close-session">
        Close session
      </Button>
      <Dialog opened={opened} onClose={dialog.close} title="Close this exam session?">
        <Text mb="md">
          All candidates are told that the session has ended, monitoring stops, and the join link no longer
          works. This cannot be undone. Incidents stay here for review.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={dialog.close} data-autofocus>
            Keep it open
          </Button>
          <Button color="red" loading={busy} onClick={close} data-testid="close-session-confirm">
            Close for everybody
          </Button>
        </Group>
      </Dialog>
    </>
  );
}
