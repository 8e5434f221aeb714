import { ActionIcon, useMantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";

const NEXT = { auto: "light", light: "dark", dark: "auto" } as const;
const ICON = { auto: IconDeviceDesktop, light: IconSun, dark: IconMoon };
const WORD = { auto: "as the system", light: "light", dark: "dark" };

export function ThemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Icon = ICON[colorScheme];
  const next = NEXT[colorScheme];
  const label = `Colours: ${WORD[colorScheme]}. Change to ${WORD[next]}.`;
  return (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={label}
      title={label}
      onClick={() => setColorScheme(next)}
    >
      <Icon size={18} aria-hidden />
    </ActionIcon>
  );
}
