import type { ReactNode } from "react";

/** What to do on a server that has had no prediction yet; the page notices when one comes. */
export function FirstSteps(): ReactNode {
  const here = location.origin;
  return (
    <>
      <header className="bar">
        <span className="model">Models</span>
      </header>
      <main className="page">
        <section className="summary">
          <h1>Nothing has been predicted yet.</h1>
          <p className="story">Send the first prediction; this page shows it within seconds.</p>
        </section>
        <div className="grid steps">
          <Step title="From Python" lead="pip install ./client, in a clone of the repository">
            {`from watchkeeper_client import Client

with Client("${here}",
            model="late-flights",
            version="1") as client:
    client.log({"origin": "LGA", "temp": 88.0},
               prediction="late", score=0.71)`}
          </Step>
          <Step title="From a shell">
            {`curl ${here}/v1/predictions \\
  -H "Content-Type: application/json" \\
  -d '{"model": "late-flights",
       "features": {"origin": "LGA", "temp": 88.0},
       "prediction": "late", "score": 0.71}'`}
          </Step>
          <Step title="From a table" lead="pandas, Polars or Arrow">
            {`client = Client("${here}",
                model="late-flights", version="1")
client.log_batch(frame, id="flight", time="time_hour",
                 score="score")
client.close()`}
          </Step>
        </div>
      </main>
    </>
  );
}

function Step({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: string;
  children: string;
}): ReactNode {
  return (
    <section className="step-card">
      <h2>{title}</h2>
      {lead ? (
        <p>
          <code>{lead}</code>
        </p>
      ) : null}
      <pre>
        <code>{children}</code>
      </pre>
      <button
        type="button"
        className="text-button"
        onClick={() => void navigator.clipboard?.writeText(children)}
      >
        Copy
      </button>
    </section>
  );
}
