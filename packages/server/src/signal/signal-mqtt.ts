/** Signals over MQTT: the broker in the process, and the client of a broker outside. */
export { EmbeddedBroker, type Admission, type Connect, type EmbeddedBrokerDeps } from "./embedded-broker-mqtt.ts";
export { OutsideBroker, type OutsideBrokerDeps } from "./outside-broker-mqtt.ts";
