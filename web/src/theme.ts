import { type CSSVariablesResolver, createTheme } from "@mantine/core";

const SYSTEM_FONT =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif';

export const theme = createTheme({
  primaryColor: "blue",
  primaryShade: { light: 8, dark: 9 },
  autoContrast: true,
  fontFamily: SYSTEM_FONT,
  headings: { fontFamily: SYSTEM_FONT, fontWeight: "650" },
  defaultRadius: "md",
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
});

/** Mantine's own shades for quiet text and notes are too pale to read; these have a contrast of 4.5 and more. */
export const readableColors: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#4d5661",
    "--mantine-color-placeholder": "#5d6772",
    "--mantine-color-error": "#b02525",
    "--mantine-color-anchor": "#135a9c",
    "--mantine-color-orange-light-color": "#8a3107",
    "--mantine-color-red-light-color": "#9c1f1f",
    "--mantine-color-blue-light-color": "#0f4c85",
  },
  dark: {
    "--mantine-color-dimmed": "#a9b1ba",
    "--mantine-color-placeholder": "#a9b1ba",
    "--mantine-color-error": "#ff9c9c",
    "--mantine-color-anchor": "#8cc8ff",
    "--mantine-color-orange-light": "#2f2216",
    "--mantine-color-red-light": "#351d1d",
    "--mantine-color-blue-light": "#15293d",
    "--mantine-color-orange-light-color": "#ffc078",
    "--mantine-color-red-light-color": "#ffb3b3",
    "--mantine-color-blue-light-color": "#a5d8ff",
  },
});
