import { type CSSProperties, useEffect, useRef } from "react";

interface Props {
  stream: MediaStream | null;
  muted?: boolean;
  mirrored?: boolean;
  label: string;
  testId?: string;
  className?: string;
  style?: CSSProperties;
}

/** A live picture. It has no controls: what it shows starts and ends by itself. */
export function LiveVideo({
  stream,
  muted = true,
  mirrored = false,
  label,
  testId,
  className,
  style,
}: Props) {
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    video.srcObject = stream;
    if (stream) void video.play().catch(() => {});
    return () => {
      video.srcObject = null;
    };
  }, [stream]);
  return (
    <video
      ref={ref}
      muted={muted}
      autoPlay
      playsInline
      aria-label={label}
      data-testid={testId}
      className={className}
      style={{ ...style, transform: mirrored ? "scaleX(-1)" : undefined }}
    />
  );
}
