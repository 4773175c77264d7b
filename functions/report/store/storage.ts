/** What a key held when it was read; `version` names it, for a write that must not overwrite what came since. */
export interface StoredText {
  readonly text: string;
  readonly version: string;
}

/** A text is longer than whoever reads it wants. */
export class TooLong extends Error {
  override readonly name = 'TooLong';
  constructor(bytes: number, mostBytes: number) {
    super(`it has ${bytes} bytes; at most ${mostBytes} are read`);
  }
}

/** Only write if the key still holds this version, or nothing yet. */
export type Precondition = { readonly version: string } | 'absent';

/** Named texts: a bucket or a directory. Keys are separated by slashes. */
export interface Storage {
  /** For people: `s3://bucket/prefix` or a path, to which /key can be appended. */
  readonly location: string;
  /** What is `known` is not transferred again if it is still what the key holds. Throws TooLong. */
  read(key: string, options?: { readonly known?: StoredText | undefined; readonly mostBytes?: number }): Promise<StoredText | undefined>;
  /** False if the precondition did not hold, and then nothing was written. A reader never sees half a text. */
  write(key: string, text: string, contentType: string, precondition?: Precondition): Promise<boolean>;
}
