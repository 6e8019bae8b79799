import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMay } from "../app/may.ts";
import { openTabs } from "../app/open-tabs.ts";
import { readPrivacySearch, type PrivacyTab } from "../app/route-search.ts";
import { TabPanel, Tabs } from "../design/tabs.tsx";
import { CamerasPanel } from "./cameras-panel.tsx";
import { ConsentsPanel } from "./consents-panel.tsx";
import { FiguresPanel } from "./figures-panel.tsx";
import { ObjectionsPanel } from "./objections-panel.tsx";
import { PersonsPanel } from "./persons-panel.tsx";
import { RequestsPanel } from "./requests-panel.tsx";
import { RetentionPanel } from "./retention-panel.tsx";
import { ReviewPanel } from "./review-panel.tsx";
import { SitesPanel } from "./sites-panel.tsx";
import { TillsPanel } from "./tills-panel.tsx";
import { WatchPanel } from "./watch-panel.tsx";

const allTabs = [
  { id: "requests", label: "Requests", any: ["subject_request:handle"] },
  { id: "watch", label: "Watch list", any: ["watch:read"] },
  { id: "persons", label: "Known persons", any: ["person:look_up"] },
  { id: "consents", label: "Consents", any: ["privacy:read"] },
  { id: "objections", label: "Objections", any: ["privacy:write"] },
  { id: "tills", label: "Tills", any: ["account:operator"] },
  { id: "figures", label: "Figures", any: ["analytics:export", "privacy:read"] },
  { id: "retention", label: "Retention", any: ["retention:read"] },
  { id: "sites", label: "Sites", any: ["privacy:read"] },
  { id: "cameras", label: "Cameras", any: ["privacy:read"] },
  { id: "review", label: "Review", any: ["privacy:read"] },
] as const;

/** Where the privacy officer works. */
export function PrivacyPage() {
  const { tab } = readPrivacySearch(useSearch({ from: "/shell/privacy" }));
  const navigate = useNavigate({ from: "/privacy" });
  const { tabs, value } = openTabs(allTabs, tab ?? "requests", useMay());
  return (
    <>
      <title>Privacy · Tillwatch</title>
      <header className="pt-5 pb-2 md:pt-7">
        <h1 className="text-xl font-semibold tracking-tight">Privacy</h1>
        <p className="text-sm text-ink-muted">
          What people ask for, who is watched for, what shops keep and cameras must not show.
        </p>
      </header>
      <Tabs
        label="Parts of privacy"
        tabs={tabs}
        value={value}
        onChange={(id) => void navigate({ search: id === "requests" ? {} : { tab: id as PrivacyTab }, replace: true })}
      >
        <TabPanel id="requests">
          <RequestsPanel />
        </TabPanel>
        <TabPanel id="watch">
          <WatchPanel />
        </TabPanel>
        <TabPanel id="persons">
          <PersonsPanel />
        </TabPanel>
        <TabPanel id="consents">
          <ConsentsPanel />
        </TabPanel>
        <TabPanel id="objections">
          <ObjectionsPanel />
        </TabPanel>
        <TabPanel id="tills">
          <TillsPanel />
        </TabPanel>
        <TabPanel id="figures">
          <FiguresPanel />
        </TabPanel>
        <TabPanel id="retention">
          <RetentionPanel />
        </TabPanel>
        <TabPanel id="sites">
          <SitesPanel />
        </TabPanel>
        <TabPanel id="cameras">
          <CamerasPanel />
        </TabPanel>
        <TabPanel id="review">
          <ReviewPanel />
        </TabPanel>
      </Tabs>
    </>
  );
}
