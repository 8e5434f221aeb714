import {
  IconCameraOff,
  IconCheck,
  IconCircleCheck,
  IconDoor,
  IconDoorOff,
  IconHandStop,
  IconPhoto,
  IconPlayerPause,
  IconPlugConnectedX,
  IconRefresh,
  IconUserOff,
  IconUserScan,
  IconVideoOff,
} from "@tabler/icons-react";
import { STATUS_WORDS, type TileStatus } from "../live/candidate-status";
import css from "./proctor.module.css";

const ICONS = {
  waiting: IconHandStop,
  checking_in: IconUserScan,
  ready: IconDoor,
  online: IconCircleCheck,
  pictures: IconPhoto,
  reconnecting: IconRefresh,
  no_feed: IconVideoOff,
  camera_off: IconCameraOff,
  paused: IconPlayerPause,
  removed: IconUserOff,
  finished: IconCheck,
  ended: IconDoorOff,
  left: IconPlugConnectedX,
};

export function StatusChip({ status }: { status: TileStatus }) {
  const Icon = ICONS[status];
  return (
    <span className={css.status} data-status={status}>
      <Icon size={14} aria-hidden />
      {STATUS_WORDS[status]}
    </span>
  );
}
