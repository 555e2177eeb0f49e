import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from "@tanstack/react-router";
import { load } from "./load";
import { formatSearch, parseSearch, type Search } from "./search";
import { Shell } from "./shell/Shell";
import { Broken, Nowhere } from "./shell/states";

const root = createRootRoute({
  component: Shell,
  notFoundComponent: Nowhere,
  validateSearch: (search: Record<string, unknown>): Search => search as Search,
});

/** A page that is brought when it is opened; the router would load all anew where that fails. */
const lazyPage: typeof lazyRouteComponent = (importer, name) =>
  lazyRouteComponent(() => load(importer), name);

const page = <P extends string>(path: P, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => root, path, component });

const fleet = page(
  "/",
  lazyPage(() => import("./pages/Fleet"), "Fleet"),
);
const alerts = page(
  "/alerts",
  lazyPage(() => import("./alerts/AlertsPage"), "AlertsPage"),
);
const alarms = [
  page(
    "/alerts/history",
    lazyPage(() => import("./alerts/HistoryPage"), "HistoryPage"),
  ),
  page(
    "/silences",
    lazyPage(() => import("./alerts/SilencesPage"), "SilencesPage"),
  ),
  page(
    "/silences/new",
    lazyPage(() => import("./alerts/NewSilencePage"), "NewSilencePage"),
  ),
  page(
    "/monitors",
    lazyPage(() => import("./monitors/MonitorsPage"), "MonitorsPage"),
  ),
  page(
    "/monitors/new",
    lazyPage(() => import("./monitors/NewMonitorPage"), "NewMonitorPage"),
  ),
  page(
    "/incidents",
    lazyPage(() => import("./incidents/IncidentsPage"), "IncidentsPage"),
  ),
  page(
    "/incidents/$incident",
    lazyPage(() => import("./incidents/IncidentPage"), "IncidentPage"),
  ),
  page(
    "/runbooks",
    lazyPage(() => import("./runbooks/RunbooksPage"), "RunbooksPage"),
  ),
  page(
    "/runbooks/$runbook",
    lazyPage(() => import("./runbooks/RunbookPage"), "RunbookPage"),
  ),
  page(
    "/runs/$run",
    lazyPage(() => import("./runbooks/RunPage"), "RunPage"),
  ),
  page(
    "/oncall",
    lazyPage(() => import("./oncall/OnCallPage"), "OnCallPage"),
  ),
];

const dashboards = page(
  "/dashboards",
  lazyPage(() => import("./dashboards/DashboardsPage"), "DashboardsPage"),
);
const dashboardEditor = lazyPage(() => import("./dashboards/EditPage"), "EditPage");
const newDashboard = page("/dashboards/new", dashboardEditor);
const dashboard = page(
  "/dashboards/$dashboard",
  lazyPage(() => import("./dashboards/DashboardPage"), "DashboardPage"),
);
const editDashboard = page("/dashboards/$dashboard/edit", dashboardEditor);

const settingsPage = lazyPage(() => import("./settings/SettingsPage"), "SettingsPage");
const settings = page("/settings", settingsPage);
const settingsPart = page("/settings/$part", settingsPage);

const modelPage = lazyPage(() => import("./model/ModelPage"), "ModelPage");
const model = createRoute({ getParentRoute: () => root, path: "/models/$model" });
const modelOverview = createRoute({
  getParentRoute: () => model,
  path: "/",
  component: modelPage,
});
const modelPart = createRoute({
  getParentRoute: () => model,
  path: "/$part",
  component: modelPage,
});
const modelDetail = createRoute({
  getParentRoute: () => model,
  path: "/$part/$detail",
  component: modelPage,
});

export const router = createRouter({
  routeTree: root.addChildren([
    fleet,
    alerts,
    ...alarms,
    dashboards,
    newDashboard,
    dashboard,
    editDashboard,
    settings,
    settingsPart,
    model.addChildren([modelOverview, modelPart, modelDetail]),
  ]),
  parseSearch,
  stringifySearch: formatSearch,
  defaultErrorComponent: ({ error }) => <Broken error={error} />,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
