import type { CandidateApi } from "../api/candidate";
import type { ApiError } from "../api/http";
import type { CheckInProgress, FrameReply } from "../api/types";
import { type CandidateView, withCheckIn, withFrameReply } from "./candidate-state";
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

/** The two streams of pictures: a few at check-in, then one at each sampling interval in the room. */
export function makePumps(source: PictureSource, { view, clock, api, onRefused }: PumpContext) {
  const onTrouble = (error: ApiError) =>
    view.patch({ trouble: { text: error.message, ours: error.status !== 0 } });
  const numbers = new FrameNumbers(() => api().frameWindow());
  const checkIn = new FramePump<CheckInProgress>({
    source,
    post: (picture) => api().checkInFrame(picture),
    onReply: (progress) => {
      view.set(withCheckIn(view.get(), progress));
      return progress.state === "checking_in";
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
