import { Button, Group, Progress, Stack, Text } from "@mantine/core";
import { IconCamera, IconMicrophone, IconMicrophoneOff } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { watchMicrophone } from "../live/mic-meter";
import { useStore } from "../ui/use-store";
import { LiveVideo } from "../ui/video";
import type { StepProps } from "./app";
import { CameraProblem, CopyDiagnostics } from "./camera-help";
import css from "./candidate.module.css";
import { StepTitle } from "./shell";

export function CameraStep({ session }: StepProps) {
  const camera = useStore(session.media.camera.view);
  const start = () => void session.media.camera.start();
  const works = camera.status === "on" || camera.status === "muted";
  return (
    <section className={`panel ${css.card}`}>
      <StepTitle>Camera and microphone</StepTitle>
      <Text mb="md">
        {works
          ? "You should see yourself here, and the bar should move when you speak."
          : "Press the button. The browser then asks whether this page may use your camera and microphone: choose Allow."}
      </Text>
      <Stack>
        <div className={css.picture}>
          {camera.stream ? (
            <LiveVideo
              stream={camera.stream}
              mirrored
              label="Your own camera picture"
              testId="camera-preview"
            />
          ) : (
            <IconCamera size={56} aria-hidden />
          )}
        </div>
        {works && <Microphone stream={camera.stream} present={camera.microphone} />}
        {(camera.status === "problem" || camera.status === "lost") && (
          <CameraProblem camera={camera} onRetry={start} />
        )}
        {(camera.status === "off" || camera.status === "asking") && (
          <Button size="md" onClick={start} loading={camera.status === "asking"} data-testid="camera-start">
            Turn on the camera
          </Button>
        )}
        {works && (
          <Button size="md" onClick={() => session.confirmCamera()} data-testid="camera-continue">
            I can see myself, continue
          </Button>
        )}
        {works && (
          <Group>
            <CopyDiagnostics camera={camera} />
          </Group>
        )}
      </Stack>
    </section>
  );
}

function Microphone({ stream, present }: { stream: MediaStream | null; present: boolean }) {
  const [level, setLevel] = useState(0);
  useEffect(() => (stream ? watchMicrophone(stream, setLevel) : undefined), [stream]);
  if (!present) {
    return (
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <IconMicrophoneOff size={20} aria-hidden />
        <Text size="sm">
          No microphone was found or allowed. You can continue without it; the proctor can still write to you.
        </Text>
      </Group>
    );
  }
  return (
    <Group gap="xs" wrap="nowrap">
      <IconMicrophone size={20} aria-hidden />
      <Progress.Root size="lg" style={{ flex: 1 }}>
        <Progress.Section value={Math.round(level * 100)} aria-label="Microphone level" />
      </Progress.Root>
    </Group>
  );
}
