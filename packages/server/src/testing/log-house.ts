import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signerFromSeed } from "@tillwatch/evidence";
import type { AuditVerification } from "@tillwatch/wire";
import { logKey } from "../audit/audit-http.ts";
import { openLogFiles, type LogFiles } from "../audit/audit-log-files.ts";
import { AuditSequencer } from "../audit/audit-sequencer.ts";
import { verifyAudit } from "../audit/audit-verify.ts";
import { systemChance } from "../platform/chance.ts";
import { systemClock } from "../platform/clock.ts";
import { silentLog } from "../platform/log.ts";
import type { Db, OpenDatabase } from "../schema.ts";
import { testOnDatabases } from "./databases.ts";

export const logSigner = await signerFromSeed(new Uint8Array(32).fill(3));

export type LogHouse = {
  readonly database: OpenDatabase;
  readonly db: Db;
  readonly folder: string;
  readonly files: LogFiles;
  readonly sequencer: AuditSequencer;
  readonly verify: () => Promise<AuditVerification>;
};

/** A database with the record's log beside it, on PGlite and on Postgres. Nothing is integrated until the test says so. */
export function onLog(name: string, run: (house: LogHouse) => Promise<void>): void {
  testOnDatabases(name, async (database) => {
    const folder = await mkdtemp(join(tmpdir(), "log-"));
    const files = await openLogFiles(join(folder, "log"));
    const common = { database, files, signer: logSigner, clock: systemClock, chance: systemChance, log: silentLog };
    const sequencer = new AuditSequencer({ ...common, origin: "shop.example/log" });
    const { db } = database;
    const verify = async () => {
      const key = await logKey({ db, logPublicKey: logSigner.publicKey });
      return verifyAudit({ db, files, key, clock: systemClock });
    };
    try {
      await run({ database, db, folder, files, sequencer, verify });
    } finally {
      await sequencer.close();
      await rm(folder, { recursive: true });
    }
  });
}
