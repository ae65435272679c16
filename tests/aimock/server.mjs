// The stand-in vendors on a free port: prints their address, ends when standard input closes.
import { LLMock } from "@copilotkit/aimock";

const mock = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent", chunkSize: 8, journalMax: 50 });
mock.loadFixtureFile(new URL("fixtures.json", import.meta.url).pathname);
await mock.start();
console.log(`listening ${mock.url}`);
process.stdin.on("end", () => process.exit(0)).resume();
