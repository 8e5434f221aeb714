import { Text } from "@mantine/core";
import { IconPhotoOff } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import type { Incident } from "../api/types";
import css from "./proctor.module.css";

interface Props {
  src: string | null;
  alt: string;
  missing: string;
  testId?: string;
}

/** Whether the evidence is two pictures in one, side by side: too wide to stand beside a third. */
export const isTwoInOne = ({ kind }: Incident): boolean => kind === "frames_do_not_match_video";

/** A picture from the server, or words that say why there is none. */
export function Picture({ src, alt, missing, testId }: Props) {
  const [failed, setFailed] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another picture gets another try
  useEffect(() => setFailed(false), [src]);
  if (!src || failed) {
    return (
      <div className={css.noPicture}>
        <IconPhotoOff size={22} aria-hidden />
        <Text size="xs">{failed ? "Picture could not be loaded" : missing}</Text>
      </div>
    );
  }
  return (
    <img
      src={src}
      alt={alt}
      loading="lazy"
      decoding="async"
      onError={() => setFailed(true)}
      data-testid={testId}
    />
  );
}
