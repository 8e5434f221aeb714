import type { CandidateApi } from "../api/candidate";
import type { ApiError } from "../api/http";
import type { CheckInProgress, FrameReply } from "../api/types";
import type { CandidateMedia } from "./candidate-media";
import { type CandidateView, stepOf, withCheckIn, withFrameReply } from "./candidate-state";
import type { PictureSource } from "./capture";
import type { Clock } from "./clock";
import { FrameNumbers } from "./frame-numbers";
import { FramePump } from "./frame-pump";
import type { Store } from "./store";

interface PumpContext {
  view: Store<CandidateView>;
  clock: Clock;
  api: () => CandidateApi;
  onRefused: (error: ApiError) => void;
}

/**
 * The two streams of pictures: at check-in, and on while a proctor is awaited, who decides by who sits
 * there now; then one at each sampling interval in the room.
 */
export function makePumps(source: PictureSource, { view, clock, api, onRefused }: PumpContext) {
  const onTrouble = (error: ApiError) =>
    view.patch({ trouble: { text: error.message, ours: error.status !== 0 } });
  const numbers = new FrameNumbers(() => api().frameWindow());
  const checkIn = new FramePump<CheckInProgress>({
    source,
    post: (picture) => api().checkInFrame(picture),
    onReply: (progress) => {
      view.set(withCheckIn(view.get(), progress));
      return progress.state === "checking_in" || progress.state === "waiting_for_proctor";
    },
    onTrouble,
    onRefused,
  });
  const room = new FramePump<FrameReply>({
    source,
    post: (picture) => numbers.send((number) => api().frame(picture, number)),
    onReply: (reply) => {
      performance.mark("frame-posted");
      view.set(withFrameReply(view.get(), reply, clock.now()));
      return true;
    },
    onTrouble,
    onRefused,
  });
  return { checkIn, room };
}

export type Pumps = ReturnType<typeof makePumps>;

/** The step decides what runs: which pictures are sent, and whether the camera is on at all. */
export function followStep(view: CandidateView, media: CandidateMedia, { checkIn, room }: Pumps): void {
  const open = view.phase === "open";
  const step = stepOf(view);
  const camera = media.camera.view.get().status;
  const needsCamera = open && ["check_in", "waiting", "ready", "room"].includes(step);
  if (needsCamera && camera === "off") void media.camera.start();
  if (open && (step === "check_in" || step === "waiting")) checkIn.start();
  else checkIn.stop();
  if (open && step === "room") room.start();
  else room.stop();
  const ended = view.phase === "closed" || view.phase === "taken_over";
  const over = ended || step === "removed" || step === "finished";
  if (over && camera !== "off") media.stop();
  if (open && step === "paused" && camera !== "off") media.rest();
}
