import { Modal } from "@mantine/core";
import { MessageForm } from "./message-form";

export function MessageAll({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Message to everybody in the room" size="lg">
      <MessageForm candidateId={null} onSent={onClose} />
    </Modal>
  );
}
