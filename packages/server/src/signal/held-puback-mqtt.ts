import type { MqttClient } from "mqtt";

type SendPacket = (packet: { readonly cmd: string; readonly messageId?: number }, done?: () => void) => void;

const privateSend = "_sendPacket";

/**
 * Lets many messages be under way at once, each acknowledged by the caller. By itself the client handles a message only after the one
 * before it is acknowledged, so an acknowledgement that waits for a commit would allow one message a commit. Its own PUBACKs are
 * therefore swallowed, and sent by the function that this answers.
 *
 * Leans on the client's private `_sendPacket` (mqtt 5.16.0, pinned); "PUBACK leaves after the commit" in outside-broker-mqtt.test.ts fails
 * if an upgrade changes it. Throws where it is missing.
 */
export function holdPubacks(client: MqttClient): (messageId: number) => void {
  const inner = client as unknown as Record<string, SendPacket | undefined>;
  const send = inner[privateSend]?.bind(client);
  if (send === undefined) throw new Error("this version of the MQTT client cannot hold its acknowledgements");
  inner[privateSend] = (packet, done) => {
    if (packet.cmd === "puback") done?.();
    else send(packet, done);
  };
  return (messageId) => send({ cmd: "puback", messageId });
}
