/** What a session's live video is, in plain words. */
import type { MediaProvider } from "./api/types";

export const PROVIDER_WORDS: Record<string, string> = {
  builtin: "From browser to browser (up to about 16 candidates)",
  livekit: "LiveKit server (also for more candidates)",
  realtimekit: "Cloudflare RealtimeKit",
};

/** What keeps candidates from seeing one another, as the proctor should know it. */
export function isolationWords({ isolation }: MediaProvider): string {
  switch (isolation) {
    case "structural":
      return "Candidates cannot see one another: there is no connection between them.";
    case "token":
      return "Candidates cannot see one another: each has a video room of their own, and the video server lets them receive nothing.";
    case "meeting":
      return "Candidates cannot see one another: each has a video meeting of their own. Only this keeps them apart: inside a meeting the video service would let everybody receive everybody.";
    case "ui_only":
      return "Candidates share one video room: their pages do not show them one another, but the video service would not prevent it.";
    default:
      return "Live video of this session is not set up on this server any more. Still pictures go on.";
  }
}
