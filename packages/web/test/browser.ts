import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, globSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { existsSync } from "node:fs";
import { chromium, type BrowserContext, type Page } from "playwright-core";
import { build } from "vite";

const web = join(dirname(fileURLToPath(import.meta.url)), "..");
const chromiumPath = process.env["TILLWATCH_CHROMIUM"] ?? "/usr/bin/chromium";

/** false where the browser tests run; else why they cannot, for the `skip` of a test. With TILLWATCH_REQUIRE_ALL=1 they fail instead. */
export function browserMissing(): string | false {
  if (existsSync(chromiumPath)) return false;
  if (process.env["TILLWATCH_REQUIRE_ALL"] === "1") throw new Error(`chromium not found at ${chromiumPath}`);
  return "chromium not found";
}

/** Builds the page if its sources changed since the last build; several test files may ask at once. Answers the folder. */
export async function builtPage(): Promise<string> {
  const dist = join(web, "dist");
  const stamp = join(dist, ".stamp");
  const lock = join(tmpdir(), `tillwatch-web-build-${createHash("sha256").update(web).digest("hex").slice(0, 12)}`);
  const wanted = fingerprint();
  const isBuilt = (): boolean => existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;
  while (!isBuilt()) {
    if (!taken(lock)) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      continue;
    }
    // The builder works in threads of its own, and none of them keeps this process waiting for it.
    const awake = setInterval(() => {}, 1_000);
    try {
      if (!isBuilt()) {
        await build({ root: web, logLevel: "warn" });
        writeFileSync(stamp, wanted);
      }
    } finally {
      clearInterval(awake);
      rmSync(lock, { recursive: true, force: true });
    }
  }
  return dist;
}

function fingerprint(): string {
  const files = globSync(["src/**/*", "public/*", "index.html", "vite.config.ts"], { cwd: web }).sort();
  const facts = files.map((file) => {
    const { size, mtimeMs } = statSync(join(web, file));
    return `${file} ${size} ${mtimeMs}`;
  });
  return createHash("sha256").update(facts.join("\n")).digest("hex");
}

// A build takes seconds; a lock that is older was left by a process that died.
const lockStaleMs = 120_000;

function taken(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    const takenAtMs = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - takenAtMs > lockStaleMs) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

export type Screen = "desk" | "phone";

export const screens = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;

export type Look = { readonly screen?: Screen; readonly theme?: "light" | "dark" };

/** A browser of its own with a fresh profile. `close` ends it and removes the profile. */
export async function openBrowser(
  look: Look = {},
): Promise<{ readonly page: Page; readonly faults: string[]; readonly close: () => Promise<void> }> {
  const profile = mkdtempSync(join(tmpdir(), "tillwatch-chromium-"));
  const phone = look.screen === "phone";
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath,
    headless: true,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
    viewport: screens[look.screen ?? "desk"],
    colorScheme: look.theme ?? "light",
    locale: "en-GB",
    timezoneId: "Europe/Brussels",
    reducedMotion: "reduce",
    ...(phone ? { hasTouch: true, isMobile: true, deviceScaleFactor: 2 } : {}),
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const faults: string[] = [];
  page.on("pageerror", (fault) => faults.push(fault.message));
  page.on("console", (line) => {
    // A refused request is the subject of a test, not a fault of the page.
    if (line.type() === "error" && !line.text().includes("Failed to load resource")) faults.push(line.text());
  });
  return {
    page,
    faults,
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
