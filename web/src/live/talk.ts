import type { WatchingMedia } from "./media";
import { classifyMediaError, missingMediaSupport } from "./media-errors";

const DENIED =
  "The browser does not let this page use the microphone. Allow it next to the address, then try again.";

/** What came of it: a problem in words, or else whether the candidate also sees the proctor. */
export type Talk = { problem: string } | { problem: null; seen: boolean };

/** Turn the proctor's microphone (and camera, if there is one) on for one candidate. */
export async function startTalking(
  viewers: Pick<WatchingMedia, "startTalk">,
  candidateId: string,
): Promise<Talk> {
  if (missingMediaSupport())
    return { problem: "This browser or address gives no microphone (https is needed)." };
  let stream: MediaStream;
  try {
    stream = await openMicrophone();
  } catch (error) {
    const denied = classifyMediaError(error) === "denied";
    return { problem: denied ? DENIED : "No microphone could be started." };
  }
  if (viewers.startTalk(candidateId, stream))
    return { problem: null, seen: stream.getVideoTracks().length > 0 };
  for (const track of stream.getTracks()) track.stop();
  return { problem: "There is no live connection to this candidate at the moment. You can write instead." };
}

async function openMicrophone(): Promise<MediaStream> {
  const audio = { echoCancellation: true, noiseSuppression: true };
  const video = { width: { ideal: 320 }, height: { ideal: 240 }, frameRate: { ideal: 15 } };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio, video });
  } catch {
    return navigator.mediaDevices.getUserMedia({ audio });
  }
}

/** Send the proctor's own tracks over a connection that else only receives; null ends it. */
export function speakOver(rtc: RTCPeerConnection, stream: MediaStream | null): void {
  for (const kind of ["audio", "video"]) {
    const track = stream?.getTracks().find((each) => each.kind === kind) ?? null;
    const known = rtc.getTransceivers().find(({ receiver }) => receiver.track.kind === kind);
    if (!known && (!track || !stream)) continue;
    const transceiver = known ?? rtc.addTransceiver(kind, { direction: "recvonly" });
    void transceiver.sender.replaceTrack(track).catch(() => {});
    if (track && stream) transceiver.sender.setStreams(stream);
    transceiver.direction = track ? "sendrecv" : "recvonly";
  }
}
