// Fetches a server from Debian's archive, unless another process has done so while this one waited for the cache's lock:
// flock <cache>/lock node fetch.mjs <cache> [version]. Without a version it installs the distribution's package.
import { join } from "node:path";
import { messageOf } from "./command.mjs";
import { installPackage, unpackPackage } from "./debian.mjs";
import { unpackedServer } from "./server.mjs";

const [cache = ".", version] = process.argv.slice(2);
try {
  if (version === undefined) {
    console.error("Installing RabbitMQ, Debian's package, without starting a system-wide broker.");
    // An interrupted apt says so by itself; the file that keeps the broker from starting must go all the same.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
    await installPackage();
  } else if (!(await unpackedServer(cache, version))) {
    console.error(`Fetching RabbitMQ ${version} from Debian's archive into ${cache}.`);
    await unpackPackage(version, join(cache, version));
  }
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
