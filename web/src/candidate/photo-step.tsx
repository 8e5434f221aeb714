import { Alert, Button, Divider, FileButton, Loader, Stack, Text } from "@mantine/core";
import { IconCamera, IconPhotoUp } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useStore } from "../ui/use-store";
import { LiveVideo } from "../ui/video";
import type { StepProps } from "./app";
import { CameraProblem } from "./camera-help";
import css from "./candidate.module.css";
import { AskProctor, RefusalNote } from "./refusal-note";
import { StepTitle } from "./shell";

const COUNTDOWN = 3;
/** Somebody who sat still for a photo would rather wait than be asked to do it again. */
const PATIENCE_MS = 6000;

export function PhotoStep({ session, view }: StepProps) {
  const camera = useStore(session.media.camera.view);
  const [count, setCount] = useState(0);
  const [tried, setTried] = useState(false);
  const [missed, setMissed] = useState(false);
  const [taking, setTaking] = useState(false);
  const waiting = view.busy || taking;

  useEffect(() => {
    if (count === 0) return;
    const timer = setTimeout(async () => {
      setCount(count - 1);
      if (count > 1) return;
      setTried(true);
      setTaking(true);
      const picture = await session.media
        .take(0, { quality: 0.92, patienceMs: PATIENCE_MS })
        .catch(() => null)
        .finally(() => setTaking(false));
      setMissed(picture === null);
      if (picture) await session.sendPhoto(picture);
    }, 700);
    return () => clearTimeout(timer);
  }, [count, session]);

  const take = () => {
    session.clearRefusal();
    setMissed(false);
    setCount(COUNTDOWN);
  };
  const upload = (file: File | null) => {
    if (!file) return;
    setTried(true);
    void session.sendPhoto(file);
  };
  const retry = () => void session.media.camera.start();
  return (
    <section className={`panel ${css.card}`}>
      <StepTitle>Your reference photo</StepTitle>
      <Text mb="md">
        Put your face inside the oval, look at the camera, and have light in front of you.{" "}
        {view.me?.face_compared
          ? "We compare this photo with your camera picture, and only for this exam."
          : "A proctor compares this photo with your camera picture by eye, and only for this exam."}
      </Text>
      <Stack>
        {view.me?.retake_reason && (
          <Alert color="blue" title="The proctor asks for a new photo" data-testid="retake-reason">
            {view.me.retake_reason}
          </Alert>
        )}
        <div className={css.picture}>
          {camera.stream && <LiveVideo stream={camera.stream} mirrored label="Your own camera picture" />}
          <div className={css.outline} aria-hidden />
          <div className={css.countdown} role="status">
            {count > 0 ? count : waiting && <Loader color="white" aria-label="Looking at your photo" />}
          </div>
        </div>
        {(camera.status === "problem" || camera.status === "lost") && (
          <CameraProblem camera={camera} onRetry={retry} />
        )}
        <RefusalNote view={view} />
        {missed && <Text role="alert">The camera gave no picture. Please try again.</Text>}
        <Button
          size="md"
          onClick={take}
          loading={waiting || count > 0}
          leftSection={<IconCamera size={20} aria-hidden />}
          data-testid="photo-take"
        >
          {tried && view.refusal ? "Take another photo" : "Take the photo"}
        </Button>
        <Divider label="or" />
        <FileButton
          onChange={upload}
          accept="image/jpeg,image/png,image/webp"
          inputProps={{ "data-testid": "photo-upload", "aria-label": "Choose a photo file" } as object}
        >
          {(props) => (
            <Button
              {...props}
              variant="default"
              disabled={waiting}
              leftSection={<IconPhotoUp size={18} aria-hidden />}
            >
              Choose a photo file
            </Button>
          )}
        </FileButton>
        <AskProctor session={session} busy={view.busy} />
      </Stack>
    </section>
  );
}
