import { ok, parseDeviceId, parseSiteId, type Result, type SiteId } from "@tillwatch/wire";
import type { Channel } from "./draft.ts";
import { refuse, shown, type Refusal } from "./refusal.ts";

/** What is subscribed to at an outside broker, and what the embedded one takes. */
export const signalTopics = ["tillwatch/+/+/signal", "tillwatch/signals", "frigate/events"] as const;

/**
 * What a topic says about the place of its messages; null: not one of our topics. `tillwatch/<site>/<device>/signal` fixes both;
 * `tillwatch/signals` none; `frigate/events` is of the site that the installation names for its Frigate.
 */
export function channelOfTopic(topic: string, frigateSite: SiteId | null): Result<Channel, Refusal> | null {
  if (topic === "tillwatch/signals") return ok({});
  if (topic === "frigate/events") return ok(frigateSite === null ? {} : { frigateSite });
  const levels = topic.split("/");
  const [root, siteText, deviceText, leaf] = levels;
  if (root !== "tillwatch") return null;
  // Below our own root nothing is passed over: a device that publishes to `.../signals` would be acknowledged and never heard.
  if (levels.length !== 4 || leaf !== "signal") {
    return refuse("signal_topic_malformed", "", `${shown(topic)} is not tillwatch/<site>/<device>/signal`);
  }
  const site = parseSiteId(siteText);
  const device = parseDeviceId(deviceText);
  if (site.ok && device.ok) return ok({ site: site.value, device: device.value });
  return refuse("signal_topic_malformed", "", `the topic ${shown(topic)} names no site and device`);
}
