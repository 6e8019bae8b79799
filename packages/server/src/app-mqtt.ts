import { hash, timingSafeEqual } from "node:crypto";
import type { MqttConfig, MqttLogin } from "./config.ts";
import { EmbeddedBroker, OutsideBroker } from "./signal/signal-mqtt.ts";

type MqttDeps = Omit<Parameters<typeof EmbeddedBroker.open>[0], "host" | "port" | "mayPublish">;

export type Mqtt = { readonly shown: string; readonly close: () => Promise<void> };

/** Opens the way in over MQTT that the configuration names. `shown` is for people; it never holds a password. */
export async function openMqtt(
  config: MqttConfig,
  deps: MqttDeps & { readonly clientId: string },
): Promise<Mqtt | null> {
  switch (config.kind) {
    case "off":
      return null;
    case "embedded": {
      const { host, port, login } = config;
      const broker = await EmbeddedBroker.open({
        ...deps,
        host,
        port,
        mayPublish: login === null ? null : check(login),
      });
      return { shown: `mqtt://${host}:${broker.address.port} (embedded)`, close: () => broker.close() };
    }
    case "outside": {
      const { url, login } = config;
      const named = login === null ? {} : { username: login.user, password: login.password.reveal() };
      const broker = OutsideBroker.open({ ...deps, url, ...named });
      return { shown: url, close: () => broker.close() };
    }
  }
}

function check(login: MqttLogin): (username: string | undefined, password: string | undefined) => boolean {
  // Digests have one length: the comparison takes the same time whatever is wrong.
  const digest = (text: string) => hash("sha256", text, "buffer");
  const [user, password] = [digest(login.user), digest(login.password.reveal())];
  return (givenUser, givenPassword) => {
    const sameUser = timingSafeEqual(digest(givenUser ?? ""), user);
    const samePassword = timingSafeEqual(digest(givenPassword ?? ""), password);
    return sameUser && samePassword;
  };
}
