// A process of somebody else: speaks HTTP on $PORT and does as it is told. /readyz, /livez: probes; /break?what=ready|live: makes
// one of them fail; /eat?mb=N: takes memory; anything else: who it is.
import { createServer } from "node:http";

const broken = new Set();
const eaten = [];
const server = createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  const probe = { "/readyz": "ready", "/livez": "live" }[url.pathname];
  if (url.pathname === "/break") broken.add(url.searchParams.get("what"));
  if (url.pathname === "/mend") broken.clear();
  if (url.pathname === "/eat") eaten.push(Buffer.alloc(Number(url.searchParams.get("mb")) * 2 ** 20, 1));
  response.statusCode = broken.has(probe) ? 503 : 200;
  response.end(JSON.stringify({ pid: process.pid, pod: process.env.POD_NAME, greeting: process.env.GREETING }));
});
server.on("listening", () => console.log("listens"));
setTimeout(() => server.listen(Number(process.env.PORT), "127.0.0.1"), Number(process.env.START_MS ?? 0));
process.on("SIGTERM", () => {
  if (process.env.STUBBORN) return;
  console.log("ended in good order");
  process.exit(0);
});
