import {
  IconArrowsDiff,
  IconCameraOff,
  IconCopyX,
  IconDeviceDesktop,
  IconEyeOff,
  IconRepeat,
  IconSnowflake,
  IconSwitchHorizontal,
  IconUserOff,
  IconUserQuestion,
  IconUserSearch,
  IconUsers,
} from "@tabler/icons-react";
import type { IncidentKind, Severity } from "../api/types";
import css from "./proctor.module.css";

const ICONS = {
  multiple_faces: IconUsers,
  different_person: IconUserQuestion,
  no_face: IconUserOff,
  camera_lost: IconCameraOff,
  not_recognised: IconUserSearch,
  frames_do_not_match_video: IconArrowsDiff,
  feed_looped: IconRepeat,
  camera_frozen: IconSnowflake,
  camera_covered: IconEyeOff,
  frame_replayed: IconCopyX,
  virtual_camera: IconDeviceDesktop,
  camera_changed: IconSwitchHorizontal,
};

export function KindIcon({ kind, severity }: { kind: IncidentKind; severity: Severity }) {
  const Icon = ICONS[kind] ?? IconUserQuestion;
  return (
    <span className={css.kindIcon} data-severity={severity}>
      <Icon size={20} aria-hidden />
    </span>
  );
}
