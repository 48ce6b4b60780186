import { copyFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { useVirtualHost } from "../../sdk/test/support/broker.ts";
import { startWorker } from "../../sdk/test/support/broker-worker.ts";
import { openWorkersFolder } from "../../sdk/test/support/run-local.ts";
import { DataSender, freePort, SrtReceiver } from "./support/srt-peer.ts";

const virtualHost = useVirtualHost();
const folder = await openWorkersFolder();
afterAll(() => folder.remove());
const packageFolder = join(import.meta.dirname, "..");
await symlink(packageFolder, join(folder.path, "node_modules", "@mcai", "worker-sdk-media"), "junction");
await copyFile(join(import.meta.dirname, "support", "workers", "live-text.mjs"), join(folder.path, "live-text.mjs"));

const parameter = (id: string, value: string) => ({ id, type: "string", value });

describe("a media worker with a live source on a broker", { timeout: 60_000 }, () => {
  it("is initialised when its source connects, and started, updated and stopped by orders", async () => {
    const [inputPort, outputPort] = [await freePort(), await freePort()];
    const env = { FFMPEG_TTL_LIMIT: "5", COMPLEX_STREAM: "true", SRT_LATENCY: "100" };
    const { wire, run, close } = await startWorker(folder, virtualHost(), { worker: "./live-text.mjs", env });
    try {
      const parameters = [
        parameter("source_path", `srt://:${inputPort}`),
        parameter("destination_path", `srt://127.0.0.1:${outputPort}`),
      ];
      await wire.sendDirect({ type: "init_process", job_id: 7, parameters });
      await run.waitFor(/listening for the peer/);
      // It answers while it waits.
      await wire.sendDirect({ type: "status" });
      await wire.next("worker_status");
      expect(wire.kinds(7)).toEqual([]);
      const sender = await DataSender.open(inputPort, "data");
      await sender.send("<1/>");
      await wire.next("worker_initialized", 7);

      await wire.sendDirect({ type: "start_process", job_id: 7, parameters: [] });
      await wire.next("worker_started", 7);
      const taker = await SrtReceiver.open(outputPort);
      expect(await taker.readOne()).toBe("first <1/>");

      await wire.sendDirect({ type: "update_process", job_id: 7, parameters: [parameter("word", "second")] });
      await wire.next("worker_updated", 7);
      await sender.send("<2/>");
      expect(await taker.readOne()).toBe("second <2/>");

      const stoppedMs = performance.now();
      await wire.sendDirect({ type: "stop_process", job_id: 7, parameters: [] });
      const { body } = await wire.next("job_stopped", 7);
      expect(performance.now() - stoppedMs).toBeLessThan(500);
      expect(body).toMatchObject({
        status: "stopped",
        destination_paths: [`srt://127.0.0.1:${outputPort}`],
        parameters: [
          { id: "count", type: "integer", value: 2 },
          { id: "why", type: "string", value: "stopped" },
        ],
      });

      // The next job uses the same ports, and is stopped while it waits for its peer.
      await wire.sendDirect({ type: "init_process", job_id: 8, parameters });
      await wire.sendDirect({ type: "stop_process", job_id: 8, parameters: [] });
      await wire.next("job_stopped", 8);
      // The thread must not end during a native call.
      run.signal("SIGTERM");
      const { exitCode, log } = await run.end();
      expect(exitCode).toBe(0);
      const idle = log.map(({ text }) => / is set but has no effect/.exec(text) && text.split(" ")[0]).filter(Boolean);
      expect(idle).toEqual(["FFMPEG_TTL_LIMIT", "COMPLEX_STREAM"]);
      await sender.close();
      await taker.close();
    } finally {
      await close();
    }
  });
});
