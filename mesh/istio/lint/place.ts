import { type Finding, formatPath } from "../finding.ts";
import type { KubeObject } from "../kube-object.ts";
import { type Code, severityOf } from "./codes.ts";

type Step = string | number;
type Path = readonly Step[];

/** Collects the findings of one run. */
export class Report {
  readonly reported: { object: KubeObject; finding: Finding }[] = [];
  /** Fields that could not be read, and the ones they stand in: what follows from that is not worth a finding. */
  readonly #unread = new Map<KubeObject, Set<string>>();

  /** The place of a whole object, from which its fields are reached. */
  at(object: KubeObject): Place {
    return new Place(this, object);
  }

  addUnread(object: KubeObject, path: Path): void {
    const paths = this.#unread.get(object) ?? new Set();
    this.#unread.set(object, paths.add(formatPath(path)).add(formatPath(path.slice(0, -1))));
  }

  isUnread(object: KubeObject, path: Path): boolean {
    return this.#unread.get(object)?.has(formatPath(path)) ?? false;
  }
}

/**
 * A field of an object: what a check is told together with the field's value, so that it can say where a problem is. Cheap to
 * make; its line and column are looked up only when something is found.
 */
export class Place {
  readonly object: KubeObject;
  readonly #report: Report;
  readonly #parent: Place | undefined;
  readonly #step: Step;

  constructor(report: Report, object: KubeObject, parent?: Place, step: Step = "") {
    this.#report = report;
    this.object = object;
    this.#parent = parent;
    this.#step = step;
  }

  /** The place of a field, or of a list's item, below this one. */
  in(...steps: Step[]): Place {
    let place: Place = this;
    for (const step of steps) place = new Place(this.#report, this.object, place, step);
    return place;
  }

  path(): Step[] {
    const path: Step[] = [];
    for (let place: Place = this; place.#parent; place = place.#parent) path.push(place.#step);
    return path.reverse();
  }

  /** Reports a finding here: `message` says what will happen, `hint` what to write instead. */
  find(code: Code, message: string, hint: string): void {
    const path = this.path();
    const { source } = this.object;
    const { line, column } = source.locate(path);
    const severity = severityOf(code);
    const finding = { code, severity, file: source.file, line, column, path: formatPath(path), message, hint };
    this.#report.reported.push({ object: this.object, finding });
  }

  /** IST0106: the value cannot be read as its field's type, and what depends on it is not looked at. */
  misread(reason: string, hint: string): void {
    this.refuse(reason, hint);
    this.#report.addUnread(this.object, this.path());
  }

  /** IST0106: istiod's webhook refuses the object. */
  refuse(reason: string, hint: string): void {
    if (this.#report.isUnread(this.object, this.path())) return;
    this.find("IST0106", `istiod refuses this object: ${reason}`, hint);
  }

  /** IST0133: istiod's webhook takes the object, with a warning. */
  warn(reason: string, hint: string): void {
    if (this.#report.isUnread(this.object, this.path())) return;
    this.find("IST0133", `istiod warns: ${reason}`, hint);
  }
}
