import type { DescriptorImage, FileDescriptor, MessageDescriptor } from "./descriptors.ts";
import { FieldType } from "./descriptors.ts";
import type { FieldViolation } from "./errors.ts";
import { compileField, type FieldCheck, type FieldContext } from "./field-check.ts";
import { compileMask, type Mask, maskOf } from "./mask-check.ts";

/** Clears what a caller may not set and returns every violation; an empty list is a good request. */
export type RequestChecker = (request: object) => readonly FieldViolation[];

/** The checks of one message, in the order of its fields. */
export type MessageCheck = (message: object, prefix: string, scope: Scope) => void;

/** What holds for one request while it is checked. */
export interface Scope {
  readonly violations: FieldViolation[];
  /** The update mask of the request; undefined when its type has none. */
  readonly mask: Mask | undefined;
  /** Whether we are inside the resource of an update, where REQUIRED holds only for what the mask names. */
  readonly inResource: boolean;
}

/**
 * Compiles the rules of a request type, as its proto declares them, into one function.
 *
 * @param request the full name of the request's type
 * @throws Error when a rule does not fit its field, or the type is not in the image
 */
export function compileChecker(image: DescriptorImage, file: FileDescriptor, request: string): RequestChecker {
  const types = new TypeChecks(image.closure(file.name));
  const message = types.message(request);
  const check = types.checkOf(request);
  const hasMask = message.fields.some((field) => field.typeName === "google.protobuf.FieldMask");
  const checkMask = hasMask ? compileMask(message, types) : undefined;
  return (value) => {
    const violations: FieldViolation[] = [];
    check(value, "", { violations, mask: hasMask ? maskOf(value, message) : undefined, inResource: false });
    checkMask?.(value, violations);
    return violations;
  };
}

/** The compiled checks by type: recursive types refer to themselves, so each is compiled once. */
export class TypeChecks implements FieldContext {
  readonly #messages = new Map<string, MessageDescriptor>();
  readonly #enums = new Map<string, ReadonlySet<number>>();
  readonly #checks = new Map<string, MessageCheck>();

  constructor(files: ReadonlyMap<string, FileDescriptor>) {
    for (const file of files.values()) {
      for (const [name, message] of file.messages) this.#messages.set(name, message);
      for (const [name, numbers] of file.enums) this.#enums.set(name, numbers);
    }
  }

  message(name: string): MessageDescriptor {
    const message = this.#messages.get(name);
    if (!message) throw new Error(`the descriptor image has no message ${name}`);
    return message;
  }

  enumNumbers(name: string): ReadonlySet<number> {
    return this.#enums.get(name) ?? new Set();
  }

  checkOf(name: string): MessageCheck {
    const known = this.#checks.get(name);
    if (known) return known;
    let fields: readonly FieldCheck[] = [];
    const check: MessageCheck = (message, prefix, scope) => {
      for (const field of fields) field(message, prefix, scope);
    };
    this.#checks.set(name, check);
    fields = this.#compile(name);
    return check;
  }

  #compile(name: string): readonly FieldCheck[] {
    const isPage = this.message(name).fields.some((field) => field.name === "page_token");
    return this.message(name).fields.map((field) => {
      const isMap = field.type === FieldType.MESSAGE && this.#messages.get(field.typeName)?.isMapEntry === true;
      return isMap ? () => {} : compileField(field, { owner: name, isPage }, this);
    });
  }
}
