import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Code, codes } from "./codes.ts";

const introduction = `# What \`mesh lint\` finds

    mesh lint [PATH...] [--strict] [--json] [--protos PATH]

Every finding has a code, a severity, a place (file, line, column and field), a sentence that says what will happen at run time,
and a hint that says what to write instead. All findings come at once, sorted by file and line; the exit status is 1 when there is
an error among them, with \`--strict\` also when there is a warning, 2 when the command itself cannot do its work.

\`--json\` prints an array of \`{code, severity, file, line, column, path, message, hint}\`.

Without a PATH, \`istio/\` and \`services/*/*/k8s.yaml\` are checked where they exist, else the working folder. Files may be any
Kubernetes YAML. What needs other objects is judged only where the files have them: a missing host is reported for
namespaces of which there is at least one Service, a selector that matches nothing where the namespace has workloads, a missing
gateway where there are Gateways. So check the policies and the workloads together: \`mesh lint istio services\`.

**Contracts.** \`--protos\` takes a folder of .proto files, which \`buf\` compiles, or a descriptor image (\`buf build -o
image.binpb\`); without it \`gen/image.binpb\` or \`proto/\` is used where there is one. With contracts the linter knows which methods
a route is for, which of them stream, and which may be repeated: those marked \`idempotency_level\`, and those whose request
has a \`request_id\`. A Service \`product\` in the namespace \`siren\` is taken to serve the packages \`siren.product.v1\`, \`v2\` and so on.

**Calls.** Who calls whom is read from addresses in environment variables and ConfigMaps, from Sidecars that list single hosts, and
from AuthorizationPolicies that allow a caller's principal. Where nothing says it, the annotation \`mainsheet.dev/calls:
"product.siren, pay.mall"\` on a workload does.

**Suppression.** The annotation \`mainsheet.dev/ignore: "M005=reason; M007=reason"\` on an object suppresses its findings of those
codes. A suppression without a reason counts for nothing (M038), and one that suppresses nothing is a finding itself (M039).

Codes IST are those of \`istioctl analyze\` and of istiod's webhook, with the same severities, as of Istio 1.29. Codes M001 to M040
are this linter's own, M9xx are about files. A line that ends in \`# <- CODE\` is where the finding points.

`;

/** Codes of istioctl that files cannot tell. */
const notHere = `## Codes of istioctl that are not here

Of \`pkg/config/analysis/msg/messages.yaml\` in Istio 1.29, and of later releases up to IST0177, these have no finding here. They are told
by a cluster, or are about Istio's own installation; \`istioctl analyze\` and \`istioctl experimental precheck\` see those.

| code | about | why not |
| --- | --- | --- |
| IST0001 | istioctl itself has failed | no finding about files |
| IST0103, IST0158 | pods without a proxy, or with another version of it | injection happens when a pod starts |
| IST0126, IST0163, IST0164, IST0170 | several clusters, or a control plane elsewhere | the other clusters |
| IST0136 | annotations that are alpha, which nearly all are | \`istioctl analyze\` leaves it out, too, as noise; \`precheck\` has it |
| IST0139, IST0147, IST0148 | webhooks, what they inject, and where by default | the webhooks of the cluster |
| IST0141, IST0142, IST0156, IST0168, IST0169, IST0172, IST0176 | permissions, versions of Kubernetes and of the Gateway API, upgrades | the cluster before an installation |
| IST0143 | a port that listens on localhost only | sockets of a running pod; Istio 1.29 has the code and no check for it |
| IST0171 | negative conditions in \`status\` | controllers write it |
| IST0175 | an istiod that may fetch keys from anywhere (\`BLOCKED_CIDRS_IN_JWKS_URIS\`) | istiod's own Deployment |

Where a finding needs other objects than those in the files, it is not made: \`istioctl analyze\`, which sees all of a cluster, then finds more.
`;

/** The reference page docs/lint.md, made of the table of codes and the files in testdata. */
export function renderReference(): string {
  const sections = (Object.keys(codes) as Code[]).map(renderCode);
  return `${introduction}${renderTable()}\n${notHere}\n${sections.join("\n")}`;
}

function renderTable(): string {
  const rows = Object.entries(codes).map(
    ([code, { severity, title }]) => `| [${code}](#${code.toLowerCase()}) | ${severity} | ${title} |`,
  );
  return `${["| code | severity | finding |", "| --- | --- | --- |", ...rows].join("\n")}\n`;
}

function renderCode(code: Code): string {
  const { severity, title, meaning, remedy } = codes[code];
  const example = exampleOf(code);
  return `## ${code}\n\n**${title}** (${severity})\n\n${meaning}\n\n\`\`\`yaml\n${example}\n\`\`\`\n\n${remedy}\n`;
}

/** The first document of the code's file that holds a marked line. */
function exampleOf(code: Code): string {
  const text = readFileSync(join(import.meta.dirname, "testdata", `${code}.yaml`), "utf8");
  const document = text.split(/^---\n/m).find((part) => part.includes(`# <- ${code}`)) ?? text;
  return document.trimEnd();
}

if (process.argv[1] === import.meta.filename) process.stdout.write(renderReference());
