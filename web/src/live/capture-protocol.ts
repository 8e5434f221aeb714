export type CaptureOrder =
  | { type: "stream"; stream: ReadableStream<VideoFrame> }
  | { type: "take"; id: number; inMs: number; quality: number; patienceMs: number; ticked: boolean }
  | { type: "bitmap"; id: number; bitmap: ImageBitmap; quality: number };

export type CaptureReport =
  | { type: "picture"; id: number; blob: Blob }
  | { type: "no_picture"; id: number; why: string }
  | { type: "tick"; id: number };
