import "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the address of the run's broker is answered: scripts/broker/vitest-setup.mjs. */
    brokerUrl: string;
    /** The folder of an example that is a project of its own: scripts/setup-apart.mjs. */
    folder: string;
  }
}
