import { Anchor, Stack, Text, Title } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCameraOff,
  IconCircleCheck,
  IconCloudOff,
  IconExternalLink,
  IconLoader2,
} from "@tabler/icons-react";
import type { Warning } from "../api/types";
import { type RoomStatus, roomStatus } from "../live/room-status";
import { useNow } from "../ui/use-now";
import { useStore } from "../ui/use-store";
import { LiveVideo } from "../ui/video";
import type { StepProps } from "./app";
import { Arranged, Comparison } from "./arranged";
import { CameraProblem } from "./camera-help";
import css from "./candidate.module.css";
import { Chat } from "./chat";
import { ProctorNote } from "./proctor-note";
import { RefusalNote } from "./refusal-note";
import { AskForBreak, Finish } from "./room-acts";

const STATUS_ICON = {
  ok: IconCircleCheck,
  starting: IconLoader2,
  technical: IconCloudOff,
  camera: IconCameraOff,
};

export function Room({ session, view }: StepProps) {
  const camera = useStore(session.media.camera.view);
  const status = roomStatus(view, camera, useNow());
  const examUrl = view.me?.session.exam_url;
  const focusChat = () => document.getElementById("chat-input")?.focus();
  return (
    <div className={css.room} data-testid="room">
      <Stack>
        <Title order={1} size="h3" tabIndex={-1}>
          {view.me?.session.title}
        </Title>
        <StatusCard status={status} connection={view.connection} />
        {(camera.status === "problem" || camera.status === "lost") && (
          <CameraProblem camera={camera} onRetry={() => void session.media.camera.start()} />
        )}
        <Warnings warnings={view.warnings} />
        <ProctorNote view={view} onAnswer={focusChat} />
        {examUrl && (
          <Anchor href={examUrl} target="_blank" rel="noopener noreferrer" fw={600} data-testid="exam-link">
            Open the exam in a new tab <IconExternalLink size={16} aria-hidden />
          </Anchor>
        )}
        <div className={css.pictures}>
          <figure style={{ margin: 0 }}>
            <div className={css.picture}>
              {camera.stream && (
                <LiveVideo
                  stream={camera.stream}
                  mirrored
                  label="Your own camera picture"
                  testId="self-view"
                />
              )}
            </div>
            <Text component="figcaption" size="sm" className="faint">
              The proctor sees this picture. To you it is shown as in a mirror.
            </Text>
          </figure>
        </div>
        <Text size="sm" className="faint">
          Please keep this tab open. You may work in another tab or window.
        </Text>
        <AskForBreak session={session} view={view} />
        <Arranged words={view.me?.accommodations ?? []} />
        <Comparison session={session} view={view} />
        <Finish session={session} view={view} />
        <RefusalNote view={view} />
      </Stack>
      <section className={`panel ${css.card}`} aria-labelledby="chat-title">
        <Title order={2} size="h4" mb="sm" id="chat-title">
          Questions to the proctor
        </Title>
        <Chat session={session} view={view} />
      </section>
    </div>
  );
}

function StatusCard({ status, connection }: { status: RoomStatus; connection: string }) {
  const Icon = STATUS_ICON[status.tone];
  return (
    <div
      className={`panel ${css.status}`}
      data-tone={status.tone}
      data-testid="room-status"
      data-connection={connection}
      role="status"
    >
      <Icon aria-hidden style={{ flex: "none" }} />
      <div>
        <Text fw={650}>{status.title}</Text>
        <Text size="sm">{status.text}</Text>
      </div>
    </div>
  );
}

function Warnings({ warnings }: { warnings: Warning[] }) {
  return (
    <Stack gap="xs" aria-live="polite">
      {warnings.map((warning) => (
        <div key={warning.code} className={css.warning} data-testid="warning" data-code={warning.code}>
          <IconAlertTriangle color="var(--look)" aria-hidden style={{ flex: "none" }} />
          <div>
            <Text fw={650}>{warning.text}</Text>
            {warning.fix && <Text size="sm">{warning.fix}</Text>}
          </div>
        </div>
      ))}
    </Stack>
  );
}
