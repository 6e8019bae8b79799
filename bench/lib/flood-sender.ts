import { request, Agent } from "node:http";
import { createInterface } from "node:readline";

// A flood from strangers, in a process of its own: many connections from many loopback addresses, each sending its next request when the
// last was answered. "go" on the standard input begins, "stop" ends and prints what was answered: {"sent": n, "statuses": {"429": n}}.
const [url = "", connections = "64", addresses = "16"] = process.argv.slice(2);
const body = Buffer.from(JSON.stringify({ event_type: "flood", padding: "x".repeat(900) }));
const spell = { going: false };
let sent = 0;
const statuses: Record<string, number> = {};

const agents = Array.from({ length: Number(connections) }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
const one = async (agent: Agent, localAddress: string): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const headers = { "content-type": "application/json", "content-length": body.length };
  const asked = request(new URL("/api/v1/signals", url), { method: "POST", agent, localAddress, headers }, (answer) => {
    const status = String(answer.statusCode);
    statuses[status] = (statuses[status] ?? 0) + 1;
    answer.resume();
    answer.on("close", resolve);
  });
  asked.on("error", () => {
    statuses["cut"] = (statuses["cut"] ?? 0) + 1;
    resolve();
  });
  asked.end(body);
  sent += 1;
  await promise;
};
const run = async (agent: Agent, index: number): Promise<void> => {
  const localAddress = `127.0.1.${1 + (index % Number(addresses))}`;
  while (spell.going) await one(agent, localAddress);
};

let running: Promise<unknown> = Promise.resolve();
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "go") {
    spell.going = true;
    running = Promise.all(agents.map(run));
  }
  if (line === "stop") {
    spell.going = false;
    await running;
    console.log(JSON.stringify({ sent, statuses }));
    sent = 0;
    for (const status of Object.keys(statuses)) delete statuses[status];
  }
}
for (const agent of agents) agent.destroy();
