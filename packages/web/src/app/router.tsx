import { createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { AuditPage } from "../audit/audit-page.tsx";
import { IncidentPage } from "../incident/incident-page.tsx";
import { QueuePage } from "../queue/queue-page.tsx";
import { readQueueSearch } from "../queue/queue-search.ts";
import { ReportPage } from "../report/report-page.tsx";
import { SignInPage } from "../session/sign-in-page.tsx";
import { SourcesPage } from "../source/sources-page.tsx";
import { readAuditSearch, readIncidentSearch, readSignInSearch, readSourcesSearch } from "./route-search.ts";
import { NotFoundPage, PageFault } from "./not-found-page.tsx";
import { Shell } from "./shell.tsx";

/** Every address of the application. */
const root = createRootRoute({ notFoundComponent: NotFoundPage });

export const signInRoute = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: SignInPage,
  validateSearch: readSignInSearch,
});

const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });

export const queueRoute = createRoute({
  getParentRoute: () => shell,
  path: "/",
  component: QueuePage,
  validateSearch: readQueueSearch,
});

export const incidentRoute = createRoute({
  getParentRoute: () => shell,
  path: "/incidents/$id",
  component: IncidentPage,
  validateSearch: readIncidentSearch,
});

export const reportRoute = createRoute({ getParentRoute: () => shell, path: "/report", component: ReportPage });

export const sourcesRoute = createRoute({
  getParentRoute: () => shell,
  path: "/sources",
  component: SourcesPage,
  validateSearch: readSourcesSearch,
});

export const auditRoute = createRoute({
  getParentRoute: () => shell,
  path: "/audit",
  component: AuditPage,
  validateSearch: readAuditSearch,
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
