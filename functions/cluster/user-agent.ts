/** How the service names itself in the API server's audit log. Not read from package.json: a bundle would carry that whole file. */
export const userAgent = 'nightshift/0.1.0';
