import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { readDevicesSearch } from "../device/devices-search.ts";
import { IncidentPage } from "../incident/incident-page.tsx";
import { QueuePage } from "../queue/queue-page.tsx";
import { readQueueSearch } from "../queue/queue-search.ts";
import { ReportPage } from "../report/report-page.tsx";
import { SignInPage } from "../people/sign-in-page.tsx";
import { readAccessSearch } from "../service/access-search.ts";
import { SharedPage } from "../share/shared-page.tsx";
import { readNewRuleSearch } from "../rules/new-rule-search.ts";
import { readSilenceSearch } from "../silences/silence-search.ts";
import { SourcesPage } from "../source/sources-page.tsx";
import {
  readAuditSearch,
  readIncidentSearch,
  readSignInSearch,
  readSourcesSearch,
  readPrivacySearch,
} from "./route-search.ts";
import { NotFoundPage, PageFault } from "./not-found-page.tsx";
import { Shell } from "./shell.tsx";
import { guarded } from "./guarded.tsx";
import { TrustPage } from "./trust-page.tsx";

// What the shop floor needs comes at once, and works on when the connection goes. The office's pages are fetched when somebody opens one: a phone at the
// till does not pay for them.
const AuditPage = lazyRouteComponent(() => import("../audit/audit-page.tsx"), "AuditPage");
const DevicesPage = lazyRouteComponent(() => import("../device/devices-page.tsx"), "DevicesPage");
const GrantsPage = lazyRouteComponent(() => import("../policy/grants-page.tsx"), "GrantsPage");
const PoliciesPage = lazyRouteComponent(() => import("../policy/policies-page.tsx"), "PoliciesPage");
const PrivacyPage = lazyRouteComponent(() => import("../privacy/privacy-page.tsx"), "PrivacyPage");
const AccountPage = lazyRouteComponent(() => import("../people/account-page.tsx"), "AccountPage");
const PeoplePage = lazyRouteComponent(() => import("../people/people-page.tsx"), "PeoplePage");
const SetUpPage = lazyRouteComponent(() => import("../people/set-up-page.tsx"), "SetUpPage");
const ModelsPage = lazyRouteComponent(() => import("../model/models-page.tsx"), "ModelsPage");
const RulesPage = lazyRouteComponent(() => import("../rules/rules-page.tsx"), "RulesPage");
const RulePage = lazyRouteComponent(() => import("../rules/rule-page.tsx"), "RulePage");
const NewRulePage = lazyRouteComponent(() => import("../rules/new-rule-page.tsx"), "NewRulePage");
const SilencesPage = lazyRouteComponent(() => import("../silences/silences-page.tsx"), "SilencesPage");
const SilencePage = lazyRouteComponent(() => import("../silences/silence-page.tsx"), "SilencePage");
const NewSilencePage = lazyRouteComponent(() => import("../silences/new-silence-page.tsx"), "NewSilencePage");
const AccessPage = lazyRouteComponent(() => import("../service/access-page.tsx"), "AccessPage");

/** Every address of the application. */
const root = createRootRoute({ notFoundComponent: NotFoundPage });

export const signInRoute = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: SignInPage,
  validateSearch: readSignInSearch,
});

export const setUpRoute = createRoute({ getParentRoute: () => root, path: "/set-up", component: SetUpPage });

const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });

export const queueRoute = createRoute({
  getParentRoute: () => shell,
  path: "/",
  component: guarded("/", QueuePage),
  validateSearch: readQueueSearch,
});

export const incidentRoute = createRoute({
  getParentRoute: () => shell,
  path: "/incidents/$id",
  component: IncidentPage,
  validateSearch: readIncidentSearch,
});

export const reportRoute = createRoute({
  getParentRoute: () => shell,
  path: "/report",
  component: guarded("/report", ReportPage),
});

export const sharedRoute = createRoute({
  getParentRoute: () => shell,
  path: "/shared",
  component: guarded("/shared", SharedPage),
});

export const sourcesRoute = createRoute({
  getParentRoute: () => shell,
  path: "/sources",
  component: guarded("/sources", SourcesPage),
  validateSearch: readSourcesSearch,
});

export const auditRoute = createRoute({
  getParentRoute: () => shell,
  path: "/audit",
  component: guarded("/audit", AuditPage),
  validateSearch: readAuditSearch,
});

export const rulesRoute = createRoute({
  getParentRoute: () => shell,
  path: "/rules",
  component: guarded("/rules", RulesPage),
});

export const newRuleRoute = createRoute({
  getParentRoute: () => shell,
  path: "/rules/new",
  component: guarded("/rules", NewRulePage),
  validateSearch: readNewRuleSearch,
});

export const ruleRoute = createRoute({
  getParentRoute: () => shell,
  path: "/rules/$id",
  component: guarded("/rules", RulePage),
});

export const silencesRoute = createRoute({
  getParentRoute: () => shell,
  path: "/silences",
  component: guarded("/silences", SilencesPage),
});

export const newSilenceRoute = createRoute({
  getParentRoute: () => shell,
  path: "/silences/new",
  component: guarded("/silences", NewSilencePage),
  validateSearch: readSilenceSearch,
});

export const silenceRoute = createRoute({
  getParentRoute: () => shell,
  path: "/silences/$id",
  component: guarded("/silences", SilencePage),
});

export const modelsRoute = createRoute({
  getParentRoute: () => shell,
  path: "/models",
  component: guarded("/models", ModelsPage),
});

export const trustRoute = createRoute({ getParentRoute: () => shell, path: "/trust", component: TrustPage });
export const accountRoute = createRoute({ getParentRoute: () => shell, path: "/account", component: AccountPage });
export const peopleRoute = createRoute({
  getParentRoute: () => shell,
  path: "/people",
  component: guarded("/people", PeoplePage),
});

export const accessRoute = createRoute({
  getParentRoute: () => shell,
  path: "/access",
  component: guarded("/access", AccessPage),
  validateSearch: readAccessSearch,
});

export const grantsRoute = createRoute({
  getParentRoute: () => shell,
  path: "/grants",
  component: guarded("/grants", GrantsPage),
});

export const policiesRoute = createRoute({
  getParentRoute: () => shell,
  path: "/policies",
  component: guarded("/policies", PoliciesPage),
});

export const devicesRoute = createRoute({
  getParentRoute: () => shell,
  path: "/devices",
  component: guarded("/devices", DevicesPage),
  validateSearch: readDevicesSearch,
});

export const privacyRoute = createRoute({
  getParentRoute: () => shell,
  path: "/privacy",
  component: guarded("/privacy", PrivacyPage),
  validateSearch: readPrivacySearch,
});

const routeTree = root.addChildren([
  signInRoute,
  setUpRoute,
  shell.addChildren([
    queueRoute,
    incidentRoute,
    reportRoute,
    sharedRoute,
    sourcesRoute,
    rulesRoute,
    newRuleRoute,
    ruleRoute,
    silencesRoute,
    newSilenceRoute,
    silenceRoute,
    modelsRoute,
    auditRoute,
    trustRoute,
    grantsRoute,
    policiesRoute,
    accountRoute,
    peopleRoute,
    accessRoute,
    devicesRoute,
    privacyRoute,
  ]),
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
