import { ActionIcon, Button, Group, Tabs, Text, Title } from "@mantine/core";
import { IconVolume, IconVolumeOff, IconX } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { referencePhotoUrl } from "../api/proctor";
import type { Candidate } from "../api/types";
import { cameraOff, isHeard, picturesStopped, playsProctor, tileStatus } from "../live/candidate-status";
import type { LiveView } from "../live/media";
import { ago } from "../time";
import { useNow } from "../ui/use-now";
import { useStore } from "../ui/use-store";
import { facesWords, identityWords } from "../words";
import { AccommodationsForm } from "./accommodations-form";
import { CandidateActs } from "./candidate-acts";
import { useClosed, useConsole, useConsoleView } from "./console-context";
import { FocusHistory, FocusMessages } from "./focus-lists";
import { Keeping } from "./holds";
import { MessageOne } from "./message-one";
import { Picture } from "./picture";
import css from "./proctor.module.css";
import { StatusChip } from "./status-chip";
import { TalkToggle } from "./talk-toggle";
import { LiveOrStill } from "./tile";
import { PausedFor } from "./tile-facts";

/** What frames are compared with. A proctor's eye is as ordinary as the rest. */
const TEMPLATE_WORDS = {
  session: "Compared with the pictures taken at check-in",
  reference: "Compared with the reference photo",
  none: "Nothing to compare with",
};

export function FocusPanel({ candidateId }: { candidateId: string }) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    panel.current?.scrollIntoView({ block: "start" });
  }, []);
  const organiser = useConsole().proctor.role === "organiser";
  const candidate = useConsoleView().candidates.find(({ id }) => id === candidateId);
  if (!candidate) return null;
  return (
    <section
      ref={panel}
      className={`panel ${css.focus}`}
      aria-labelledby="focus-title"
      data-testid="focus-panel"
      data-candidate={candidateId}
    >
      <FocusHead candidate={candidate} />
      <div className={css.focusBody}>
        <div>
          <FocusPictures candidate={candidate} />
          <CandidateActs candidate={candidate} />
          <Facts candidate={candidate} />
        </div>
        <Tabs defaultValue="write" keepMounted={false}>
          <Tabs.List>
            <Tabs.Tab value="write">Messages</Tabs.Tab>
            <Tabs.Tab value="history">Incidents and gaps</Tabs.Tab>
            <Tabs.Tab value="arranged" data-testid="tab-arranged">
              Arranged
            </Tabs.Tab>
            {organiser && (
              <Tabs.Tab value="keeping" data-testid="tab-keeping">
                Hold and erase
              </Tabs.Tab>
            )}
          </Tabs.List>
          <Tabs.Panel value="write" pt="sm">
            <FocusMessages candidateId={candidateId} />
            <MessageOne candidate={candidate} />
          </Tabs.Panel>
          <Tabs.Panel value="history" pt="sm">
            <FocusHistory candidateId={candidateId} />
          </Tabs.Panel>
          <Tabs.Panel value="arranged" pt="sm">
            <AccommodationsForm key={JSON.stringify(candidate.accommodations)} candidate={candidate} />
          </Tabs.Panel>
          {organiser && (
            <Tabs.Panel value="keeping" pt="sm">
              <Keeping key={candidateId} candidate={candidate} />
            </Tabs.Panel>
          )}
        </Tabs>
      </div>
    </section>
  );
}

function FocusHead({ candidate }: { candidate: Candidate }) {
  const { ui } = useConsole();
  return (
    <Group justify="space-between" wrap="nowrap">
      <Group gap="sm">
        <Title order={2} size="h4" id="focus-title">
          {candidate.name}
        </Title>
        <StatusChip status={tileStatus(candidate, useNow(), useClosed())} />
        <PausedFor candidate={candidate} />
      </Group>
      <ActionIcon variant="default" size="lg" aria-label="Close the live view" onClick={() => ui.focus(null)}>
        <IconX size={18} aria-hidden />
      </ActionIcon>
    </Group>
  );
}

function FocusPictures({ candidate }: { candidate: Candidate }) {
  const { store } = useConsole();
  const live = useStore(store.viewers.views).get(candidate.id) ?? null;
  const talking = useStore(store.viewers.talkingTo) === candidate.id;
  const [listening, setListening] = useState(false);
  const lost = useStore(store.viewers.talkLost) === candidate.id;
  const { session } = useConsoleView();
  const talkback = session?.media.talkback ?? false;
  const sound = listening || talking;
  const heard = live?.state === "live" && hasSound(live);
  const Icon = sound && heard ? IconVolume : IconVolumeOff;
  return (
    <>
      <div className={css.focusPictures}>
        <div className={css.bigPicture}>
          <LiveOrStill candidate={candidate} live={live} sound={sound} testId="focus-video" />
        </div>
        <figure className={css.referencePicture}>
          <Picture
            src={candidate.has_reference_photo ? referencePhotoUrl(candidate.id) : null}
            alt={`Reference photo of ${candidate.name}`}
            missing="No reference photo"
          />
          <Text component="figcaption" size="xs" className="faint">
            Reference photo
          </Text>
        </figure>
      </div>
      {lost && (
        <Text role="alert" size="sm" data-testid="talk-lost">
          The candidate is not connected any more. Your microphone and camera are off.
        </Text>
      )}
      <Group gap="xs">
        {talkback && playsProctor(candidate, session) && <TalkToggle candidateId={candidate.id} />}
        {isHeard(candidate, session) && (
          <Button
            variant="default"
            aria-pressed={sound}
            disabled={talking}
            leftSection={<Icon size={18} aria-hidden />}
            onClick={() => setListening(!listening)}
            data-testid="listen-toggle"
          >
            {!sound ? "Listen" : heard ? "You hear the candidate" : "No sound from the candidate"}
          </Button>
        )}
        {isHeard(candidate, session) && sound && !heard && (
          <Text role="status" size="sm" data-testid="no-sound">
            The candidate's browser sends no sound: perhaps there is no microphone, or it is not allowed.
          </Text>
        )}
      </Group>
    </>
  );
}

/** What the candidate's browser sends now, not what it might. */
function hasSound({ stream }: LiveView): boolean {
  return stream?.getAudioTracks().some(({ readyState }) => readyState === "live") ?? false;
}

function Facts({ candidate }: { candidate: Candidate }) {
  const now = useNow();
  const paused = candidate.state === "paused";
  // What was true of the last picture is not true of now.
  const over = picturesStopped(candidate, now);
  const facts = [
    ...(paused ? [["Monitoring", "Paused: no pictures are taken"]] : []),
    ...(!paused && cameraOff(candidate) ? [["Monitoring", "The camera is off: no pictures come"]] : []),
    ...(over ? [] : [["Faces", facesWords(candidate.live)]]),
    ...(candidate.identity_check === "proctor"
      ? [["Identity", "A proctor compares by eye"]]
      : over
        ? []
        : [
            ["Comparison", identityWords(candidate.live)],
            ["Compared with", TEMPLATE_WORDS[candidate.template]],
          ]),
    ["Last picture", candidate.last_frame_at ? ago(candidate.last_frame_at, now) : "none yet"],
    ...(over ? [] : [["Next picture", intervalWords(candidate)]]),
  ];
  return (
    <dl className={css.factList}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function intervalWords({ next_frame_ms }: Candidate): string {
  return next_frame_ms ? `every ${Math.round(next_frame_ms / 100) / 10} s` : "–";
}
