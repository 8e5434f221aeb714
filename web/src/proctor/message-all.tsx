import { Dialog } from "../ui/dialog";
import { MessageForm } from "./message-form";

export function MessageAll({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Dialog opened={opened} onClose={onClose} title="Message to everybody in the room" size="lg">
      <MessageForm candidateId={null} onSent={onClose} />
    </Dialog>
  );
}
