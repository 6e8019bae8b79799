import type { FastifyRequest } from "fastify";
import type { Facts } from "./facts.ts";

const asked = new WeakMap<FastifyRequest, Facts>();

/** Keeps what a refused request was about, for the record: an entry that names the thing tells who wanted what. */
export function rememberRefused(request: FastifyRequest, facts: Facts): void {
  asked.set(request, facts);
}

/** What policy was asked about before it refused; null: about nothing, or policy refused nothing. */
export function refusedOf(request: FastifyRequest): Facts | null {
  return asked.get(request) ?? null;
}
