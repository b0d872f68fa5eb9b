/** What people read, in the languages of the shops. */
export interface Label {
  readonly ko: string;
  readonly en: string;
}

/** Labels of a proto enum, by the names that JSON carries: a value that is stored and has no label does not compile. */
export type Labels<Enum> = Readonly<Record<Stored<Enum>, Label>>;

type Stored<Enum> = Exclude<keyof Enum & string, `${string}_UNSPECIFIED` | "UNRECOGNIZED">;
