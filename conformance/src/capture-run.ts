import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Broker, startBroker } from "./broker.ts";
import { type Capture, readCapture } from "./capture.ts";
import { cache, home, shared } from "./paths.ts";
import { ensurePrograms, ensurePython } from "./tools.ts";

/** Options of {@link capture}. */
export interface CaptureOptions {
  readonly scenarios: readonly string[];
  /** The folder of the reference's captures; some contain the order that a scenario needs. */
  readonly golden: string;
  /** The folder for our captures and all other files of the scripts. */
  readonly folder: string;
  /** The number of scenarios that run at the same time. */
  readonly parallel: number;
}

/** The functions of scenarios whose function in the script has another name. */
const functions: Readonly<Record<string, string>> = {
  fault_broker_kill_before_completion: "fault_two_jobs_stop_race",
};

/** Runs the capture scripts with the twins of their workers, and returns the folder of the captures. */
export async function capture(options: CaptureOptions): Promise<string> {
  const { scenarios, parallel, folder } = options;
  const of = (script: string) => scenarios.filter((name) => scriptOf(name) === script);
  const needsMedia = scenarios.some((name) => /^(local_.*|fault_.*|)media/.test(name));
  ensurePrograms(needsMedia);
  const python = ensurePython("capture", ["pika==1.4.4"]);
  const captures = join(folder, "captures");
  mkdirSync(captures, { recursive: true });
  const brokers: Broker[] = [];
  try {
    const start = async () => {
      const broker = await startBroker();
      brokers.push(broker);
      return broker;
    };
    const main = await start();
    const run = (broker: Broker, script: string, names: readonly string[]) =>
      runScript(python, environment(options, broker), script, names);
    // Makes the media files that the scenarios share.
    if (needsMedia) await run(main, "capture_media", []);
    const tasks = [
      // These kill the broker or use each other's files, so they run one after another.
      async () => of("capture_faults").length > 0 && run(await start(), "capture_faults", of("capture_faults")),
      () => of("capture_local").length > 0 && run(main, "capture_local", of("capture_local")),
      ...[...of("capture_media"), ...of("capture_core")].map((name) => () => run(main, scriptOf(name), [name])),
    ];
    const next = tasks.values();
    const work = async () => {
      for (const task of next) await task();
    };
    await Promise.all(Array.from({ length: parallel }, work));
  } finally {
    await Promise.all(brokers.map((broker) => broker.stop()));
  }
  return captures;
}

function scriptOf(scenario: string): string {
  if (/^(describe|local)_/.test(scenario)) return "capture_local";
  const [, kind] = /^(media|fault)_/.exec(scenario) ?? [];
  return kind === "fault" ? "capture_faults" : `capture_${kind ?? "core"}`;
}

function environment({ folder, golden, scenarios }: CaptureOptions, broker: Broker): NodeJS.ProcessEnv {
  const launcher = join(home, "bin", "launch");
  const examples = join(folder, "examples");
  const order = scenarios.find((name) => name.startsWith("local_example_"));
  if (order !== undefined) writeExampleOrder(examples, readCapture(golden, order));
  return {
    ...process.env,
    PEER_CORE_PYTHON: launcher,
    PEER_MEDIA_PYTHON: launcher,
    PEER_AMQP_PORT: String(broker.port),
    PEER_BROKER_DIR: broker.folder,
    PEER_WORK: folder,
    // Making its clips takes some seconds; the comparison recognizes the folder by its name.
    PEER_MEDIA_DIR: join(cache, "media"),
    PEER_GOLDEN: join(folder, "captures"),
    PEER_EXAMPLES: examples,
    PYTHONPATH: join(home, "python"),
    PYTHONDONTWRITEBYTECODE: "1",
  };
}

// The captures of the reference's examples contain their order.
function writeExampleOrder(folder: string, { orders }: Capture): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "message.json"), (orders as Record<string, string>)["message.json"] ?? "");
}

function runScript(python: string, env: NodeJS.ProcessEnv, script: string, names: readonly string[]): Promise<void> {
  const args = [join(home, "python", "capture.py"), join(shared, "peer"), script];
  const called = names.map((name) => functions[name] ?? name);
  const child = spawn(python, [...args, ...called], { env, stdio: ["ignore", "pipe", "pipe"] });
  let faults = "";
  child.stdout.on("data", (data: Buffer) => {
    faults +=
      data
        .toString()
        .match(/^!!!.*$/gm)
        ?.join("\n") ?? "";
  });
  child.stderr.on("data", (data) => {
    faults += data;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0 && faults === "") resolve();
      else reject(new Error(`${script} ${names.join(" ")}: ${faults || `exit code ${code}`}`));
    });
  });
}
