import { env, envInteger } from "#mesh/service/config.ts";
import { openLog } from "#mesh/service/log.ts";
import { startProvider } from "./server.ts";

const log = openLog("provider.ktravel");
const port = envInteger("PORT", 8080);
// On a laptop, where there is no network of pods, nobody else's business.
const host = process.env["MESH_OUTBOUND"] ? "127.0.0.1" : "0.0.0.0";
const server = await startProvider(
  {
    issuer: env("PROVIDER_ISSUER"),
    google: { clientId: env("GOOGLE_CLIENT_ID"), clientSecret: env("GOOGLE_CLIENT_SECRET") },
    naver: { clientId: env("NAVER_CLIENT_ID"), clientSecret: env("NAVER_CLIENT_SECRET") },
    redirectUris: env("REDIRECT_URIS").split(/\s+/).filter(Boolean),
  },
  { port, host },
);
log.info({ port }, "ready");
process.once("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
