import { Alert, Button, Group, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Invite } from "../api/types";
import { linksCsv } from "../links-csv";

/** Links that were made in this window: they are nowhere else. */
export function NewLinks({ made, onDownload }: { made: Invite[]; onDownload: () => void }) {
  const address = `data:text/csv;charset=utf-8,${encodeURIComponent(linksCsv(made))}`;
  return (
    <Alert color="blue" title="The links are shown only now" role="status" data-testid="new-links">
      <Text size="sm" mb="xs">
        The server does not keep them. Download them and send each to its person; a lost link can be replaced
        by a new one below.
      </Text>
      <Group>
        <Button
          component="a"
          href={address}
          download="links.csv"
          size="xs"
          onClick={onDownload}
          data-testid="download-links"
        >
          Download names and links
        </Button>
      </Group>
    </Alert>
  );
}

/** `done`: how many of them are made while it goes on, else null. */
interface RenewProps {
  waiting: number;
  done: number | null;
  busy: boolean;
  onRenew: () => void;
}

/** For an office whose links were lost: all at once, after a question, as those sent before stop working. */
export function RenewLinks({ waiting, done, busy, onRenew }: RenewProps) {
  const [sure, ask] = useDisclosure(false);
  if (done !== null) {
    return (
      <Text size="sm" role="status" data-testid="renew-progress">
        Making new links: {done} of {waiting}…
      </Text>
    );
  }
  if (waiting === 0) return null;
  if (!sure) {
    return (
      <Group>
        <Button variant="default" size="xs" disabled={busy} onClick={ask.open} data-testid="renew-links">
          New links for all who have not joined
        </Button>
      </Group>
    );
  }
  const renew = () => {
    ask.close();
    onRenew();
  };
  return (
    <Group gap="xs">
      <Text size="sm" w="100%">
        {waiting === 1 ? "One person gets a new link" : `${waiting} people get new links`}; those that were
        sent to them stop working at once.
      </Text>
      <Button variant="default" size="xs" onClick={ask.close} autoFocus>
        Cancel
      </Button>
      <Button size="xs" onClick={renew} data-testid="renew-confirm">
        Make new links
      </Button>
    </Group>
  );
}

/** In place of the list, when somebody closes it before the links were downloaded. */
export function NotDownloaded({ onBack, onLeave }: { onBack: () => void; onLeave: () => void }) {
  return (
    <div role="alertdialog" aria-labelledby="not-downloaded" data-testid="not-downloaded">
      <Text id="not-downloaded" fw={650}>
        Not downloaded yet. Close anyway?
      </Text>
      <Text size="sm" mt="xs">
        The links are nowhere else. Without them, people need new ones.
      </Text>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onBack} autoFocus data-testid="keep-links">
          Back to the links
        </Button>
        <Button color="red" onClick={onLeave} data-testid="leave-links">
          Close without them
        </Button>
      </Group>
    </div>
  );
}
