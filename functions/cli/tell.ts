/** To standard error: what is no part of the report. */
export const tell = (message: string): void => void process.stderr.write(`nightshift: ${message}\n`);
