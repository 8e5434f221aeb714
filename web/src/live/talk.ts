import type { WatchingMedia } from "./media";
import { classifyMediaError, missingMediaSupport } from "./media-errors";

/** Turn the proctor's microphone (and camera, if there is one) on for one candidate. Returns a problem in words. */
export async function startTalking(
  viewers: Pick<WatchingMedia, "startTalk">,
  candidateId: string,
): Promise<string | null> {
  if (missingMediaSupport()) return "This browser or address gives no microphone (https is needed).";
  let stream: MediaStream;
  try {
    stream = await openMicrophone();
  } catch (error) {
    return classifyMediaError(error) === "denied"
      ? "The browser does not let this page use the microphone. Allow it next to the address, then try again."
      : "No microphone could be started.";
  }
  if (viewers.startTalk(candidateId, stream)) return null;
  for (const track of stream.getTracks()) track.stop();
  return "There is no live connection to this candidate at the moment. You can write instead.";
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
