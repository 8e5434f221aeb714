import { LivekitSending } from "./livekit-sending";
import { LivekitWatching } from "./livekit-watching";
import type { Carrier } from "./media";

/** Through a LiveKit server. Only pages of sessions that use it load this. */
export const livekit: Carrier = {
  sending: (context) => new LivekitSending(context),
  watching: (context) => new LivekitWatching(context),
};
