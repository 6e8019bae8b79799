import { createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { AuditPage } from "../audit/audit-page.tsx";
import { IncidentPage } from "../incident/incident-page.tsx";
import { QueuePage } from "../queue/queue-page.tsx";
import { readQueueSearch } from "../queue/queue-search.ts";
import { ReportPage } from "../report/report-page.tsx";
import { SignInPage } from "../session/sign-in-page.tsx";
import { SourcesPage } from "../source/sources-page.tsx";
import { NotFoundPage, PageFault } from "./not-found-page.tsx";
import { Shell } from "./shell.tsx";

/** Every address of the application. Search members are read by one function each: what is not understood is dropped, not trusted. */
const root = createRootRoute({ notFoundComponent: NotFoundPage });

export const signInRoute = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: SignInPage,
  validateSearch: (raw): { to?: string } => {
    // Only a path of our own: `//host` and `https:` would lead a signed-in person elsewhere.
    const to = raw["to"];
    return typeof to === "string" && /^\/(?![/\\])/.test(to) ? { to } : {};
  },
});

const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });

export const queueRoute = createRoute({
  getParentRoute: () => shell,
  path: "/",
  component: QueuePage,
  validateSearch: readQueueSearch,
});

const incidentTabs = ["why", "timeline", "signals", "exhibits", "packet", "work", "history"] as const;
export type IncidentTab = (typeof incidentTabs)[number];

export const incidentRoute = createRoute({
  getParentRoute: () => shell,
  path: "/incidents/$id",
  component: IncidentPage,
  validateSearch: (raw): { tab?: IncidentTab } => {
    const tab = incidentTabs.find((known) => known === raw["tab"]);
    return tab === undefined ? {} : { tab };
  },
});

export const reportRoute = createRoute({ getParentRoute: () => shell, path: "/report", component: ReportPage });

export const sourcesRoute = createRoute({
  getParentRoute: () => shell,
  path: "/sources",
  component: SourcesPage,
  validateSearch: (raw): { tab?: "dead-letters" } => (raw["tab"] === "dead-letters" ? { tab: "dead-letters" } : {}),
});

export const auditRoute = createRoute({
  getParentRoute: () => shell,
  path: "/audit",
  component: AuditPage,
  validateSearch: (raw): { kind?: string; actor?: string } => ({
    ...(typeof raw["kind"] === "string" && raw["kind"] !== "" ? { kind: raw["kind"] } : {}),
    ...(typeof raw["actor"] === "string" && raw["actor"] !== "" ? { actor: raw["actor"] } : {}),
  }),
});

const routeTree = root.addChildren([
  signInRoute,
  shell.addChildren([queueRoute, incidentRoute, reportRoute, sourcesRoute, auditRoute]),
]);

export function makeRouter() {
  return createRouter({
    routeTree,
    defaultErrorComponent: PageFault,
    defaultNotFoundComponent: NotFoundPage,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
