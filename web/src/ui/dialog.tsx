import { Drawer, Modal } from "@mantine/core";
import type { ReactNode } from "react";
import css from "./dialog.module.css";

interface Props {
  opened: boolean;
  onClose: () => void;
  title: string;
  size?: string;
  testId?: string;
  children: ReactNode;
}

/** A modal dialog whose close button has a name and whose head is no page landmark. */
export function Dialog({ opened, onClose, title, size, testId, children }: Props) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size={size} data-testid={testId}>
      <Modal.Overlay />
      <Modal.Content>
        <div className={css.head}>
          <Modal.Title className={css.title}>{title}</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body pt="md">{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

export function SidePanel({ opened, onClose, title, testId, children }: Props) {
  return (
    <Drawer.Root opened={opened} onClose={onClose} position="right" data-testid={testId}>
      <Drawer.Overlay />
      <Drawer.Content>
        <div className={css.head}>
          <Drawer.Title className={css.title}>{title}</Drawer.Title>
          <Drawer.CloseButton aria-label="Close" />
        </div>
        <Drawer.Body pt="md">{children}</Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}
