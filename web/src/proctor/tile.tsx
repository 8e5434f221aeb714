import { Text } from "@mantine/core";
import { IconAlertTriangle, IconMessage, IconUser } from "@tabler/icons-react";
import { stillUrl } from "../api/proctor";
import type { Candidate } from "../api/types";
import { cameraOff, picturesStopped, tileStatus } from "../live/candidate-status";
import type { LiveView } from "../live/media";
import { ago } from "../time";
import { useNow } from "../ui/use-now";
import { useStore } from "../ui/use-store";
import { LiveVideo } from "../ui/video";
import { breakIsOver, facesCount, facesWords, liveTroubleWords } from "../words";
import { useClosed, useConsole } from "./console-context";
import css from "./proctor.module.css";
import { StatusChip } from "./status-chip";
import { TileFacts } from "./tile-facts";
import type { TileSize } from "./tile-size";

interface Props {
  candidate: Candidate;
  live: LiveView | null;
  undecided: number;
  questions: number;
  focused: boolean;
  size: TileSize;
}

export function Tile({ candidate, live, undecided, questions, focused, size }: Props) {
  const { ui, store } = useConsole();
  const interrupted = liveTroubleWords(candidate, live, useStore(store.viewers.trouble));
  const now = useNow();
  const status = tileStatus(candidate, now, useClosed());
  const look = undecided > 0 || questions > 0 || status === "waiting" || breakIsOver(candidate, now);
  return (
    <li
      className={css.tile}
      data-testid="tile"
      data-candidate={candidate.id}
      data-status={status}
      data-look={look || undefined}
      data-focused={focused || undefined}
    >
      <div className={css.tilePicture}>
        <LiveOrStill candidate={candidate} live={live} />
        <div className={css.flags}>
          {undecided > 0 && (
            <span className={css.flag}>
              <IconAlertTriangle size={14} aria-hidden /> {undecided} to look at
            </span>
          )}
          {questions > 0 && (
            <span className={css.flag} data-testid="tile-questions">
              <IconMessage size={14} aria-hidden /> {questions === 1 ? "1 message" : `${questions} messages`}
            </span>
          )}
        </div>
      </div>
      <div className={css.tileText}>
        <button
          type="button"
          className={css.tileName}
          title={size === "small" ? candidate.name : undefined}
          aria-pressed={focused}
          onClick={() => ui.focus(focused ? null : candidate.id)}
        >
          {candidate.name}
        </button>
        <StatusChip status={status} />
        <TileFacts candidate={candidate} />
        <Text size="xs" className="faint">
          {lastPicture(candidate, now, size)}
          {candidate.camera === "hidden" && " · works in another tab"}
        </Text>
        {interrupted && (
          <Text size="xs" data-testid="tile-live-trouble">
            {interrupted}
          </Text>
        )}
        {candidate.state === "in_room" && size === "large" && !picturesStopped(candidate, now) && (
          <Text size="xs" className="faint">
            {facesWords(candidate.live)}
          </Text>
        )}
      </div>
    </li>
  );
}

/** In one line with the number of faces where there is little room. */
function lastPicture(candidate: Candidate, now: number, size: TileSize): string {
  const { last_frame_at, live, state } = candidate;
  if (!last_frame_at) return "No picture yet";
  const when = ago(last_frame_at, now);
  if (size === "large") return `Last picture ${when}`;
  const counts = state === "in_room" && live?.faces != null && !picturesStopped(candidate, now);
  return counts ? `${when} · ${facesCount(live)}` : when;
}

const STOPPED = new Set<Candidate["state"]>(["paused", "removed", "finished"]);

/** The live picture while it flows; otherwise the newest still that was analysed, with its age, grey when no more come. */
interface PictureProps {
  candidate: Candidate;
  live: LiveView | null;
  sound?: boolean;
  testId?: string;
}

export function LiveOrStill({ candidate, live, sound = false, testId = "tile-video" }: PictureProps) {
  const now = useNow();
  const shows = live?.stream && live.state === "live" && !STOPPED.has(candidate.state);
  if (shows && !cameraOff(candidate)) {
    return (
      <LiveVideo
        stream={live.stream}
        muted={!sound}
        label={`Live picture of ${candidate.name}`}
        testId={testId}
      />
    );
  }
  if (candidate.has_still) {
    return (
      <>
        <img
          className={css.still}
          src={stillUrl(candidate.id, candidate.last_frame_at)}
          alt={`Newest still of ${candidate.name}`}
          data-testid="tile-still"
          data-old={picturesStopped(candidate, now) || undefined}
        />
        {candidate.last_frame_at && (
          <span className={css.age} data-testid="still-age">
            {picturesStopped(candidate, now) ? `Not live: ${ago(candidate.last_frame_at, now)}` : "Not live"}
          </span>
        )}
      </>
    );
  }
  return <IconUser size={48} aria-hidden />;
}
