// Vitest runs this before the test file of an example that is a project of its own. Such an example has one test file:
// two would install at the same time.
import { inject } from "vitest";
import { buildApart } from "./build-apart.mjs";

const folder = inject("folder");
if ((await buildApart(folder, "build", "typecheck")) !== 0) throw new Error(`${folder} cannot be installed or built`);
