/** Something that was asked for and cannot be done, said so that the user knows what to do instead. */
export class Refusal extends Error {}
