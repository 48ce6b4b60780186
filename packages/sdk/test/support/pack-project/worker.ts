// A user's worker: pack.test.ts installs the packed SDK and type-checks, builds and runs this with it.
import { readFile, writeFile } from "node:fs/promises";
import {
  defineLiveWorker,
  defineWorker,
  JobStopped,
  Secret,
  type Static,
  type StopReason,
  Type,
} from "@mcai/worker-sdk";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only if the types given are the same. */
export function same<A, B>(..._: Same<A, B> extends true ? [] : [never]): void {}

const parameters = Type.Object({
  source_path: Type.String(),
  destination_path: Type.String(),
  token: Secret({ description: "opens the source" }),
  minimum_length: Type.Integer({ default: 4 }),
  language: Type.Optional(Type.Union([Type.Literal("de"), Type.Literal("fr")])),
  separators: Type.Array(Type.String(), { default: [" ", "\n"] }),
});

interface WordCounter {
  split(text: string, separators: readonly string[]): string[];
}

export default defineWorker({
  parameters,
  results: Type.Object({ count: Type.Integer(), share: Type.Number(), language: Type.Optional(Type.String()) }),

  async setup(): Promise<WordCounter> {
    return {
      split: (text, separators) => separators.reduce((words, by) => words.flatMap((w) => w.split(by)), [text]),
    };
  },

  teardown(counter) {
    same<typeof counter, WordCounter>();
  },

  updateProcess(changed, job) {
    same<typeof changed.minimum_length, number | undefined>();
    job.log.info("updated", { ...changed });
  },

  async process(p, job, counter) {
    same<typeof p, Static<typeof parameters>>();
    same<typeof p.source_path, string>();
    same<typeof p.token, string>();
    same<typeof p.minimum_length, number>();
    same<typeof p.language, "de" | "fr" | undefined>();
    same<typeof p.separators, string[]>();
    same<typeof counter, WordCounter>();
    same<typeof job.id, number>();
    same<typeof job.signal, AbortSignal>();
    same<typeof job.stopped, boolean>();
    same<typeof job.threads, number>();
    // @ts-expect-error: it is not declared
    void p.threshold;
    // @ts-expect-error: it is a number
    void (() => job.progress("half"));

    const words = counter.split(await readFile(p.source_path, "utf8"), p.separators);
    const long: string[] = [];
    for (const [i, word] of words.entries()) {
      await job.checkpoint();
      if (word === "stop") throw new JobStopped("the text says so", { result: { parameters: { count: long.length } } });
      if (word.length >= p.minimum_length) long.push(word);
      job.progress((100 * (i + 1)) / words.length);
    }
    await writeFile(p.destination_path, long.join("\n"));
    return {
      destinationPaths: [p.destination_path],
      parameters: { count: long.length, share: { type: "percent", value: long.length / words.length } },
    };
  },
});

export const notCompiled = () => [
  defineWorker({
    parameters,
    results: Type.Object({ count: Type.Integer() }),
    // @ts-expect-error: the results say that count is an integer
    process: () => ({ parameters: { count: "3" } }),
  }),
  // @ts-expect-error: there is no process
  defineWorker({ parameters }),
  // @ts-expect-error: there is no such option
  defineWorker({ parameters, process() {}, licence: "MIT" }),
];

export const live = defineLiveWorker({
  parameters: Type.Object({ language: Type.String() }),
  setup: () => 5,
  initProcess(p, job, context) {
    same<typeof p, { language: string }>();
    same<typeof context, number>();
    let { language } = p;
    return {
      run: () => job.checkpoint(),
      updateProcess(changed) {
        same<typeof changed, { language?: string }>();
        language = changed.language ?? language;
      },
      endingProcess(why) {
        same<typeof why, "completed" | "stopped" | "failed">();
        return { parameters: { language, why } };
      },
    };
  },
});

export function isByOrder(reason: unknown): boolean {
  if (!(reason instanceof JobStopped)) return false;
  same<typeof reason.reason, StopReason>();
  const code: string = reason.code;
  return code === "JOB_STOPPED" && reason.reason === "order";
}
