/** A report is stored, but somebody who was to be told of it was not. An alarm looks for this very message in the log. */
export const publisherFailed = 'a publisher failed';
