// Logs in at the local provider as a person would, and prints the access token:
//
//   TOKEN=$(node services/ktravel/access-token.ts kim@example.com)
import { rest } from "#mesh/local/rest.ts";
import { signIn } from "./sign-in.ts";

const gateway = process.env["MESH_GATEWAY"] ?? "http://127.0.0.1:8080";
const [typed = "kim@example.com"] = process.argv.slice(2);
const { headers } = await signIn(rest(gateway, "ktravel.localhost"), { gateway, typed });
console.log(headers["authorization"]?.replace("Bearer ", ""));
