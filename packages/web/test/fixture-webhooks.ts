/** Who is told by webhook in a small world, and what became of the messages: what their addresses answer. */
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

const endpointId = "00000000-0000-4000-8000-0000000000e1";
const url = "https://desk.example/hook";

export const webhookSecret = "whsec_HEO9qCaQSxZlREnLbcFH3fNAP9gRm9R8+8tOuZrjx7o=";

export class FixtureWebhooks {
  #state: "active" | "disabled" = "disabled";
  #dead = true;

  get(path: string, search: URLSearchParams): unknown {
    if (path === "/api/v1/webhooks") return { items: [this.#endpoint()] };
    if (path !== "/api/v1/webhooks/deliveries") return undefined;
    const wanted = search.get("state");
    return { items: this.#deliveries().filter(({ state }) => wanted === null || wanted === state), nextCursor: null };
  }

  post(path: string): unknown {
    if (path === "/api/v1/webhooks") return { ...this.#endpoint(), state: "active", secret: webhookSecret };
    if (path === `/api/v1/webhooks/${endpointId}/enable`) {
      this.#state = "active";
      return {};
    }
    if (path === `/api/v1/webhooks/${endpointId}/test`) return { deliveryId: "d-9" };
    if (/^\/api\/v1\/webhooks\/deliveries\/(d-1\/)?redrive$/.test(path)) {
      this.#dead = false;
      return {};
    }
    return undefined;
  }

  #endpoint() {
    const because = this.#state === "active" ? "enabled" : "endpoint_gone";
    const events = ["incident.opened", "incident.changed"];
    return { id: endpointId, url, events, state: this.#state, because, createdAt: minutesAgo(500) };
  }

  #deliveries() {
    const refused = { tookMs: 7, status: 503, code: "webhook_status_refused" };
    const attempts = [
      { at: minutesAgo(9), ...refused },
      { at: minutesAgo(8), ...refused },
    ];
    const plain = { webhookId: endpointId, url, event: "incident.opened", createdAt: minutesAgo(9) };
    const waiting = { state: "waiting", because: "webhook_status_refused", attempts, planned: [minutesAgo(-22)] };
    const dead = { state: "dead", because: "endpoint_gone", attempts, planned: [] };
    return [
      { ...plain, id: "d-1", ...(this.#dead ? dead : waiting) },
      { ...plain, id: "d-2", event: "incident.changed", ...waiting },
    ];
  }
}
