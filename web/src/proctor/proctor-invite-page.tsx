import { Alert, Button, Skeleton, Text, Title } from "@mantine/core";
import { useEffect, useState } from "react";
import { acceptProctorInvite, showProctorInvite } from "../api/access";
import { type ApiError, asApiError } from "../api/http";
import type { ProctorInviteShown } from "../api/types";
import { dayAndTime } from "../time";
import { Frame } from "./frame";
import css from "./proctor.module.css";

/** What a proctor's link opens. The secret is behind the #, and only the button uses it up. */
export function ProctorInvitePage() {
  const [token] = useState(() => window.location.hash.slice(1));
  const [shown, setShown] = useState<ProctorInviteShown | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = "Invitation – Invigil";
    showProctorInvite(token).then(setShown, (reason) => setError(asApiError(reason)));
  }, [token]);
  const accept = async () => {
    setBusy(true);
    setError(null);
    try {
      const { session_id } = await acceptProctorInvite(token);
      window.location.replace(`/sessions/${session_id}`);
    } catch (reason) {
      setError(asApiError(reason));
      setBusy(false);
    }
  };
  return (
    <Frame>
      <section className={`panel ${css.form}`} data-testid="proctor-invite">
        <Title order={1} size="h2" mb="sm">
          {shown ? "You are invited to watch an exam" : "Invitation"}
        </Title>
        {error && (
          <Alert color="red" role="alert" mb="md" title={error.message}>
            {error.fix}
          </Alert>
        )}
        {!shown && !error && <Skeleton height={80} />}
        {shown && <Offer shown={shown} busy={busy} onAccept={accept} />}
      </section>
    </Frame>
  );
}

function Offer({
  shown,
  busy,
  onAccept,
}: {
  shown: ProctorInviteShown;
  busy: boolean;
  onAccept: () => void;
}) {
  return (
    <>
      <Text size="lg" fw={600}>
        {shown.title}
      </Text>
      <Text mb="md">
        You will be shown there as {shown.name}. What you decide and write carries this name.
      </Text>
      <Text mb="md" size="sm" className="faint">
        The link works once and for this browser only, until {dayAndTime(shown.expires_at)}. Use a computer
        that nobody else uses during the exam, and sign out afterwards.
      </Text>
      <Button onClick={onAccept} loading={busy} data-testid="proctor-invite-accept">
        Watch this exam
      </Button>
    </>
  );
}
