import { Button, Text } from "@mantine/core";
import { IconMicrophone } from "@tabler/icons-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import type { Store } from "../live/store";
import { useStore } from "../ui/use-store";
import css from "./candidate.module.css";

/** The proctor, with sound, while he or she speaks to this candidate; a picture only where there is one. */
export function ProctorVideo({ incoming }: { incoming: Store<MediaStream | null> }) {
  const stream = useStore(incoming);
  const seen = (stream?.getVideoTracks().length ?? 0) > 0;
  const ref = useRef<HTMLVideoElement & HTMLAudioElement>(null);
  const [silenced, setSilenced] = useState(false);
  useEffect(() => {
    const player = ref.current;
    if (!player) return;
    player.srcObject = stream;
    if (stream)
      player.play().then(
        () => setSilenced(false),
        () => setSilenced(true),
      );
  }, [stream]);
  const listen = () => void ref.current?.play().then(() => setSilenced(false));
  return (
    <div aria-live="polite">
      {stream && (
        <figure className={css.proctor} data-testid="proctor-speaks">
          {seen ? <Seen player={ref} /> : <Heard player={ref} />}
          <Text component="figcaption" size="sm">
            The proctor is speaking to you
          </Text>
          {silenced && <Button onClick={listen}>Turn on the sound</Button>}
        </figure>
      )}
    </div>
  );
}

function Seen({ player }: { player: RefObject<HTMLVideoElement | null> }) {
  return (
    <div className={css.picture}>
      <video ref={player} autoPlay playsInline aria-label="The proctor" data-testid="proctor-video" />
    </div>
  );
}

/** A proctor without a camera: an empty picture would look like a fault. */
function Heard({ player }: { player: RefObject<HTMLAudioElement | null> }) {
  return (
    <>
      <IconMicrophone size={32} aria-hidden />
      <audio ref={player} autoPlay data-testid="proctor-voice" />
    </>
  );
}
