import { Button, Group, Skeleton, Text } from "@mantine/core";
import { IconCircleCheck, IconLinkOff, IconMail } from "@tabler/icons-react";
import { reissueInvite, revokeInvite } from "../api/invites";
import type { Invite, InviteState } from "../api/types";
import { dayAndTime } from "../time";
import { CopyButton } from "./copy-button";
import css from "./proctor.module.css";

const STATE: Record<InviteState, { words: string; Icon: typeof IconMail }> = {
  invited: { words: "Invited", Icon: IconMail },
  joined: { words: "Joined", Icon: IconCircleCheck },
  revoked: { words: "Revoked", Icon: IconLinkOff },
};

interface Props {
  sessionId: string;
  invites: Invite[] | null;
  /** With links that were made while this window is open. */
  made: ReadonlyMap<string, Invite>;
  onChange: (act: () => Promise<void>) => Promise<void>;
  onLink: (made: Invite) => void;
}

export function InviteList({ invites, ...rest }: Props) {
  if (!invites) return <Skeleton height={80} aria-label="Loading the list" />;
  if (invites.length === 0) return <Text className="faint">Nobody is invited yet.</Text>;
  const joined = invites.filter(({ state }) => state === "joined").length;
  return (
    <section aria-label="Invited people">
      <Text size="sm" className="faint" mb="xs" role="status">
        {joined} of {invites.length} joined
      </Text>
      <ul className={css.inviteList}>
        {invites.map((invite) => (
          <InviteRow key={invite.id} invite={invite} {...rest} />
        ))}
      </ul>
    </section>
  );
}

interface RowProps extends Omit<Props, "invites"> {
  invite: Invite;
}

function InviteRow({ invite, sessionId, made, onChange, onLink }: RowProps) {
  const { words, Icon } = STATE[invite.state];
  const link = invite.link_works ? made.get(invite.id)?.link : undefined;
  const revoke = () => onChange(async () => void (await revokeInvite(sessionId, invite.id)));
  const reissue = () => onChange(async () => onLink(await reissueInvite(sessionId, invite.id)));
  return (
    <li data-testid="invite" data-state={invite.state}>
      <div className={css.grow}>
        <Text fw={600}>{invite.name}</Text>
        <Text size="sm" className="faint">
          {[invite.email, invite.external_id, windowWords(invite)].filter(Boolean).join(" · ")}
        </Text>
        {invite.accommodations.length > 0 && <Text size="sm">{invite.accommodations.join(" ")}</Text>}
      </div>
      <Group gap={4} wrap="nowrap" className={css.inviteState}>
        <Icon size={16} aria-hidden />
        <Text size="sm">{words}</Text>
      </Group>
      <Group gap="xs">
        {link && <CopyButton size="xs" text={link} label="Copy link" testId="copy-invite" />}
        {!link && (
          <Button size="xs" variant="default" onClick={() => void reissue()} data-testid="reissue-invite">
            New link
          </Button>
        )}
        {invite.link_works && (
          <Button size="xs" variant="default" onClick={() => void revoke()} data-testid="revoke-invite">
            Revoke
          </Button>
        )}
      </Group>
    </li>
  );
}

function windowWords({ opens_at, closes_at }: Invite): string {
  const from = opens_at ? `from ${dayAndTime(opens_at)}` : "";
  return [from, closes_at ? `until ${dayAndTime(closes_at)}` : ""].filter(Boolean).join(" ");
}
