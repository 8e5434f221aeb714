import { Button, Progress, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconUserSearch } from "@tabler/icons-react";
import type { CandidateView } from "../live/candidate-state";
import { useStore } from "../ui/use-store";
import { LiveVideo } from "../ui/video";
import { checkInWords } from "../words";
import type { StepProps } from "./app";
import { Arranged } from "./arranged";
import { CameraProblem } from "./camera-help";
import css from "./candidate.module.css";
import { AskProctor, RefusalNote } from "./refusal-note";
import { StepTitle } from "./shell";

function OwnPicture({ session, outline }: Pick<StepProps, "session"> & { outline?: boolean }) {
  const camera = useStore(session.media.camera.view);
  const problem = camera.status === "problem" || camera.status === "lost";
  return (
    <>
      <div className={css.picture}>
        {camera.stream && <LiveVideo stream={camera.stream} mirrored label="Your own camera picture" />}
        {outline && <div className={css.outline} aria-hidden />}
      </div>
      {problem && <CameraProblem camera={camera} onRetry={() => void session.media.camera.start()} />}
    </>
  );
}

export function CheckInStep({ session, view }: StepProps) {
  const needed = view.checkIn?.needed ?? view.me?.needed_frames ?? 3;
  const collected = view.checkIn?.collected ?? 0;
  return (
    <section className={`panel ${css.card}`}>
      <StepTitle>Look at the camera</StepTitle>
      <Text mb="md">
        {view.me?.face_compared
          ? `We take ${needed} pictures and compare them with your photo. This takes a few seconds.`
          : `We take ${needed} pictures, so that a proctor can compare them with your photo. This takes a few seconds.`}
      </Text>
      <Stack>
        <OwnPicture session={session} outline />
        <div data-testid="checkin-progress" data-collected={collected} data-needed={needed}>
          <Progress value={(100 * collected) / needed} size="lg" aria-label="Pictures taken" mb="xs" />
          <Text role="status">
            {collected} of {needed}.{" "}
            {view.checkIn ? checkInWords(view.checkIn) : "Please look at the camera."}
          </Text>
        </div>
        <RefusalNote view={view} />
        <AskProctor session={session} busy={view.busy} />
      </Stack>
    </section>
  );
}

export function WaitingStep({ session, view }: StepProps) {
  return (
    <section className={`panel ${css.card}`} data-testid="waiting">
      <IconUserSearch size={40} aria-hidden />
      <StepTitle>A person will look at this</StepTitle>
      <Text mb="sm" role="status">
        {view.me?.face_compared && "You have done nothing wrong. "}A proctor compares your photo with your
        camera picture and then lets you in. You do not need to press anything; this page goes on by itself.
      </Text>
      <Text mb="md">You can write to the proctor with the button Ask for help above.</Text>
      <Stack>
        <OwnPicture session={session} />
        <RefusalNote view={view} />
      </Stack>
    </section>
  );
}

function pictureEvery(view: CandidateView): string {
  const seconds = view.me?.session.sampling_interval_s ?? 5;
  return seconds === 1
    ? "a picture is looked at every second"
    : `a picture is looked at every ${seconds} seconds`;
}

export function ReadyStep({ session, view }: StepProps) {
  return (
    <section className={`panel ${css.card}`}>
      <IconCircleCheck size={40} color="var(--good)" aria-hidden />
      <StepTitle>You are checked in</StepTitle>
      <Text mb="md" role="status">
        The proctor can see your camera now. When you enter, monitoring starts: {pictureEvery(view)}.
      </Text>
      <Stack>
        <Button size="lg" onClick={() => void session.enter()} loading={view.busy} data-testid="enter-room">
          Enter the exam
        </Button>
        <RefusalNote view={view} />
        <Arranged words={view.me?.accommodations ?? []} />
        <OwnPicture session={session} />
      </Stack>
    </section>
  );
}
