import { Alert, Button, FileButton, Group, Stack, Switch, Text } from "@mantine/core";
import { IconDownload, IconUpload } from "@tabler/icons-react";
import { useCallback, useEffect, useState } from "react";
import { asApiError } from "../api/http";
import { exportUrl, importInvites, listInvites, setAdmission } from "../api/invites";
import type { ExamSession, Invite } from "../api/types";
import { timeZone } from "../time";
import { Dialog } from "../ui/dialog";
import { InviteList } from "./invite-list";
import css from "./proctor.module.css";

const EVERY_MS = 10_000;

interface Props {
  session: ExamSession;
  /** Proctors see who is invited and hand out new links; only organisers import. */
  organiser: boolean;
  opened: boolean;
  onClose: () => void;
}

export function Invitations({ session, organiser, opened, onClose }: Props) {
  return (
    <Dialog
      opened={opened}
      onClose={onClose}
      title="Personal invitations"
      size="xl"
      testId="invitations-dialog"
    >
      {opened && <Inside session={session} organiser={organiser} />}
    </Dialog>
  );
}

function Inside({ session, organiser }: Pick<Props, "session" | "organiser">) {
  const [invites, setInvites] = useState<Invite[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  /** Links are shown only where they were made, and only until this window is closed. */
  const [links, setLinks] = useState<ReadonlyMap<string, string>>(new Map());
  const [csv, setCsv] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const failed = useCallback((reason: unknown) => {
    const { message, fix } = asApiError(reason);
    setError([message, fix].filter(Boolean).join("\n"));
  }, []);
  const load = useCallback(() => {
    listInvites(session.id).then((answer) => setInvites(answer.invites), failed);
  }, [session.id, failed]);
  useEffect(() => {
    load();
    const timer = setInterval(load, EVERY_MS);
    return () => clearInterval(timer);
  }, [load]);
  const keep = (made: Invite[]) =>
    setLinks((all) => new Map([...all, ...made.map(({ id, link }) => [id, link ?? ""] as const)]));
  const attempt = async (act: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    await act().catch(failed);
    setBusy(false);
    load();
  };
  const upload = (file: File | null) => {
    if (!file) return;
    void attempt(async () => {
      const made = await importInvites(session.id, file, timeZone());
      keep(made.invites);
      setCsv(made.csv);
    });
  };
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
            onChange={upload}
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
      {csv && <NewLinks csv={csv} />}
      <InviteList
        sessionId={session.id}
        invites={invites}
        links={links}
        onChange={attempt}
        onLink={(made) => keep([made])}
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

function NewLinks({ csv }: { csv: string }) {
  const address = `data:text/csv;charset=utf-8,${encodeURIComponent(csv)}`;
  return (
    <Alert color="blue" title="The links are shown only now" role="status" data-testid="new-links">
      <Text size="sm" mb="xs">
        The server does not keep them. Download them and send each to its person; a lost link can be replaced
        by a new one below.
      </Text>
      <Group>
        <Button component="a" href={address} download="links.csv" size="xs" data-testid="download-links">
          Download names and links
        </Button>
      </Group>
    </Alert>
  );
}
