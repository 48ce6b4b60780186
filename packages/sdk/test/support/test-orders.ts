import type { Order } from "../../src/index.ts";

export type Parameters = { id: string; type: string; value: unknown }[];
export const parameter = (id: string, value: unknown) => ({ id, type: typeof value, value });
export const job = (job_id: number, parameters: Parameters = []): Order => ({ type: "job", job_id, parameters });
export const about = (
  type: "init_process" | "start_process" | "update_process" | "stop_process",
  job_id: number,
  parameters: Parameters = [],
) => ({ type, job_id, parameters }) as Order;
export const direct = { direct: true } as const;
export const message = (text: string) => ({
  status: "error",
  parameters: [{ id: "message", type: "string", store: null, value: text, default: null }],
});
