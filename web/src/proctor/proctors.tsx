import { Badge, Button, Group, NativeSelect, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconUsers } from "@tabler/icons-react";
import { type FormEvent, useCallback, useEffect, useState } from "react";
import { inviteProctor, listProctors, revokeProctor } from "../api/access";
import type { ProctorInvite } from "../api/types";
import { dayAndTime } from "../time";
import { Dialog } from "../ui/dialog";
import { CopyButton } from "./copy-button";
import { showError } from "./notify";
import css from "./proctor.module.css";

/** Who may watch a session besides the organisers: the list, new links, taking them back. */
export function Proctors({ sessionId, title }: { sessionId: string; title: string }) {
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconUsers size={16} aria-hidden />}
        onClick={dialog.open}
        data-testid="proctors"
      >
        Proctors
      </Button>
      <Dialog
        opened={opened}
        onClose={dialog.close}
        title={`Proctors of ${title}`}
        size="lg"
        testId="proctors-dialog"
      >
        {opened && <ProctorList sessionId={sessionId} />}
      </Dialog>
    </>
  );
}

function ProctorList({ sessionId }: { sessionId: string }) {
  const [proctors, setProctors] = useState<ProctorInvite[] | null>(null);
  const load = useCallback(() => {
    listProctors(sessionId).then((answer) => setProctors(answer.proctors), showError);
  }, [sessionId]);
  useEffect(() => {
    load();
    const timer = setInterval(load, 5000);
    return () => clearInterval(timer);
  }, [load]);
  return (
    <Stack>
      <Text size="sm">
        A proctor sees this session only, and can neither create nor close sessions. Organisers see every
        session without a link.
      </Text>
      <NewLink sessionId={sessionId} onMade={load} />
      {!proctors && <Skeleton height={60} />}
      {proctors?.length === 0 && <Text className="faint">Nobody is invited yet.</Text>}
      {proctors && proctors.length > 0 && (
        <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: "none" }}>
          {proctors.map((each) => (
            <ProctorRow key={each.id} proctor={each} sessionId={sessionId} onChange={load} />
          ))}
        </Stack>
      )}
    </Stack>
  );
}

const LIVES = [
  { value: "24", label: "1 day" },
  { value: "72", label: "3 days" },
  { value: "336", label: "2 weeks" },
];

function NewLink({ sessionId, onMade }: { sessionId: string; onMade: () => void }) {
  const [name, setName] = useState("");
  const [hours, setHours] = useState("72");
  const [made, setMade] = useState<{ name: string; url: string } | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const { url } = await inviteProctor(sessionId, name.trim(), Number(hours));
      setMade({ name: name.trim(), url });
      setName("");
      onMade();
    } catch (reason) {
      showError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit}>
      <Group align="flex-end" gap="sm">
        <TextInput
          className={css.lineField}
          label="Whom is the link for?"
          placeholder="Petra Example"
          required
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-testid="proctor-name"
        />
        <NativeSelect
          label="Works for"
          value={hours}
          onChange={(event) => setHours(event.currentTarget.value)}
          data={LIVES}
        />
        <Button type="submit" loading={busy} disabled={!name.trim()} data-testid="proctor-invite">
          Make link
        </Button>
      </Group>
      {made && (
        <div className={`panel ${css.form}`} role="status" style={{ marginTop: 12 }}>
          <Text size="sm" mb="xs">
            Send this link to {made.name} and to nobody else: whoever opens it first can watch. It is shown
            this once.
          </Text>
          <Text size="xs" className={css.full} mb="xs" data-testid="proctor-link">
            {made.url}
          </Text>
          <CopyButton text={made.url} label="Copy link" />
        </div>
      )}
    </form>
  );
}

const STATES: Record<ProctorInvite["state"], string> = {
  open: "Link not used yet",
  expired: "Link expired",
  signed_in: "Signed in",
  signed_out: "Signed out",
  revoked: "Taken back",
};

function ProctorRow(props: { proctor: ProctorInvite; sessionId: string; onChange: () => void }) {
  const { proctor, sessionId, onChange } = props;
  const [asking, ask] = useDisclosure(false);
  const revoke = () => revokeProctor(sessionId, proctor.id).then(onChange, showError);
  const alive = proctor.state === "open" || proctor.state === "signed_in";
  return (
    <li className={`panel ${css.row}`} data-testid="proctor-row" data-state={proctor.state}>
      <div className={css.grow}>
        <Group gap="xs">
          <Text fw={600}>{proctor.name}</Text>
          <Badge variant={proctor.state === "signed_in" ? "light" : "default"} tt="none">
            {STATES[proctor.state]}
          </Badge>
        </Group>
        <Text size="xs" className="faint">
          {proctor.state === "open"
            ? `Link works until ${dayAndTime(proctor.expires_at)}`
            : `Invited ${dayAndTime(proctor.created_at)}`}
        </Text>
      </div>
      {alive && !asking && (
        <Button variant="default" size="xs" onClick={ask.open} data-testid="proctor-revoke">
          {proctor.state === "open" ? "Take back" : "Remove"}
        </Button>
      )}
      {alive && asking && (
        <Group gap="xs">
          <Button variant="default" size="xs" onClick={ask.close} data-autofocus>
            Keep
          </Button>
          <Button color="red" size="xs" onClick={revoke} data-testid="proctor-revoke-confirm">
            {proctor.state === "open" ? "Take link back" : "Remove now"}
          </Button>
        </Group>
      )}
    </li>
  );
}
