/** A place that was given for backups and is none: the user's mistake, never a state of a backup. */
export class PlaceError extends Error {
  override readonly name = 'PlaceError';
}
