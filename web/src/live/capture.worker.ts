/** Takes one picture when asked. Its own timer sets the pace, so that a hidden tab goes on sampling. */
import type { CaptureOrder, CaptureReport } from "./capture-protocol";

const MAX_WIDTH = 640;
const MAX_HEIGHT = 480;
const STALE_MS = 2000;
const LOOK_EVERY_MS = 50;

let latest: VideoFrame | null = null;
let latestAt = 0;
let reading = 0;
let canvas: OffscreenCanvas | null = null;

const report = (message: CaptureReport) => self.postMessage(message);

async function readFrames(stream: ReadableStream<VideoFrame>): Promise<void> {
  const round = ++reading;
  const reader = stream.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done || !value) return;
    if (round !== reading) {
      value.close();
      await reader.cancel();
      return;
    }
    latest?.close();
    latest = value;
    latestAt = performance.now();
  }
}

async function encode(
  image: CanvasImageSource,
  width: number,
  height: number,
  quality: number,
): Promise<Blob> {
  const scale = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height);
  const w = Math.round(width * scale);
  const h = Math.round(height * scale);
  if (canvas?.width !== w || canvas.height !== h) canvas = new OffscreenCanvas(w, h);
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) throw new Error("no 2d context");
  context.drawImage(image, 0, 0, w, h);
  return canvas.convertToBlob({ type: "image/jpeg", quality });
}

/** The newest frame, which nobody has had yet; null when none comes in time. */
async function nextFrame(patienceMs: number): Promise<VideoFrame | null> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const frame = latest;
    if (frame && performance.now() - latestAt <= STALE_MS) {
      latest = null;
      return frame;
    }
    if (performance.now() >= until) return null;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function takeFrame(id: number, quality: number, patienceMs: number): Promise<void> {
  const frame = await nextFrame(patienceMs);
  if (!frame) {
    report({ type: "no_picture", id });
    return;
  }
  try {
    const blob = await encode(frame, frame.displayWidth, frame.displayHeight, quality);
    report({ type: "picture", id, blob });
  } finally {
    frame.close();
  }
}

function failed(id: number): () => void {
  return () => report({ type: "no_picture", id });
}

self.onmessage = ({ data }: MessageEvent<CaptureOrder>) => {
  if (data.type === "stream") void readFrames(data.stream).catch(() => {});
  else if (data.type === "take") {
    const run = data.ticked
      ? () => report({ type: "tick", id: data.id })
      : () => void takeFrame(data.id, data.quality, data.patienceMs).catch(failed(data.id));
    setTimeout(run, data.inMs);
  } else if (data.type === "bitmap") {
    const { bitmap, id, quality } = data;
    encode(bitmap, bitmap.width, bitmap.height, quality)
      .then((blob) => report({ type: "picture", id, blob }), failed(id))
      .finally(() => bitmap.close());
  }
};
