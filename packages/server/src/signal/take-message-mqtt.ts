import type { SiteId } from "@tillwatch/wire";
import type { Clock } from "../platform/clock.ts";
import { nodeDigest } from "../platform/digest.ts";
import { describeFault, type Log } from "../platform/log.ts";
import { LogFault } from "./log-fault.ts";
import { readMessage, type MqttMessage } from "./mqtt-intake.ts";
import type { SignalLog } from "./signal-log-store.ts";

export type MqttDeps = {
  readonly signalLog: SignalLog;
  readonly clock: Clock;
  readonly log: Log;
  readonly frigateSite: SiteId | null; // the site of whoever publishes frigate/events
  readonly organisationOf?: (siteId: string) => string;
};

const firstWaitMs = 100;
const waitMsMax = 5_000;

/**
 * Reads a message and stores what it holds; resolves after the commit, and only then may it be acknowledged. While the log is busy
 * or fails it tries again: a message that is not acknowledged holds back its sender, which is the backpressure of MQTT.
 * Answers false when `abandoned` said so first, or the log closed: the message is not stored and MUST NOT be acknowledged.
 */
export async function takeMessage(deps: MqttDeps, message: MqttMessage, abandoned: () => boolean): Promise<boolean> {
  const { signalLog, clock, log, frigateSite, organisationOf } = deps;
  const content = readMessage(message, {
    receivedAtMs: clock(),
    digest: nodeDigest,
    frigateSite,
    ...(organisationOf === undefined ? {} : { organisationOf }),
  });
  if (content === null) return true;
  const foreign = content.notUnderstood.find(({ code }) => code === "device_foreign");
  if (foreign !== undefined) message.foreign?.(foreign.message);
  let waitMs = firstWaitMs;
  while (!abandoned()) {
    try {
      await Promise.all([
        signalLog.append(content.signals),
        ...content.notUnderstood.map((letter) => signalLog.appendNotUnderstood(letter)),
      ]);
      return true;
    } catch (fault) {
      if (!(fault instanceof LogFault)) throw fault;
      if (fault.code === "signal_log_closed") return false;
      log.warn("message waits for the log", { topic: message.topic.slice(0, 128), fault: describeFault(fault) });
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      waitMs = Math.min(waitMs * 2, waitMsMax);
    }
  }
  return false;
}
