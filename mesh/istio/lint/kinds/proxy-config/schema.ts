import { matchLabels } from "../../schema/selector.ts";
import { type Infer, int32, map, message, string } from "../../schema/types.ts";

export const schema = message({
  selector: matchLabels,
  concurrency: int32,
  environmentVariables: map(string),
  image: message({ imageType: string }),
});

export type ProxyConfig = Infer<typeof schema>;
