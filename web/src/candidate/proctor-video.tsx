import { Button, Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import type { Store } from "../live/store";
import { useStore } from "../ui/use-store";
import css from "./candidate.module.css";

/** The proctor, with sound, while he or she speaks to this candidate. */
export function ProctorVideo({ incoming }: { incoming: Store<MediaStream | null> }) {
  const stream = useStore(incoming);
  const ref = useRef<HTMLVideoElement>(null);
  const [silenced, setSilenced] = useState(false);
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    video.srcObject = stream;
    if (stream)
      video.play().then(
        () => setSilenced(false),
        () => setSilenced(true),
      );
  }, [stream]);
  const listen = () => void ref.current?.play().then(() => setSilenced(false));
  return (
    <div aria-live="polite">
      {stream && (
        <figure style={{ margin: 0 }}>
          <div className={css.picture}>
            <video ref={ref} autoPlay playsInline aria-label="The proctor" data-testid="proctor-video" />
          </div>
          <Text component="figcaption" size="sm" className="faint">
            The proctor is speaking to you
          </Text>
          {silenced && <Button onClick={listen}>Turn on the sound</Button>}
        </figure>
      )}
    </div>
  );
}
