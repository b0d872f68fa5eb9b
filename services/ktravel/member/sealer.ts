import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";

const idBytes = 4;
const ivBytes = 12;
const tagBytes = 16;

/**
 * Keeps personal data and keys unreadable at rest: AES-256-GCM, with the id of the key in front, so that keys can be changed; what is sealed
 * for one purpose does not open for another.
 */
export class Sealer {
  readonly #keys: readonly Key[];

  /** @param secrets from a Secret, at least 16 characters each; the first seals, all of them open */
  constructor(secrets: readonly string[]) {
    this.#keys = secrets.map(keyOf);
    if (this.#keys.length === 0) throw new Error("there is no encryption key");
  }

  /** @param purpose what it is, and whose: `email of 0190...` */
  seal(text: string, purpose: string): Uint8Array<ArrayBuffer> {
    const [key] = this.#keys as [Key];
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv("aes-256-gcm", key.bytes, iv).setAAD(Buffer.from(purpose));
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return new Uint8Array(Buffer.concat([key.id, iv, cipher.getAuthTag(), sealed]));
  }

  /** @throws Error when the key is gone, the purpose is another, or a bit was changed */
  open(sealed: Uint8Array, purpose: string): string {
    const bytes = Buffer.from(sealed);
    const key = this.#keys.find(({ id }) => id.equals(bytes.subarray(0, idBytes)));
    if (!key) throw new Error("sealed with a key that is not here any more");
    const iv = bytes.subarray(idBytes, idBytes + ivBytes);
    const tag = bytes.subarray(idBytes + ivBytes, idBytes + ivBytes + tagBytes);
    const options = { authTagLength: tagBytes };
    const cipher = createDecipheriv("aes-256-gcm", key.bytes, iv, options).setAAD(Buffer.from(purpose)).setAuthTag(tag);
    return cipher.update(bytes.subarray(idBytes + ivBytes + tagBytes), undefined, "utf8") + cipher.final("utf8");
  }
}

/** The provider's id of a person as it is stored: it finds the person again, and says nothing without the key. */
export function hashSubject(secret: string, provider: number, subject: string): Uint8Array<ArrayBuffer> {
  const key = derive(secret, "subject");
  return new Uint8Array(createHmac("sha256", key).update(`${provider}\n${subject}`).digest());
}

/** A secret that was handed out, as it is stored; it has 256 random bits, so a plain hash is enough. */
export function hashSecret(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha256").update(secret).digest());
}

/** 256 random bits as text. */
export function randomSecret(): string {
  return randomBytes(32).toString("base64url");
}

interface Key {
  readonly id: Buffer;
  readonly bytes: Buffer;
}

function keyOf(secret: string): Key {
  const bytes = derive(secret, "seal");
  return { id: createHash("sha256").update(bytes).digest().subarray(0, idBytes), bytes };
}

function derive(secret: string, use: string): Buffer {
  if (secret.length < 16) throw new Error("a key from a Secret has at least 16 characters");
  return Buffer.from(hkdfSync("sha256", secret, "", `ktravel.member ${use}`, 32));
}
