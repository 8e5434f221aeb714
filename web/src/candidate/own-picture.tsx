import { Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import css from "./candidate.module.css";

interface Props {
  load: () => Promise<Blob>;
  alt: string;
}

/** A picture that only the candidate's token opens, held by this page alone. */
export function OwnPicture({ load, alt }: Props) {
  const [url, setUrl] = useState<string | null>(null);
  const [gone, setGone] = useState(false);
  const loading = useRef(load);
  useEffect(() => {
    let made: string | null = null;
    let left = false;
    loading.current().then(
      (image) => {
        if (left) return;
        made = URL.createObjectURL(image);
        setUrl(made);
      },
      () => setGone(true),
    );
    return () => {
      left = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, []);
  if (gone) return <Text size="sm">The picture cannot be shown at the moment.</Text>;
  return url && <img className={css.ownPicture} src={url} alt={alt} data-testid="own-evidence" />;
}
