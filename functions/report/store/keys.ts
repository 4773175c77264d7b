/** Where reports lie, in a bucket and in a folder; docs/architecture.md has the whole layout. */

/** The folder of all reports of an operation on a cluster. */
export const reportFolder = (cluster: string, operation: string): string => `reports/${cluster}/${operation}`;

/** The last report of full scope; its page lies beside it as latest.html. */
export const latestKey = (cluster: string, operation: string): string => `${reportFolder(cluster, operation)}/latest.json`;
