import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Guard } from "../../components/Guard";
import { Link } from "../../components/Link";
import { refusal, type Scope, useSession } from "../session/session";
import { Nothing, Nowhere } from "../shell/states";
import { AccessLog } from "./AccessLog";
import { ApiKeys } from "./ApiKeys";
import { Channels } from "./Channels";
import { Health } from "./Health";
import { StorageUse } from "./StorageUse";
import { Users } from "./Users";

interface Part {
  path: string;
  title: string;
  needs: Scope;
  component: () => ReactNode;
}

const PARTS: Part[] = [
  { path: "", title: "Health", needs: "read", component: Health },
  { path: "storage", title: "Storage", needs: "read", component: StorageUse },
  { path: "channels", title: "Channels", needs: "read", component: Channels },
  { path: "keys", title: "API keys", needs: "admin", component: ApiKeys },
  { path: "users", title: "Users", needs: "admin", component: Users },
  { path: "access", title: "Access log", needs: "admin", component: AccessLog },
];

/** What whoever runs the server looks at and changes. */
export function SettingsPage(): ReactNode {
  const { part: name = "" } = useParams({ strict: false });
  const session = useSession();
  const part = PARTS.find((each) => each.path === name);
  if (!part) return <Nowhere />;
  const why = session ? refusal(session, part.needs) : "";
  const Body = part.component;
  return (
    <>
      <header className="bar">
        <h1 className="model">Administration</h1>
      </header>
      <nav className="tabs" aria-label="Parts of the administration">
        <ul>
          {PARTS.map((each) => (
            <li key={each.path}>
              <Link
                to={{ path: [each.path ? `/settings/${each.path}` : "/settings"], query: {} }}
                isCurrent={each.path === name}
              >
                {each.title}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <main className="page">
        {why ? (
          <Nothing title={`You may not see ${part.title}`}>
            <p>{why}</p>
          </Nothing>
        ) : (
          <Guard key={part.path}>
            <Body />
          </Guard>
        )}
      </main>
    </>
  );
}
