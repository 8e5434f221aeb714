import { notifications } from "@mantine/notifications";
import { asApiError } from "../api/http";

export function showError(reason: unknown): void {
  const { message, fix } = asApiError(reason);
  notifications.show({
    color: "red",
    title: "That did not work",
    message: [message, fix].filter(Boolean).join(" "),
  });
}

export function showDone(message: string): void {
  notifications.show({ color: "blue", message });
}

export function showQuestion(name: string, text: string): void {
  notifications.show({ color: "blue", title: `${name} writes`, message: text });
}
