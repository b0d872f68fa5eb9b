import { message, string, uint32 } from "./types.ts";

export const port = message({ number: uint32, protocol: string, name: string, targetPort: uint32 });
