import { ActionIcon, Badge, Button, Group, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconArrowLeft,
  IconBell,
  IconBellOff,
  IconCircleFilled,
  IconKeyboard,
  IconMessages,
  IconPlugConnectedX,
  IconUsers,
} from "@tabler/icons-react";
import type { ConnectionState } from "../live/protocol";
import { ThemeToggle } from "../ui/theme-toggle";
import { useStore } from "../ui/use-store";
import { CloseSession } from "./close-session";
import { useConsole, useConsoleView } from "./console-context";
import { CopyButton } from "./copy-button";
import { HoldBadge } from "./hold-badge";
import { Invitations } from "./invitations";
import { helpOpen } from "./keys";
import { MessageAll } from "./message-all";
import css from "./proctor.module.css";
import { Proctors } from "./proctors";

export function ConsoleHeader() {
  const { store, proctor } = useConsole();
  const organiser = proctor.role === "organiser";
  const { session, candidates } = useConsoleView();
  const connection = useStore(store.socket.state);
  const [messaging, message] = useDisclosure(false);
  const [inviting, invite] = useDisclosure(false);
  const inRoom = candidates.filter(({ state }) => state === "in_room").length;
  if (!session) return null;
  const closed = session.closed_at !== null;
  return (
    <header className={css.header}>
      <ActionIcon
        component="a"
        href="/"
        variant="default"
        size="lg"
        aria-label="Back to the list of sessions"
      >
        <IconArrowLeft size={18} aria-hidden />
      </ActionIcon>
      <div className={css.grow}>
        <Title order={1} size="h4" lineClamp={1}>
          {session.title}
        </Title>
        <Group gap={8}>
          <Text size="sm" className="faint">
            {inRoom} in the room
          </Text>
          {closed ? (
            <Badge variant="default" tt="none">
              Closed
            </Badge>
          ) : (
            <Connection state={connection} />
          )}
          <HoldBadge holds={session.holds} />
        </Group>
      </div>
      <Group gap="xs" justify="flex-end" className={css.headActions}>
        {organiser && <Proctors sessionId={session.id} title={session.title} />}
        {!closed && (
          <>
            {!session.invited_only && (
              <CopyButton text={session.join_url} label="Copy join link" testId="copy-join-link" />
            )}
            <Button
              variant="default"
              leftSection={<IconUsers size={16} aria-hidden />}
              onClick={invite.open}
              data-testid="invitations"
            >
              Invitations
            </Button>
            <Button
              variant="default"
              leftSection={<IconMessages size={16} aria-hidden />}
              onClick={message.open}
              data-testid="message-all"
            >
              Message all
            </Button>
            {organiser && <CloseSession />}
          </>
        )}
        <SoundToggle />
        <ActionIcon
          variant="default"
          size="lg"
          aria-label="Show the keys"
          title="Keys (?)"
          onClick={() => helpOpen.set(true)}
        >
          <IconKeyboard size={18} aria-hidden />
        </ActionIcon>
        <ThemeToggle />
      </Group>
      <Invitations session={session} organiser={organiser} opened={inviting} onClose={invite.close} />
      <MessageAll opened={messaging} onClose={message.close} />
    </header>
  );
}

const CONNECTION_WORDS: Record<ConnectionState, string> = {
  connecting: "Connecting…",
  online: "Live",
  reconnecting: "Reconnecting…",
  taken_over: "Opened elsewhere",
  closed: "Closed",
  removed: "Not connected",
  signed_out: "Signed out",
  stopped: "Stopped",
};

function Connection({ state }: { state: ConnectionState }) {
  const live = state === "online";
  const Icon = live ? IconCircleFilled : IconPlugConnectedX;
  return (
    <Group gap={4} wrap="nowrap" data-testid="connection-state" data-state={state}>
      <Icon size={live ? 10 : 16} color={live ? "var(--good)" : "var(--look)"} aria-hidden />
      <Text size="sm">{CONNECTION_WORDS[state]}</Text>
    </Group>
  );
}

function SoundToggle() {
  const { sound } = useConsole();
  const muted = useStore(sound.muted);
  const Icon = muted ? IconBellOff : IconBell;
  const label = muted ? "Sound is off. Turn it on." : "Sound is on. Turn it off.";
  return (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={label}
      title={`${label} (M)`}
      onClick={() => sound.toggle()}
      data-testid="sound-toggle"
      data-muted={muted}
    >
      <Icon size={18} aria-hidden />
    </ActionIcon>
  );
}
