import { createTheme } from "@mantine/core";

/** Colours and sizes stand in app.css, made from the tokens that the report has, too. */
export const theme = createTheme({
  fontFamily: "var(--sans)",
  fontFamilyMonospace: "var(--mono)",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    // Locking the scroll would write a style element. By name: the first page has no dialog, and
    // naming the component itself would load it.
    Modal: { defaultProps: { lockScroll: false, transitionProps: { duration: 0 } } },
  },
});
