import "@mantine/core/styles.css";
import "@mantine/dates/styles.css";
import "@mantine/notifications/styles.css";
import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/frame.css";
import "../styles/evidence.css";
import "../styles/narrow.css";
import "../styles/print.css";
import "../styles/app.css";
import "../styles/alarms.css";
import "../styles/model.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, type ReactNode, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { keepRoutesIn } from "../state/route";
import { startTheme, useTheme } from "../state/theme";
import { askAhead } from "./data/ahead";
import { makeClient } from "./data/queries";
import { routerHost } from "./host";
import { router } from "./router";
import { theme } from "./theme";

startTheme();
keepRoutesIn(routerHost());

const client = makeClient();
// Before the code of the page is here: what it will ask for is on its way meanwhile.
askAhead(client, location);

const Notices = lazy(async () => ({ default: (await import("./shell/Notices")).Notices }));

function App(): ReactNode {
  return (
    // What Mantine would write into style elements stands in app.css: the page's policy allows
    // no style but that of files.
    <MantineProvider
      theme={theme}
      forceColorScheme={useTheme()}
      withCssVariables={false}
      withStaticClasses={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={client}>
        <Suspense fallback={null}>
          <Notices />
        </Suspense>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}

const holder = document.getElementById("root");
if (holder) {
  createRoot(holder).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
