import { Alert, Button, FileButton, Group, Stack, Switch, Text } from "@mantine/core";
import { useWindowEvent } from "@mantine/hooks";
import { IconDownload, IconUpload } from "@tabler/icons-react";
import { useState } from "react";
import { exportUrl, setAdmission } from "../api/invites";
import type { ExamSession } from "../api/types";
import { timeZone } from "../time";
import { Dialog } from "../ui/dialog";
import { InviteList } from "./invite-list";
import { NewLinks, NotDownloaded, RenewLinks } from "./new-links";
import css from "./proctor.module.css";
import { useRoster } from "./use-roster";

interface Props {
  session: ExamSession;
  /** Proctors see who is invited and hand out new links; only organisers import. */
  organiser: boolean;
  opened: boolean;
  onClose: () => void;
}

export function Invitations({ session, organiser, opened, onClose }: Props) {
  const [unsaved, setUnsaved] = useState(false);
  const [asking, setAsking] = useState(false);
  const leave = () => {
    setUnsaved(false);
    setAsking(false);
    onClose();
  };
  // Escape once more leads back: nothing is lost by a key that is pressed twice.
  const close = () => (unsaved ? setAsking(!asking) : leave());
  // The browser asks in its own words before it loads another page, or this one again.
  useWindowEvent("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });
  return (
    <Dialog
      opened={opened}
      onClose={close}
      title="Personal invitations"
      size="xl"
      testId="invitations-dialog"
    >
      {asking && <NotDownloaded onBack={() => setAsking(false)} onLeave={leave} />}
      {/* Only hidden meanwhile: the links are in it. */}
      <div hidden={asking}>
        {opened && <Inside session={session} organiser={organiser} onUnsaved={setUnsaved} />}
      </div>
    </Dialog>
  );
}

interface InsideProps extends Pick<Props, "session" | "organiser"> {
  onUnsaved: (unsaved: boolean) => void;
}

function Inside({ session, organiser, onUnsaved }: InsideProps) {
  const roster = useRoster(session.id, onUnsaved);
  const { invites, error, busy, attempt } = roster;
  return (
    <Stack gap="sm">
      {organiser && <HowToImport />}
      <Switch
        label="Only people with an invitation can join"
        checked={session.invited_only}
        disabled={busy}
        onChange={(event) => {
          const only = event.currentTarget.checked;
          void attempt(async () => void (await setAdmission(session.id, only)));
        }}
        data-testid="invited-only"
      />
      <Group gap="xs">
        {organiser && (
          <FileButton
            onChange={roster.upload}
            accept=".csv,text/csv"
            inputProps={{ "data-testid": "roster-file", "aria-label": "Choose a CSV file" } as object}
          >
            {(props) => (
              <Button {...props} loading={busy} leftSection={<IconUpload size={16} aria-hidden />}>
                Import a list
              </Button>
            )}
          </FileButton>
        )}
        {invites && invites.length > 0 && (
          <Button
            component="a"
            href={exportUrl(session.id)}
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
            data-testid="roster-export"
          >
            Download the list
          </Button>
        )}
      </Group>
      {error && (
        <Alert color="red" role="alert" title="That did not work" data-testid="roster-error">
          <Text size="sm" className={css.lines}>
            {error}
          </Text>
        </Alert>
      )}
      {roster.offered && <NewLinks made={roster.working} onDownload={() => onUnsaved(false)} />}
      <RenewLinks
        waiting={roster.waiting.length}
        done={roster.renewed}
        busy={busy}
        onRenew={() => void roster.renew()}
      />
      <InviteList
        sessionId={session.id}
        invites={invites}
        made={roster.made}
        onChange={attempt}
        onLink={(fresh) => roster.keep([fresh])}
      />
    </Stack>
  );
}

function HowToImport() {
  return (
    <Text size="sm">
      Each person on the list gets a link that lets one person in once. Import a CSV file with the column{" "}
      <code>name</code>, and as you need them <code>email</code>, <code>external id</code>,{" "}
      <code>window start</code>, <code>window end</code>, <code>extra time</code>, <code>detectors off</code>,{" "}
      <code>picture every (s)</code>, <code>breaks</code>, <code>break minutes</code>. Times without a zone
      are in yours ({timeZone()}).
    </Text>
  );
}
