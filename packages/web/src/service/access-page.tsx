import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMay } from "../app/may.ts";
import { openTabs } from "../app/open-tabs.ts";
import { TabPanel, Tabs } from "../design/tabs.tsx";
import { readAccessSearch } from "./access-search.ts";
import { ProgramsPanel } from "./programs-panel.tsx";
import { ReviewPanel } from "./review-panel.tsx";
import { WebhooksPanel } from "../webhook/webhooks-panel.tsx";
import { VendorsPanel } from "./vendors-panel.tsx";

const allTabs = [
  { id: "programs", label: "Programs", any: ["service:read"] },
  { id: "vendors", label: "Vendors", any: ["vendor:read"] },
  { id: "webhooks", label: "Webhooks", any: ["webhook:read"] },
  { id: "review", label: "Review", any: ["review:read"] },
] as const;

/** Who comes in besides people with an account: programs, vendors; and the quarter's question who still needs what. */
export function AccessPage() {
  const { tab } = readAccessSearch(useSearch({ from: "/shell/access" }));
  const navigate = useNavigate({ from: "/access" });
  const { tabs, value } = openTabs(allTabs, tab ?? "programs", useMay());
  const open = (id: string) => void navigate({ search: readAccessSearch({ tab: id }), replace: true });
  return (
    <>
      <title>Programs and vendors · Tillwatch</title>
      <header className="pt-5 pb-2 md:pt-7">
        <h1 className="text-xl font-semibold tracking-tight">Programs and vendors</h1>
        <p className="text-sm text-ink-muted">
          Who comes in besides your people: programs by key, vendors by ticket; which systems are told; and who still
          needs what they have.
        </p>
      </header>
      <Tabs label="Programs, vendors and review" tabs={tabs} value={value} onChange={open}>
        <TabPanel id="programs">
          <ProgramsPanel />
        </TabPanel>
        <TabPanel id="vendors">
          <VendorsPanel />
        </TabPanel>
        <TabPanel id="webhooks">
          <WebhooksPanel />
        </TabPanel>
        <TabPanel id="review">
          <ReviewPanel />
        </TabPanel>
      </Tabs>
    </>
  );
}
