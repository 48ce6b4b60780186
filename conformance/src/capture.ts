import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An AMQP method that the proxy recorded, or the mark of a part that was left out. */
export interface WireRecord {
  readonly conn: number;
  readonly dir: string;
  readonly method: string;
  readonly channel?: number;
  readonly args?: Readonly<Record<string, Json>>;
  readonly properties?: Readonly<Record<string, Json>>;
  readonly body?: string;
  readonly left_out?: number;
}

/** A call to the mock backend. */
export interface HttpCall {
  readonly request: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly left_out?: number;
}

/** The capture of one scenario, written by a script of ../shared/peer, whose README describes the fields. */
export interface Capture {
  readonly scenario: string;
  readonly worker: "core" | "media";
  readonly about: string;
  readonly env: Readonly<Record<string, string>>;
  /** Of a local run only: how it ended. */
  readonly ended?: string;
  readonly exit_code?: number;
  readonly output_file?: string | null;
  /** Of a run on the broker only. */
  readonly exit?: { readonly state: string; readonly code?: number } | null;
  readonly notes?: readonly Json[];
  readonly orders: Json;
  readonly wire?: readonly WireRecord[];
  readonly http?: readonly HttpCall[];
  readonly queues_at_end?: Readonly<Record<string, Json>> | string;
  readonly topology?: Readonly<Record<string, readonly Readonly<Record<string, Json>>[]>>;
  readonly kept?: Readonly<Record<string, readonly string[]>>;
  readonly destination_file?: string | null;
  readonly stdout: string;
  readonly stderr: readonly (string | { readonly left_out: number })[];
}

/** Lists the names of the scenarios in a folder. */
export function listCaptures(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json") && file !== "INDEX.json")
    .map((file) => file.slice(0, -5))
    .sort();
}

/** Reads a capture. Values that differ between runs without a meaning are replaced by names: instances, folders, ports. */
export function readCapture(folder: string, scenario: string): Capture {
  const text = readFileSync(join(folder, `${scenario}.json`), "utf8");
  const { env } = JSON.parse(text) as Capture;
  const ports = [env.AMQP_PORT, /:(\d+)/.exec(env.BACKEND_HOSTNAME ?? "")?.[1]].filter((port) =>
    /^\d{4,}$/.test(port ?? ""),
  );
  const port = ports.length > 0 ? new RegExp(`(?<![\\d.])(?:${ports.join("|")})(?!\\d)`, "g") : undefined;
  const nameValue = (_: string, value: unknown) =>
    port && typeof value === "string" ? value.replace(port, "<port>") : value;
  return withoutForeignConnections(JSON.parse(nameVolatile(text), nameValue) as Capture);
}

// The port of the proxy is any free one, and another program may still try to reach its own broker there.
function withoutForeignConnections(capture: Capture): Capture {
  const { wire, env } = capture;
  if (!wire) return capture;
  const isForeign = ({ method, args }: WireRecord) =>
    method === "connection.open" && args?.virtual_host !== (env.AMQP_VHOST ?? "/");
  const foreign = new Set(wire.filter(isForeign).map(({ conn }) => conn));
  return { ...capture, wire: wire.filter(({ conn }) => !foreign.has(conn)) };
}

function nameVolatile(text: string): string {
  const instances = new Set([...text.matchAll(/instance_id\\*":\s*\\*"([0-9a-z-]{12,36})\\*"/g)].map(([, id]) => id));
  let named = text;
  for (const id of instances) named = named.replaceAll(id as string, "<instance>");
  // The capture scripts write to folders named media and local.
  return named.replace(/(?:\$\{(?:MEDIA|LOCAL)\}|(?:\/[\w.-]+)+\/(?:media|local))\//g, "<folder>/");
}
