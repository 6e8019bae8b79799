import type { FastifyInstance } from "fastify";
import type { Signal } from "@tillwatch/wire";
import type { Identifier } from "../access/authenticate-http.ts";
import type { Credential } from "../access/credential.ts";
import type { Foundation } from "./foundation.ts";
import type { Config } from "../config/config.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import type { PipelineWorker } from "../pipeline-worker.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { SignalLog } from "../signal/signal-log-store.ts";

export type AppGiven = {
  readonly config: Config;
  readonly pack: LoadedPack;
  readonly migrationsFolder: string;
  readonly webFolder: string | null;
  readonly version: string;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** Known besides the installation's own token: a demo's intake of further organisations. */
  readonly credentials?: readonly Credential[];
  /** Further ways to prove who one is, for a program that embeds this one; asked before all others. */
  readonly identifiers?: readonly Identifier[];
  /** true: people to try it with, whose one-time links sign in. Never where real people are. */
  readonly demo?: boolean;
  /** Runs before anything comes in from outside: a demo's history, with its own clock. */
  readonly prelude?: (feed: Feed) => Promise<void>;
};

/** Signals into the log, and through the pipeline as if it were `nowMs`. */
export type Feed = {
  readonly append: (signals: readonly Signal[]) => Promise<unknown>;
  readonly process: (nowMs: number) => Promise<void>;
  readonly isEmpty: () => Promise<boolean>;
};

export type App = {
  readonly url: string;
  readonly server: FastifyInstance;
  readonly https: string | null;
  readonly mqtt: string | null;
  readonly admin: Foundation["admin"];
  /** At the first start of an installation: where its first administrator chooses how to sign in. Shown once. */
  readonly setUpLink: { readonly link: string; readonly expiresAt: string } | null;
  readonly signalLog: SignalLog;
  readonly worker: PipelineWorker;
  readonly close: () => Promise<void>;
};
