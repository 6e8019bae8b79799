import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { browserMissing, builtPage, openBrowser } from "./browser.ts";
import { startRealServer, type RealServer } from "./real-server.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Asks the real server as its operator. */
function asker({ origin, token }: RealServer) {
  return async (path: string, body?: unknown): Promise<{ status: number; json: Record<string, unknown> }> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(origin + path, {
      method: body === undefined ? "GET" : "POST",
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.includes("json") === true;
    return { status: answer.status, json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
  };
}

/** A released packet and a link to it. */
async function released(server: RealServer) {
  const ask = asker(server);
  const sites = (await ask("/api/v1/sites")).json["items"] as { readonly id: string }[];
  const made = await ask("/api/v1/incidents", {
    siteId: sites[0]?.id,
    category: "shoplifting",
    occurredAt: new Date(Date.now() - 60_000).toISOString(),
    summary: "Two bottles were taken from the shelf.",
  });
  assert.equal(made.status, 201, JSON.stringify(made.json));
  const incident = String(made.json["id"]);
  const asked = await ask(`/api/v1/incidents/${incident}/packets`, {});
  const packet = `/api/v1/packets/${String(asked.json["id"])}`;
  for (let tries = 0; (await ask(packet)).status === 202; tries++) {
    assert.ok(tries < 600, "the packet is not built");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const release = await ask(`${packet}/releases`, {
    recipient: { agency: "Court of Ghent", person: "J. Claes", reference: "26/417", channel: "download_link" },
    purpose: "legal_claim",
    ground: "legal_claim",
    because: "The court asked for the file.",
  });
  assert.equal(release.status, 201, JSON.stringify(release.json));
  const link = await ask(`${packet}/releases/${String(release.json["id"])}/links`, { days: 1 });
  assert.equal(link.status, 201, JSON.stringify(link.json));
  const { path, code } = link.json as { readonly path: string; readonly code: string };
  return { path, code, sha256: String(release.json["sha256"]) };
}

void test(
  "N05 O02 M18 somebody outside takes a packet in a browser that runs no script: a wrong code, the right one, once",
  { skip: browserMissing(), timeout: 300_000 },
  async () => {
    await builtPage();
    const server = await startRealServer();
    try {
      const { path, code, sha256 } = await released(server);
      for (const look of [{ screen: "phone", theme: "dark" }, { screen: "desk" }] as const) {
        const { page, close } = await openBrowser(look);
        await page.goto(server.origin + path);
        await page.evaluate(axeSource);
        const grave = await page.evaluate(async () => {
          const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } };
          return (await axe.run()).violations.map(({ id }) => id);
        });
        assert.deepEqual(grave, [], look.screen);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `scrolls sideways by ${overflow} px`);
        await close();
      }
      const { page: scripted, close } = await openBrowser({ screen: "phone" });
      const browser = scripted.context().browser();
      assert.ok(browser !== null);
      const context = await browser.newContext({ javaScriptEnabled: false, acceptDownloads: true });
      const page = await context.newPage();
      await page.goto(server.origin + path);
      await page.getByLabel("Code").fill(code === "00000000" ? "11111111" : "00000000");
      await page.getByRole("button", { name: "Download the packet" }).click();
      await page.getByText("This does not open.").waitFor();
      await page.getByLabel("Code").fill(`${code.slice(0, 4)} ${code.slice(4)}`);
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Download the packet" }).click(),
      ]);
      assert.match(download.suggestedFilename(), /-packet\.zip$/);
      const bytes = readFileSync(await download.path());
      assert.equal(createHash("sha256").update(bytes).digest("hex"), sha256);
      const end = "00000000-0000-4000-8000-000000000000";
      await page.goto(`${server.origin}/take/${end}`);
      await page.getByRole("heading", { name: "Take a packet of evidence" }).waitFor();
      await context.close();
      await close();
    } finally {
      await server.close();
    }
  },
);
