import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/evidence.css";
import "./styles/narrow.css";
import "./styles/print.css";
import { readDocument } from "./lib/payload";
import { ReportPage } from "./pages/ReportPage";
import { startTheme } from "./state/theme";

startTheme();

const holder = document.getElementById("root");

/** Says why there is no page, above the summary that the file carries as plain text. */
function showProblem(target: HTMLElement, message: string): void {
  const notice = target.querySelector(".notice");
  if (notice) {
    notice.textContent = message;
    notice.setAttribute("role", "alert");
    notice.classList.add("shown");
  } else target.textContent = message;
}

if (holder) {
  readDocument(document)
    .then((found) => {
      holder.replaceChildren();
      createRoot(holder).render(
        <StrictMode>
          <ReportPage document={found} />
        </StrictMode>,
      );
    })
    .catch((error: unknown) => {
      showProblem(holder, error instanceof Error ? error.message : String(error));
    });
}
