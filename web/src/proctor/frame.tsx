import { Group, Text } from "@mantine/core";
import { IconEye } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { ThemeToggle } from "../ui/theme-toggle";
import css from "./proctor.module.css";

/** The plain page around sign-in and the list of sessions. */
export function Frame({ right, children }: { right?: ReactNode; children: ReactNode }) {
  return (
    <div className={css.page}>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <header className={css.header}>
        <Group gap="xs" wrap="nowrap" className={css.grow}>
          <IconEye size={26} color="var(--calm)" aria-hidden />
          <Text fw={700} size="lg">
            Invigil
          </Text>
        </Group>
        {right}
        <ThemeToggle />
      </header>
      <main id="main" className={css.narrow}>
        {children}
      </main>
    </div>
  );
}
