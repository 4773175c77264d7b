/** What a backup's tarball holds, as one streaming pass over it tells. */

/** Where an object lies in the archive: `resources/RESOURCE[.GROUP]/[VERSION[-preferredversion]/](cluster|namespaces/NS)/NAME.json`. */
export interface ArchivePath {
  /** Plural, lower case: `pods`, `ingresses`. */
  readonly resource: string;
  /** Empty: the core group. */
  readonly group: string;
  /** The version directory, without `-preferredversion`; absent in the canonical copy. */
  readonly version?: string;
  /** Its version directory says -preferredversion. */
  readonly preferred: boolean;
  readonly namespace?: string;
  readonly name: string;
}

/** One object, from its canonical copy: the path without a version directory, which restores read. */
export interface ArchivedObject extends Omit<ArchivePath, 'version' | 'preferred'> {
  /** Of the tar member. */
  readonly path: string;
  readonly apiVersion: string;
  readonly kind: string;
  /** Parsed; sound: it is an object with apiVersion, kind and metadata.name. Secrets are whole in here: nothing of their data may leave a check. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Bytes of the member. */
  readonly size: number;
}

/** Something that is wrong with the archive itself. */
export interface ArchiveProblem {
  readonly kind:
    | 'truncated' // the gzip stream, or the tar in it, ends early
    | 'corrupt' // CRC, length, header or deflate data is wrong
    | 'trailing-data'
    | 'bad-member' // a link or device, an absolute path, `..`, a name that is none of Velero's, a checksum
    | 'not-json' // a member that does not parse, or is no object
    | 'wrong-name' // the object inside is another than its path says
    | 'twin-differs' // canonical copy and preferred version are not the same bytes
    | 'twin-missing'
    | 'duplicate' // a member's path twice
    | 'format-version' // metadata/version is missing or newer than known
    | 'too-large'; // beyond the limits: an object, or the whole
  /** Where: a member's path, or the place in the stream. */
  readonly place: string;
  /** What was found, in words; never content. */
  readonly message: string;
  /** After this the rest of the archive is not known. */
  readonly fatal: boolean;
  /** A restore reads past it and loses nothing. */
  readonly harmless?: true;
}

/** What was seen when the pass ended. */
export interface ArchiveEnd {
  /** Was it read to its end? Where not, what is missing is not known. */
  readonly whole: boolean;
  /** At most 100 of each kind; `problemCounts` tells how many there are. */
  readonly problems: readonly ArchiveProblem[];
  readonly problemCounts: Readonly<Partial<Record<ArchiveProblem['kind'], number>>>;
  readonly formatVersion?: string;
  /** Canonical objects. */
  readonly objects: number;
  /** Tar members. */
  readonly members: number;
  /** By resource.group, of the canonical copies: how many, and in which namespaces. */
  readonly kinds: Readonly<Record<string, number>>;
  /** How many objects each namespace has; cluster-scoped ones under the empty text. */
  readonly namespaces: Readonly<Record<string, number>>;
  /** Bytes unpacked, and packed. */
  readonly bytes: number;
  readonly packedBytes: number;
  /** Of the whole packed file, hex; absent where it was not read to its end. */
  readonly sha256?: string;
  /** Tar members whose time lies far outside the backup's: a hint of substitution. At most 10. */
  readonly oddTimes: readonly string[];
}
