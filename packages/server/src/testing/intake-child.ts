import fastify from "fastify";
import { systemChance } from "../platform/chance.ts";
import { systemClock } from "../platform/clock.ts";
import { openDatabase } from "../platform/database/database.ts";
import { silentLog } from "../platform/log.ts";
import { migrate, readMigrations } from "../platform/database/migrate.ts";
import type { Schema } from "../schema.ts";
import { signalRoutes } from "../signal/signal-http.ts";
import { SignalLog } from "../signal/signal-log-store.ts";
import { EmbeddedBroker } from "../signal/signal-mqtt.ts";
import { migrationsFolder } from "./databases.ts";
import { testFields } from "./fields.ts";
import { knownPlaces } from "./signals.ts";

// A server that only takes in, for tests that kill it: the database's URL is its argument, its ports are its first line.
const database = await openDatabase<Schema>(process.argv[2] ?? "");
await migrate(database, readMigrations(migrationsFolder));
const fields = await testFields(database.db);
const signalLog = await SignalLog.open({ database, fields, places: knownPlaces, log: silentLog, onAppended: () => {} });
const app = fastify();
const names = { device: () => null, expected: () => [] };
const actorOf = () => ({ token: "user:test", organisationId: "home" });
const shared = { fields, signalLog, clock: systemClock };
await app.register(
  signalRoutes({
    ...shared,
    db: database.db,
    chance: systemChance,
    names,
    withoutAddresses: (original) => original,
    actorOf,
  }),
);
await app.listen({ host: "127.0.0.1", port: 0 });
const broker = await EmbeddedBroker.open({
  ...shared,
  log: silentLog,
  frigateSite: null,
  plain: { host: "127.0.0.1", port: 0 },
  tls: null,
  admit: null,
});
const http = app.server.address();
console.log(JSON.stringify({ http: typeof http === "object" ? http?.port : null, mqtt: broker.address?.port }));
