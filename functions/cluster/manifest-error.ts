/** A manifest that cannot be read: the user's mistake, never a state of a cluster. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly file: string;
  readonly line: number | undefined;
  /** The message begins with the file, and the line where one can be told; it never quotes the content. */
  constructor(problem: string, file: string, line?: number, options?: ErrorOptions) {
    super(`${file}${line === undefined ? '' : `:${line}`}: ${problem}`, options);
    this.file = file;
    this.line = line;
  }
}
