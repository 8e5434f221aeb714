/** Takes one picture when asked. Its own timer sets the pace, so that a hidden tab goes on sampling. */
import type { CaptureOrder, CaptureReport } from "./capture-protocol";

const MAX_WIDTH = 640;
const MAX_HEIGHT = 480;

/** Who waits for a frame. Nobody keeps one: a camera has few buffers, and stops when all are held. */
let wanted: ((frame: VideoFrame) => void)[] = [];
let latestAt = 0;
let reading = 0;
/** Why the present reader reads no more. */
let ended: string | null = null;
let canvas: OffscreenCanvas | null = null;

const report = (message: CaptureReport) => self.postMessage(message);

async function readFrames(stream: ReadableStream<VideoFrame>): Promise<void> {
  const round = ++reading;
  ended = null;
  const reader = stream.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done || !value) {
      if (round === reading) ended = "came to its end";
      return;
    }
    if (round !== reading) {
      value.close();
      await reader.cancel();
      return;
    }
    latestAt = performance.now();
    const give = wanted.shift();
    if (give) give(value);
    else value.close();
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

/** The next frame that the camera gives; null when none comes in time. */
function nextFrame(patienceMs: number): Promise<VideoFrame | null> {
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      wanted = wanted.filter((each) => each !== give);
      resolve(null);
    }, patienceMs);
    const give = (frame: VideoFrame) => {
      clearTimeout(late);
      resolve(frame);
    };
    wanted.push(give);
  });
}

async function takeFrame(id: number, quality: number, patienceMs: number): Promise<void> {
  const frame = await nextFrame(patienceMs);
  if (!frame) {
    report({ type: "no_picture", id, why: `nothing came; ${readerWords()}` });
    return;
  }
  try {
    const blob = await encode(frame, frame.displayWidth, frame.displayHeight, quality);
    report({ type: "picture", id, blob });
  } finally {
    frame.close();
  }
}

function failed(id: number): (error: unknown) => void {
  return (error) => report({ type: "no_picture", id, why: String(error) });
}

function readerWords(): string {
  const seen = latestAt ? `the last ${Math.round(performance.now() - latestAt)} ms ago` : "none so far";
  return `reader ${reading} ${ended ?? "is reading"}, ${seen}`;
}

self.onmessage = ({ data }: MessageEvent<CaptureOrder>) => {
  if (data.type === "stream")
    void readFrames(data.stream).catch((error: unknown) => {
      ended = String(error);
    });
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
