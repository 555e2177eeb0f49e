import { Notifications } from "@mantine/notifications";
import type { ReactNode } from "react";

/** What has been done, and how it is undone; apart, since no page begins with it. */
export function Notices(): ReactNode {
  return <Notifications position="bottom-right" />;
}
